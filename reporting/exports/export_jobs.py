"""Step 6, out: requested files (Excel summaries, Word reports), from the click to the download, and their removal.

A job is made in the request, done by the worker, and its file kept for `ReportingSettings.export_days` days. Whether
the person may read the unit is asked three times: on request, before writing, and at each download.
"""

import datetime as dt
import hashlib
import logging
import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.http import Http404
from django.utils import timezone

from de_an_06.plain.spans import Span
from de_an_06.plain.vietnamese import file_part
from de_an_06.plain.waking import LOST_AFTER, MOST_TRIES, STUCK_AFTER, is_silent_for, silent_for
from de_an_06.plain.whole_files import is_for_want_of_room
from reporting.models import CircularForm, ExportJob, ReportingSettings, WordTemplate
from reporting.reading.overview import begun_periods, periods_of_unit
from taskforces.clock import now_for, today_for
from taskforces.models import AdministrativeUnit, UnitVersion
from taskforces.people.quotas import require_quota
from taskforces.scope import path_in_scope
from taskforces.units.tree import version_of_day

from . import book_archive, excel
from .book.choice import SHORT, BookChoice
from .circular import circular_forms, filled_circular
from .file_names import span_and_basis
from .interim import document
from .issuing import CodedPaper, issue

logger = logging.getLogger(__name__)
State, Form = ExportJob.State, ExportJob.Form
OPEN = (State.WAITING, State.RUNNING)
SUFFIXES = {Form.SUMMARY: ".xlsx", Form.SUMMARIES_BELOW: ".zip", Form.INTERIM_REPORT: ".docx", Form.CIRCULAR: ".xlsx"}
OF_BOOKS = (Form.SUMMARY, Form.SUMMARIES_BELOW)  # those made of what a BookChoice says
PROGRESS_EVERY = 0.4  # seconds between two notes of progress


@transaction.atomic
def create(
    *,
    unit: AdministrativeUnit,
    span: Span,
    basis: str,
    by,
    is_joined: bool = False,
    form: str = Form.SUMMARY,
    template: WordTemplate | None = None,
    circular_form: CircularForm | None = None,
    book: BookChoice = SHORT,
    below: str = "",
) -> ExportJob:
    """Requests one file. A second click on the same choice gives the job that is already under way.

    `book`: what a summary holds. `below`: the level of which an archive holds a summary of each unit. `template`: to be
    tried out by a Word report. `circular_form`: the version to be filled. The caller has checked that `by` may read the
    unit. Raises OverQuota.
    """
    choice = {"unit": unit, "span": span.key, "basis": basis, "is_joined": is_joined}
    choice |= {"form": form, "template": template, "circular_form": circular_form}
    choice |= {"below": below if form == Form.SUMMARIES_BELOW else ""}
    choice |= (
        book.remembered if form in OF_BOOKS else {"parts": "", "columns": "", "layout": ExportJob.Layout.STATISTICAL}
    )
    same = ExportJob.objects.filter(**choice, requested_by=by, state__in=OPEN)
    for job in same.select_related("requested_by"):
        if not is_stuck(job):
            return job
    same.delete()  # lost on the way, or its worker was killed: asking again replaces it
    require_quota(by, ExportJob.objects.filter(requested_by=by), "requested_at", Q(state__in=OPEN))
    job = ExportJob.objects.create(**choice, requested_by=by, requested_at=now_for(by))
    run_export.delay_on_commit(str(job.pk))
    return job


@shared_task(name="reporting.tasks.run_export")
def run_export(export_id) -> None:
    """Makes the file of one job. Safe to run twice or twice at once: what is finished or under way is left alone."""
    untaken = Q(state=State.WAITING) | (Q(state=State.RUNNING) & silent_for(STUCK_AFTER))
    # `started_at` is the server's clock, like the roll-up's `computed_at` it is compared with (offers.why_old).
    now = timezone.now()
    if not ExportJob.objects.filter(untaken, pk=export_id).update(
        state=State.RUNNING, started_at=now, noted_at=now, tries=F("tries") + 1, progress=0, total=0, message=""
    ):
        return
    job = ExportJob.objects.select_related("requested_by", "unit", "template", "circular_form").get(pk=export_id)
    try:
        _make(job)
    except Stopped:
        return
    except excel.CannotExport as refused:
        _fail(job, str(refused))
    except Exception as error:
        # The worker's door and the one broad handler: whatever broke, the person waiting must see that it did, and
        # a job left "running" would only be delivered and broken again. The cause goes to the log in full.
        logger.exception("export %s (%s, %s, %s) failed", job.pk, job.unit, job.span, job.basis)
        if is_for_want_of_room(error):
            _fail(job, "Máy chủ hết dung lượng lưu trữ nên chưa lập được tệp. Báo nơi hỗ trợ, sau đó bấm “Lập lại”.")
        else:
            _fail(
                job,
                "Máy chủ gặp lỗi khi lập tệp và đã ghi lại. Bấm “Lập lại”; "
                f"nếu vẫn lỗi, báo nơi hỗ trợ mã {str(job.pk)[:8]}.",
            )


