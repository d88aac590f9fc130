"""One import from the upload to the result: kept, checked, previewed, confirmed, written.

Nothing of a file is saved while one of its rows is refused. What the preview showed is what is written: the rows are
judged again inside the writing transaction, and if that gives another outcome, nothing is saved and the preview is
made anew. created + updated + unchanged + refused = rows, always.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from celery import shared_task
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import Error as DatabaseProblem
from django.db import transaction
from django.db.models import F, Q
from django.http import Http404
from django.utils import timezone
from import_export.exceptions import ImportError as RowsRefused
from import_export.results import Result, RowResult

from de_an_06.plain.numbers import format_number
from de_an_06.plain.waking import STUCK_AFTER, is_silent_for, silent_for
from de_an_06.plain.whole_files import is_for_want_of_room
from taskforces.clock import now_for
from taskforces.models import ImportJob, Posting, User
from taskforces.models.imports import FOLDER
from taskforces.people import passwords
from taskforces.people.quotas import OverQuota, require_few_at_once, require_quota
from taskforces.register import uploads
from taskforces.scope import needs_second_person, require

from . import sheets_out, tables
from .columns import cell_text
from .kinds import ROSTERS, may_bring_in
from .resources import Roster

logger = logging.getLogger(__name__)
State, Kind = ImportJob.State, ImportJob.Kind
SHOWN = 200  # rows of the preview; all rows are in the result file
BUSY = (State.WAITING, State.CHECKING, State.WRITING)
NOTED_EVERY = 0.5  # seconds
CHANGED_SINCE = (
    "Dữ liệu trên cổng đã thay đổi từ lúc xem trước, nên chưa nhập gì. Xem lại các dòng dưới đây rồi xác nhận."
)
NO_ROOM = "Máy chủ hết dung lượng lưu trữ; chưa nhập gì. Báo nơi hỗ trợ, sau đó gửi lại tệp."
BROKEN = "Máy chủ gặp lỗi và đã ghi lại; chưa nhập gì. Gửi lại tệp; nếu vẫn lỗi, báo nơi hỗ trợ mã {}."


class NotNow(Exception):
    """The job is not in a state for this; the message is for the person."""


@dataclass(slots=True)
class Judged:
    """One row with its outcome: new, changed, unchanged or refused."""

    number: int
    outcome: str
    changes: list[tuple[str, str, str]]  # column, stored, in the file
    messages: list[tuple[str, str]]  # column ('': the row), sentence

    @property
    def note(self) -> str:
        said = [f"Cột {column}: {text}" if column else text for column, text in self.messages]
        changed = [f"{column}: {old or '(trống)'} → {new or '(trống)'}" for column, old, new in self.changes]
        return "\n".join([*said, *(changed if self.outcome == "changed" else [])])


# --- the request's part


def create(*, by, kind: str, upload: UploadedFile) -> ImportJob:
    """Keep an upload and have the worker check it; ValidationError when the file cannot be taken at all."""
    require(kind in ROSTERS and may_bring_in(by, kind))
    inspected = tables.inspect_roster(upload)
    upload.seek(0)
    with transaction.atomic():
        require_quota(by, ImportJob.objects.filter(by=by), "uploaded_at", Q(state__in=BUSY))
        job = ImportJob(
            kind=kind,
            by=by,
            uploaded_at=now_for(by),
            file_name=inspected.name,
            size=inspected.size,
            sha256=inspected.sha256,
        )
        uploads.store(job.file, "tep", upload)
        job.save()
        check.delay_on_commit(str(job.pk))
    return job


def get_job(user, pk) -> ImportJob:
    """The one door to an import: it belongs to the person who uploaded it, while they keep the right."""
    job = ImportJob.objects.select_related("by").filter(pk=pk, by=user).first()
    if job is None or not may_bring_in(user, job.kind):
        raise Http404
    return job


@transaction.atomic
def confirm(*, job_id, by) -> ImportJob:
    """What the preview showed shall be written."""
    job = _locked(job_id, by)
    if job.state != State.READY:
        raise NotNow("Lần nhập này không còn chờ xác nhận.")
    job.state, job.message, job.tries, job.noted_at = State.WRITING, "", 0, timezone.now()
    job.save(update_fields=["state", "message", "tries", "noted_at"])
    write.delay_on_commit(str(job.pk))
    return job


@transaction.atomic
def retry(*, job_id, by) -> ImportJob:
    """The same file once more: a step nobody finishes from its beginning, a refused file to be checked anew."""
    job = _locked(job_id, by)
    if not may_retry(job):
        raise NotNow("Lần nhập này không thử lại được.")
    others = ImportJob.objects.filter(by=by, state__in=BUSY).exclude(silent_for(STUCK_AFTER)).exclude(pk=job.pk)
    try:
        require_few_at_once(others.count())
    except OverQuota as error:
        raise NotNow(error.message) from None
    if job.state != State.WRITING:
        job.state, job.preview, job.finished_at = State.WAITING, {}, None
    job.message, job.tries, job.noted_at = "", 0, timezone.now()
    job.save(update_fields=["state", "preview", "finished_at", "message", "tries", "noted_at"])
    (write if job.state == State.WRITING else check).delay_on_commit(str(job.pk))
    return job


@transaction.atomic
def cancel(*, job_id, by) -> ImportJob:
    """The file is dropped; its name and checksum stay in the list."""
    job = _locked(job_id, by)
    if job.state in {State.DONE, State.CANCELLED} or (job.state == State.WRITING and not is_stuck(job)):
        raise NotNow("Lần nhập này không bỏ được nữa.")
    job.state, job.finished_at, job.preview = State.CANCELLED, now_for(by), {}
    name = job.file.name
    job.file = ""
    job.save()
    transaction.on_commit(lambda: [default_storage.delete(n) for n in (name, result_name(job))])
    return job


def may_retry(job: ImportJob) -> bool:
    return bool(job.file) and (job.state == State.REFUSED or is_stuck(job))


def is_stuck(job: ImportJob) -> bool:
    """Under way and silent so long that its message was lost or its worker killed; it may be dropped."""
    return job.state in BUSY and is_silent_for(STUCK_AFTER, job.noted_at)


def _locked(job_id, by) -> ImportJob:
    job = ImportJob.objects.select_for_update(of=("self",)).select_related("by").get(pk=job_id, by=by)
    require(may_bring_in(by, job.kind))
    return job


# --- the worker's part


@shared_task(name="taskforces.tasks.check_import")
def check(job_id) -> None:
    """Read and judge every row; nothing but the job changes. Safe to run twice."""
    waiting = ImportJob.objects.filter(pk=job_id, state__in=(State.WAITING, State.CHECKING))
    if not waiting.update(state=State.CHECKING, progress=0, tries=F("tries") + 1, noted_at=timezone.now()):
        return
    job = waiting.select_related("by").get()
    try:
        _show(job, State.CHECKING, *_judge(job, _note(job)))
    except tables.FileRefused as refused:
        _refuse_file(job, refused.reasons)
    except Exception as error:
        # The worker's door: whoever waits must see that it broke; the cause goes to the log in full.
        logger.exception("import %s (%s) failed while checking", job.pk, job.kind)
        _end(job, State.CHECKING, State.REFUSED, message=_what_broke(job, error))


@shared_task(name="taskforces.tasks.write_import")
def write(job_id) -> None:
    """Write a confirmed import in one transaction, if its rows come out as the preview said. Safe to run twice."""
    job = ImportJob.objects.select_related("by").filter(pk=job_id, state=State.WRITING).first()
    if job is None:
        return
    ImportJob.objects.filter(pk=job.pk).update(tries=F("tries") + 1, noted_at=timezone.now())
    try:
        if not may_bring_in(job.by, job.kind):
            _end(job, State.WRITING, State.REFUSED, message="Bạn không còn quyền nhập loại tệp này; chưa nhập gì.")
            return
        roster, table, dataset = _open(job)
        with transaction.atomic():
            current = ImportJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
            if current.state != State.WRITING:
                return  # the other delivery wrote it
            result = _import(roster, dataset)
            judged = list(_judged(result, table, roster)) if result is not None else None
            if judged is None or outcome_of(judged) != job.preview.get("outcome"):
                transaction.set_rollback(True)
                judged = None
            else:
                counts = _counts(judged)
                _end(job, State.WRITING, State.DONE, message="", preview=_preview(roster, table, judged), **counts)
        if judged is not None:
            _save_result(job, counts, table, judged, "Đã nhập")  # outside: the transaction holds others up
        else:
            ImportJob.objects.filter(pk=job.pk, state=State.WRITING).update(state=State.CHECKING)
            job.message = CHANGED_SINCE
            _show(job, State.CHECKING, *_judge(job, _note(job)))
    except tables.FileRefused as refused:
        _refuse_file(job, refused.reasons)
    except Exception as error:
        logger.exception("import %s (%s) failed while writing", job.pk, job.kind)
        stuck = ImportJob.objects.filter(pk=job.pk, state__in=(State.WRITING, State.CHECKING))
        stuck.update(state=State.REFUSED, message=_what_broke(job, error), finished_at=now_for(job.by))


def _what_broke(job: ImportJob, error: Exception) -> str:
    return NO_ROOM if is_for_want_of_room(error) else BROKEN.format(str(job.pk)[:8])


def _import(roster: Roster, dataset) -> Result | None:
    """All rows in the transaction at hand; None when a row or the database refuses."""
    try:
        with transaction.atomic():
            return roster.import_data(
                dataset, use_transactions=True, rollback_on_validation_errors=True, raise_errors=True
            )
    except RowsRefused as refused:
        if not isinstance(refused.error, (ValidationError, DatabaseProblem)):
            raise
    except DatabaseProblem:
        logger.warning("the database refused rows that the check had accepted", exc_info=True)
    return None


def _open(job: ImportJob):
    roster = ROSTERS[job.kind](job.by, file_name=job.file_name)
    with job.file.open("rb") as file:
        table = tables.read(file, job.file_name, roster.known_columns(), roster.required_columns())
    return roster, table, roster.dataset(table)


def _judge(job: ImportJob, progress: Callable[[int], None]):
    roster, table, dataset = _open(job)
    ImportJob.objects.filter(pk=job.pk).update(rows=len(table.rows))
    result = roster.check(dataset, progress)
    return roster, table, list(_judged(result, table, roster))


def _judged(result: Result, table: tables.RosterTable, roster: Roster) -> Iterator[Judged]:
    for number, row in zip(table.numbers, result.rows, strict=True):
        if row.errors:
            raise row.errors[0].error  # a programmer's mistake, not a person's
        if row.validation_error is not None:
            yield Judged(number, "refused", [], list(_messages(row.validation_error, table.headers)))
        elif row.import_type == RowResult.IMPORT_TYPE_NEW:
            yield Judged(number, "new", row.diff or [], [])
        elif row.import_type == RowResult.IMPORT_TYPE_SKIP:
            yield Judged(number, "unchanged", [], [])
        else:
            yield Judged(number, "changed", row.diff or [], [])


def _messages(error: ValidationError, headers: list[str]) -> Iterator[tuple[str, str]]:
    """Column and sentence, in the order of the file's columns."""
    found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    order = {name: i for i, name in enumerate(headers)}
    for column in sorted(found, key=lambda name: order.get(name, -1)):
        for message in found[column]:
            yield ("" if column == NON_FIELD_ERRORS else column), message


