"""Step 6, out: what people write for an interim report: words of the units chosen and edited, the conclusion."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from de_an_06.plain.numbers import format_number, whole_number
from de_an_06.plain.spans import Month, Span
from de_an_06.plain.vietnamese import one_line
from reporting.exports import export_jobs
from reporting.exports.interim import narratives
from reporting.exports.interim.gathering import draft_for
from reporting.models import Basis, ChosenNarrative, ExportJob, InterimReport, Report
from reporting.reading.overview import NoFigures, begun_periods, periods_of_unit
from reporting.report_log import NotAllowed
from taskforces.clock import now_for, today_for
from taskforces.models import UnitVersion
from taskforces.scope import may_keep_register, require, sees_path
from taskforces.units.tree import version_of_day

from .choices import BASES

OFFERED_A_PAGE = 20
OTHER_SECTION, OTHER_PAGE = "sang_muc", "sang_trang"


@dataclass(frozen=True)
class AboutReport:
    """Whose interim report, of which span, on which basis; `may_write` for who writes it."""

    version: UnitVersion
    span: Span
    basis: str
    may_write: bool

    def query(self, **changes) -> str:
        basis = next(key for key, value in BASES.items() if value == self.basis)
        values = {"don_vi": self.version.unit_id, "ky": self.span.key, "co_so": basis} | changes
        return "?" + urlencode({key: value for key, value in values.items() if value})


def _about(request: HttpRequest) -> AboutReport:
    """404 for a broken address, and for a unit and span outside the person's scope."""
    unit_id, basis = whole_number(request.GET.get("don_vi", "")), BASES.get(request.GET.get("co_so", "chinh-thuc"))
    try:
        span = Span.parse(request.GET.get("ky", ""))
    except ValueError as error:
        raise Http404 from error
    if unit_id is None or basis is None or not export_jobs.may_read(request.user, unit_id, span):
        raise Http404
    versions = list(UnitVersion.objects.filter(unit_id=unit_id).select_related("unit"))
    keys = {month.key for month in span.months}
    read = [p for p in periods_of_unit(versions, begun_periods(today_for(request.user))) if p.key in keys]
    version = version_of_day(versions, read[-1].data_to) if read else None
    if version is None:
        raise Http404
    return AboutReport(version, span, basis, may_keep_register(request.user, version.unit))


# Words of the units --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def words(request: HttpRequest) -> HttpResponse:
    """One section of the report: what was chosen, edited and put in order; below it what the units wrote.

    One form: every button, also those that lead to another section or page, first keeps what was typed.
    """
    about = _about(request)
    section = request.GET.get("muc", next(iter(narratives.LABELS)))
    if section not in narratives.LABELS:
        raise Http404
    typed: dict[int, str] = {}
    errors: dict[str, str] = {}
    if request.method == "POST":
        require(about.may_write)
        typed = _texts(request)
        try:
            answer = _save_words(request, about, section, typed)
        except NotAllowed as refused:
            errors = {"": str(refused)}
        except ValidationError as error:
            errors = {key: " ".join(found) for key, found in error.message_dict.items()}
        else:
            return redirect(answer)
    return render(request, "reporting/interim_words.html", _words_context(request, about, section, typed, errors))


def _texts(request: HttpRequest) -> dict[int, str]:
    return {
        pk: text
        for key, text in request.POST.items()
        if key.startswith("loi_") and (pk := whole_number(key.removeprefix("loi_"))) is not None
    }


def _save_words(request: HttpRequest, about: AboutReport, section: str, typed: dict[int, str]) -> str:
    """Saves and says where to go on."""
    post = request.POST
    was = {pk: place for place, pk in enumerate(typed, start=1)}
    places = {pk: whole_number(post.get(f"thu_tu_{pk}", "")) or was[pk] for pk in typed}  # without a number it stays
    # One moved up stands before the one that has its number, one moved down behind it.
    order = sorted(typed, key=lambda pk: (places[pk], (places[pk] > was[pk]) - (places[pk] < was[pk]), was[pk]))
    narratives.save(
        unit=about.version.unit,
        span=about.span,
        name=section,
        by=request.user,
        version=whole_number(post.get("phien", "")) or 0,
        typed=narratives.TypedWords(typed, order, whole_number(post.get("chon", "")), whole_number(post.get("bo", ""))),
    )
    if post.get("chon"):
        messages.success(request, "Đã đưa vào báo cáo. Sửa lời ở phần Đã chọn.")
    elif post.get("loc"):
        pass  # the list below says what was found
    elif post.get("bo"):
        messages.success(request, "Đã bỏ khỏi báo cáo. Lời đã sửa vẫn giữ; chọn lại thì hiện lại.")
    else:
        messages.success(request, "Đã lưu.")
    other = post.get(OTHER_SECTION, "")
    search = one_line(post.get("tim", ""))
    is_here = not other and search == request.GET.get("tim", "")
    page = post.get(OTHER_PAGE, "") or (request.GET.get("trang", "") if is_here else "")
    muc = other if other in narratives.LABELS else section
    return reverse("interim-words") + about.query(muc=muc, tim=search, trang=page)