def _make(job: ExportJob) -> None:
    by = job.requested_by
    span = Span.parse(job.span)
    if not may_read(by, job.unit_id, span):
        raise excel.CannotExport("Bạn không còn quyền xem số liệu của đơn vị này, nên tệp không được lập.")
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    # A name of its own for each run: two at once never write into one file.
    part = folder / f"{job.pk}.{os.getpid()}-{time.monotonic_ns()}.part"
    try:
        choice: dict[str, Any] = {"unit_id": job.unit_id, "span": span, "basis": job.basis, "is_joined": job.is_joined}
        paper = CodedPaper()
        made: dict[str, Any] = {"by": by, "at": now_for(by), "progress": _note(job)}
        if job.form == Form.INTERIM_REPORT:
            counts = document.write_interim_report(part, **choice, **made, template=job.template, paper=paper)
        elif job.circular_form is not None:
            made |= {"form": job.circular_form, "paper": paper}
            counts = filled_circular.write_circular_form(part, **choice, **made)
        elif job.form == Form.SUMMARIES_BELOW:
            book = BookChoice.of_job(job)
            counts = book_archive.write_archive(part, **choice, **made, below=job.below, choice=book)
        else:
            counts = excel.write_summary(part, **choice, **made, choice=BookChoice.of_job(job), paper=paper)
        _finish(job, part, counts, paper)
    finally:
        part.unlink(missing_ok=True)


@transaction.atomic
def _finish(job: ExportJob, part: Path, counts: "excel.Written", paper: CodedPaper) -> None:
    """The file gets its name, the job its facts and the code its row together; whoever comes second changes nothing."""
    current = ExportJob.objects.select_for_update().filter(pk=job.pk, state=State.RUNNING).first()
    if current is None:
        return
    current.size = part.stat().st_size
    with part.open("rb") as handle:
        current.sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    part.replace(path_of(current))
    current.state, current.message = State.DONE, counts.remark
    current.progress = current.total = counts.steps or counts.rows
    current.rows = counts.rows
    current.units_reported, current.units_expected = counts.units_reported, counts.units_expected
    current.figures_as_of = counts.figures_as_of
    current.file_name = file_name(counts, current)
    current.finished_at = now_for(job.requested_by)
    current.save()
    choice: dict[str, Any] = {"unit_id": job.unit_id, "span": job.span, "basis": job.basis, "is_joined": job.is_joined}
    if paper.said:  # the books of an archive have codes of their own
        issue(paper, form=job.form, by=job.requested_by, sha256=current.sha256, **choice)


def _fail(job: ExportJob, message: str) -> None:
    ExportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
        state=State.FAILED, message=message, finished_at=now_for(job.requested_by)
    )


class Stopped(Exception):
    """The person took the request back, or another worker has finished it."""


def _note(job: ExportJob):
    """Progress written in transactions of its own, at most every few tenths of a second. Raises Stopped."""
    last = 0.0

    def note(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_EVERY:
            last = time.monotonic()
            if not ExportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
                progress=done, total=total, noted_at=timezone.now()
            ):
                raise Stopped

    return note


@shared_task(name="reporting.tasks.requeue_exports")
def requeue() -> int:
    """Every minute: sends once more what still waits or has gone silent; gives up after MOST_TRIES. Returns how many.

    A lost message and a killed worker look alike from here: no sign of life. Sent too often it does no harm.
    """
    sent = 0
    silent = (Q(state=State.WAITING) & silent_for(LOST_AFTER)) | (Q(state=State.RUNNING) & silent_for(STUCK_AFTER))
    jobs = list(ExportJob.objects.filter(silent).select_related("requested_by"))
    may_send = bool(jobs) and not run_export.waiting()
    for job in jobs:
        if job.tries >= MOST_TRIES:
            ExportJob.objects.filter(silent, pk=job.pk).update(
                state=State.FAILED,
                finished_at=now_for(job.requested_by),
                message=f"Máy chủ đã thử lập {MOST_TRIES} lần mà không xong. Bấm “Lập lại” để thử lần nữa; "
                f"nếu vẫn vậy, báo nơi hỗ trợ mã {str(job.pk)[:8]}.",
            )
        elif may_send and ExportJob.objects.filter(silent, pk=job.pk).update(
            state=State.WAITING, noted_at=timezone.now()
        ):
            run_export.delay_on_commit(str(job.pk))
            sent += 1
    return sent


# Who may see and take what -------------------------------------------------------------------------------------------


def may_read(user, unit_id: int, span: Span) -> bool:
    """Is the unit in the person's scope, in the tree of the last month of the span that it reports in?"""
    return (unit_id, span.key) in _readable(user, {(unit_id, span.key)})