def outcome_of(judged: list[Judged]) -> str:
    """A checksum of everything the preview says; equal means that nothing has changed since."""
    digest = hashlib.sha256()
    for row in judged:
        digest.update(json.dumps([row.number, row.outcome, row.changes, row.messages]).encode())
    return digest.hexdigest()


def _counts(judged: list[Judged]) -> dict[str, int]:
    counts = {"created": "new", "updated": "changed", "unchanged": "unchanged", "refused": "refused"}
    totals = {name: sum(row.outcome == outcome for row in judged) for name, outcome in counts.items()}
    assert sum(totals.values()) == len(judged)
    return totals | {"rows": len(judged), "progress": len(judged)}


def _preview(roster: Roster, table: tables.RosterTable, judged: list[Judged]) -> dict:
    keys = {column.column_name for column in roster.columns() if column.key}
    cells = dict(zip(table.numbers, table.rows, strict=True))

    def about(number: int) -> str:
        """What the row speaks of: its keys as they stand in the file."""
        named = zip(table.headers, cells[number], strict=True)
        return " · ".join(text for name, value in named if name in keys and (text := cell_text(value)))

    refused = [row for row in judged if row.outcome == "refused"]
    changing = sorted((row for row in judged if row.outcome in {"changed", "new"}), key=lambda row: row.outcome)
    said = refused or changing  # first what must be put right; then what would change, before what is new
    first = said[:SHOWN]
    return {
        "outcome": outcome_of(judged),
        "sheet": table.sheet,
        "blank_rows": table.blank_rows,
        "of": len(said),
        "rows": [
            {
                "number": row.number,
                "about": about(row.number),
                "outcome": row.outcome,
                "changes": row.changes,
                "messages": row.messages,
            }
            for row in first
        ],
        "accounts": getattr(roster, "accounts", []),
    }