def _words_context(
    request: HttpRequest, about: AboutReport, section: str, typed: dict[int, str], errors: dict[str, str]
) -> dict:
    unit_id, interim = about.version.unit_id, narratives.of(about.version.unit_id, about.span)
    chosen = list(narratives.chosen(interim, section))
    taken = {one.source_id for one in chosen}
    search = one_line(request.POST.get("tim", request.GET.get("tim", "")))
    offered = narratives.offered(unit_id, about.span, section, search).exclude(pk__in=taken)
    page = Paginator(offered, OFFERED_A_PAGE).get_page(request.GET.get("trang"))
    counts = narratives.chosen_by_section(interim)
    return {
        "about": about,
        "here": "export-list",
        "section": section,
        "section_label": narratives.LABELS[section],
        "sections": [
            (name, label, format_number(counts.get(name, 0)), about.query(muc=name))
            for name, label in narratives.LABELS.items()
        ],
        "chosen": [_chosen(one, place, typed, errors, request.user) for place, one in enumerate(chosen, start=1)],
        "page": page,
        "search": search,
        "offered": [_offered(report, request.user) for report in page.object_list],
        "errors": errors,
        "version": request.POST.get("phien") if errors else (interim.version if interim else 0),
        **_frame(about, interim),
    }


def _chosen(one: ChosenNarrative, place: int, typed: dict[int, str], errors: dict[str, str], user) -> dict:
    now = getattr(one.source, one.field)
    return {
        "pk": one.pk,
        "place": place,
        "text": typed.get(one.pk, one.text),
        "error": errors.get(str(one.pk), ""),
        "own_words": now,
        "is_edited": one.text != one.own_words,
        "changed_since": narratives.paragraphs(now) != one.own_words,
        **_source(one.source, one.unit_name, user),
    }


def _offered(report, user) -> dict:
    return {"pk": report.pk, "own_words": report.words, **_source(report, report.unit_name, user)}


def _source(report: Report, unit_name: str | None, user) -> dict:
    report.unit_name = unit_name
    return {
        "unit_name": report.reporter_name,
        "month": Month(report.period.year, report.period.month).label,
        "url": report.get_absolute_url() if sees_path(user, report.path) else "",
    }


def _frame(about: AboutReport, interim: InterimReport | None) -> dict:
    saved_by, saved_at = narratives.saved_words(interim)
    return {
        "unit_name": about.version.name,
        "span_label": about.span.label,
        "saved_by": saved_by,
        "saved_at": saved_at,
        "words_url": reverse("interim-words") + about.query(),
        "conclusion_url": reverse("interim-conclusion") + about.query(),
        "export_url": reverse("export-list") + about.query(loai=ExportJob.Form.INTERIM_REPORT.value),
    }


# The conclusion ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def conclusion(request: HttpRequest) -> HttpResponse:
    """The draft from the figures, or what people made of it; kept until somebody goes back to the draft."""
    about = _about(request)
    typed, errors = None, {}
    if request.method == "POST":
        require(about.may_write)
        typed = "" if "du_thao" in request.POST else request.POST.get("ket_luan", "")
        version = whole_number(request.POST.get("phien", "")) or 0
        try:
            narratives.save_conclusion(
                unit=about.version.unit, span=about.span, by=request.user, version=version, text=typed
            )
        except NotAllowed as refused:
            errors = {"": str(refused)}
        except ValidationError as error:
            errors = {key: " ".join(found) for key, found in error.message_dict.items()}
        else:
            messages.success(request, "Đã lưu dự thảo kết luận." if typed else "Đã lấy lại dự thảo từ số liệu.")
            return redirect(reverse("interim-conclusion") + about.query())
    interim = narratives.of(about.version.unit_id, about.span)
    try:
        draft = "\n".join(draft_for(about.version.unit_id, about.span, about.basis, now=now_for(request.user)))
    except NoFigures:
        draft = ""
    saved = interim.conclusion if interim else ""
    context = {
        "about": about,
        "here": "export-list",
        "draft": draft,
        "is_saved": bool(saved),
        "text": typed if typed is not None else saved or draft,
        "errors": errors,
        "version": request.POST.get("phien") if errors else (interim.version if interim else 0),
        "is_official": about.basis == Basis.OFFICIAL,
        **_frame(about, interim),
    }
    return render(request, "reporting/interim_conclusion.html", context)