def _readable(user, wanted: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these (unit, span key), those the person may read today; three queries, however many."""
    units = {unit_id for unit_id, _ in wanted}
    periods = begun_periods(today_for(user))
    versions: dict[int, list[UnitVersion]] = {}
    for version in UnitVersion.objects.filter(unit_id__in=units):
        versions.setdefault(version.unit_id, []).append(version)
    in_scope = set(UnitVersion.objects.filter(path_in_scope(user), unit_id__in=units).values_list("pk", flat=True))
    found = set()
    for unit_id, key in wanted:
        months = {month.key for month in Span.parse(key).months}
        known = versions.get(unit_id, [])
        read = [period for period in periods_of_unit(known, periods) if period.key in months]
        last = version_of_day(known, read[-1].data_to) if read else None
        if last is not None and last.pk in in_scope:
            found.add((unit_id, key))
    return found


def get_job(user, pk) -> ExportJob:
    """The one door to a job: outside the person's present scope it does not exist."""
    job = ExportJob.objects.select_related("requested_by", "unit", "template", "circular_form").filter(pk=pk).first()
    if job is None or job.state == State.DROPPED or not (job.requested_by_id == user.pk or job.state == State.DONE):
        raise Http404
    if not may_read(user, job.unit_id, Span.parse(job.span)):
        raise Http404
    return job


def jobs_for(user, limit: int = 30) -> list[ExportJob]:
    """The person's own requests, then the finished files, colleagues' too, for units in scope; each newest first.

    Each kind has a share of its own: neither what waits nor colleagues' files push an own finished file off the list.
    """
    units = UnitVersion.objects.filter(path_in_scope(user)).values("unit_id")
    found = ExportJob.objects.filter(Q(requested_by=user) | Q(state=State.DONE), unit__in=units)
    found = found.filter(Q(template=None) | Q(requested_by=user))  # who tries a template out does it for themselves
    found = found.filter(circular_forms.MADE_IN_FORCE | Q(requested_by=user))
    of_units = found.exclude(state=State.DROPPED).select_related("requested_by", "unit", "template", "circular_form")
    done, own = Q(state=State.DONE), Q(requested_by=user)
    kinds = [list(of_units.filter(kind)[: limit * 2]) for kind in (~done, done & own, done & ~own)]
    readable = _readable(user, {(job.unit_id, job.span) for jobs in kinds for job in jobs})
    others, *made = ([job for job in jobs if (job.unit_id, job.span) in readable][:limit] for jobs in kinds)
    return others + sorted([*made[0], *made[1]], key=lambda job: job.requested_at, reverse=True)


def is_stuck(job: ExportJob) -> bool:
    """Waiting so long that the worker is down or the message was lost, or begun and silent since."""
    if job.state == State.WAITING:
        return now_for(job.requested_by) - job.requested_at > STUCK_AFTER
    return job.state == State.RUNNING and is_silent_for(STUCK_AFTER, job.noted_at)


def may_drop(job: ExportJob, user) -> bool:
    """Only who asked for it, until it is made."""
    return job.requested_by_id == user.pk and job.state in {*OPEN, State.FAILED}


def places_in_queue() -> dict[UUID, int]:
    """Of everybody's requests that wait: how many come first, this one included. In the order they were sent."""
    waiting = ExportJob.objects.filter(state=State.WAITING).order_by("noted_at", "requested_at", "pk")
    return {pk: place for place, pk in enumerate(waiting.values_list("pk", flat=True), start=1)}


@transaction.atomic
def drop(job_id, by) -> bool:
    """Takes a request back, one being made too: its worker stops at its next note of progress and leaves nothing; one
    that still comes to it finds nothing to do. False when it is too late.

    The row stays for the days files are kept: it counts in the person's hour.
    """
    job = ExportJob.objects.select_for_update(of=("self",)).select_related("requested_by").filter(pk=job_id).first()
    if job is None or not may_drop(job, by):
        return False
    job.state, job.finished_at = State.DROPPED, now_for(by)
    job.save(update_fields=["state", "finished_at"])
    return True


def path_of(job: ExportJob) -> Path:
    return Path(settings.EXPORT_DIR) / f"{job.pk}{SUFFIXES[Form(job.form)]}"


def file_name(written: excel.Written, job: ExportJob) -> str:
    """'Bieu-tong-hop_tinh-dong-nai_2026-11_tam-tinh.xlsx'."""
    form = file_part(job.circular_form.name if job.circular_form else job.get_form_display()).capitalize()
    form += f"_{file_part(job.get_below_display())}" if job.below else ""
    words = span_and_basis(written, Span.parse(job.span), job.basis, is_joined=job.is_joined)
    return f"{form}_{file_part(written.unit_name)}_{words}{SUFFIXES[Form(job.form)]}"


def remove_old() -> int:
    """Removes jobs older than the kept days with their files, and pieces a killed worker left; returns the jobs."""
    keep = dt.timedelta(days=ReportingSettings.load().export_days)
    removed = 0
    for job in ExportJob.objects.select_related("requested_by"):
        if now_for(job.requested_by) - job.requested_at > keep:
            path_of(job).unlink(missing_ok=True)
            job.delete()
            removed += 1
    kept = {path_of(job).name for job in ExportJob.objects.only("pk", "form")}
    a_day_ago = time.time() - 24 * 3600
    folder = Path(settings.EXPORT_DIR)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix in {".part", *SUFFIXES.values()} and path.name not in kept and path.stat().st_mtime < a_day_ago:
            path.unlink(missing_ok=True)
    return removed