def _show(job: ImportJob, was: str, roster: Roster, table: tables.RosterTable, judged: list[Judged]) -> None:
    """The preview, or all that is wrong, with its result file."""
    counts = _counts(judged)
    state = State.REFUSED if counts["refused"] else State.READY
    _save_result(job, counts, table, judged, "Chưa nhập")
    _end(job, was, state, message=job.message, preview=_preview(roster, table, judged), **counts)


def _refuse_file(job: ImportJob, reasons: list[str]) -> None:
    rows = [{"number": 0, "outcome": "refused", "changes": [], "messages": [("", r)]} for r in reasons[:SHOWN]]
    preview = {"outcome": "", "sheet": "", "blank_rows": 0, "of": len(reasons), "rows": rows, "accounts": []}
    counts = dict.fromkeys(("rows", "progress", "created", "updated", "unchanged", "refused"), 0)
    ImportJob.objects.filter(pk=job.pk, state__in=BUSY).update(
        state=State.REFUSED,
        message="Không đọc được các dòng của tệp, nên chưa kiểm tra dòng nào.",
        preview=preview,
        finished_at=now_for(job.by),
        **counts,
    )


def _end(job: ImportJob, was: str, state: str, **facts) -> None:
    finished = None if state == State.READY else now_for(job.by)
    ImportJob.objects.filter(pk=job.pk, state=was).update(state=state, finished_at=finished, **facts)


def _note(job: ImportJob) -> Callable[[int], None]:
    """How many rows are judged, noted at most twice a second and outside any transaction."""
    last = 0.0

    def note(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= NOTED_EVERY:
            last = time.monotonic()
            ImportJob.objects.filter(pk=job.pk).update(progress=done, noted_at=timezone.now())

    return note


# --- the result file


def result_name(job: ImportJob) -> str:
    return f"{FOLDER}/{job.pk}-ket-qua.xlsx"


def _save_result(job: ImportJob, counts: dict, table: tables.RosterTable, judged: list[Judged], state: str) -> None:
    facts = [
        ("Loại", job.get_kind_display()),
        ("Tình trạng", state),
        ("Tệp", job.file_name),
        ("SHA-256", job.sha256),
        ("Người gửi", job.by.full_name),
        ("Gửi lúc", sheets_out.moment(job.uploaded_at)),
        ("Số dòng đọc", format_number(counts["rows"])),
        ("Mới", format_number(counts["created"])),
        ("Thay đổi", format_number(counts["updated"])),
        ("Giữ nguyên", format_number(counts["unchanged"])),
        ("Có lỗi", format_number(counts["refused"])),
        ("Dòng trống bỏ qua", format_number(table.blank_rows)),
    ]
    rows = (
        (row.number, row.outcome, row.note, [cell_text(value) for value in values])
        for row, values in zip(judged, table.rows, strict=True)
    )
    with ContentFile(b"") as content:
        written = sheets_out.write_result(content.file, table.headers, rows, facts)
        assert written == counts["rows"]
        content.file.seek(0)
        name = result_name(job)
        if default_storage.exists(name):
            default_storage.delete(name)
        default_storage.save(name, content)


def new_accounts(job: ImportJob) -> list[User]:
    """Accounts this import made that have no password yet, by name."""
    if job.kind != Kind.USERS or job.state != State.DONE:
        return []
    found = User.objects.filter(pk__in=job.preview.get("accounts", []), is_active=True)
    return [user for user in found.order_by("full_name", "pk") if not user.has_usable_password()]


@shared_task(name="taskforces.tasks.send_password_links")
def send_password_links(job_id, address: str) -> int:
    """Sends each of them with a work e-mail its one-time link; returns how many were sent."""
    return passwords.send_links(accounts_of_one(new_accounts(ImportJob.objects.get(pk=job_id))), address)


def accounts_of_one(accounts: list[User]) -> list[User]:
    """Those whose first link the person who brought them in may hand out: no role of theirs needs a second person."""
    roles: dict[int, set[str]] = {}
    for user_id, role in Posting.objects.filter(user__in=accounts).values_list("user_id", "role"):
        roles.setdefault(user_id, set()).add(role)
    return [user for user in accounts if not any(needs_second_person(role) for role in roles.get(user.pk, ()))]
