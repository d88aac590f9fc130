"""The dashboard's numbers as text: who reported, and the tables of units, services and indicators.

Formatted once in Python (a filter per cell is slow on big tables).
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from django.urls import reverse

from de_an_06.plain.numbers import NO_VALUE, format_rate, with_qualifier
from reporting.entry.live_services import in_words
from reporting.figures import GROUP_STARTS, GROUPS, NOT_MEANT, RATES, headings
from reporting.lateness import SENT_LATE, overdue_words
from reporting.models import Indicator, Status
from reporting.models.reports import LIVE_INDICATOR
from reporting.reading.against_targets import ReachedByKey
from reporting.reading.lead_agencies import live_by_agency
from reporting.reading.overview import ACTIVATION, Comparison, Measures, Overview, ServiceTotal, UnitRow

from .choices import JOINED
from .dashboard_numbers import change, count, target_lines

NOT_LINKED = ("", NO_VALUE)  # no figure, no rate: there are no rows behind it
OWN_VALUE = "Số của riêng đơn vị, không cộng các đơn vị bên dưới."
NOT_ADDED_UP = "không cộng, vì mỗi đơn vị có phạm vi riêng."
CHIPS = 60  # more units than this are told by number, the table below names them


# Status --------------------------------------------------------------------------------------------------------------


def status_of(row: UnitRow) -> dict:
    """Symbol, word and colour of a row of the unit table."""
    if row.report is not None and row.submissions.expected_reports <= 1:
        return report_status(row.report.status, row.days_overdue)
    done, owed = row.submissions.reports, row.submissions.expected_reports
    if not owed:
        return {"tone": "", "icon": "blank", "label": "Không phải nộp"}
    tone, icon = ("tag--ok", "check") if done == owed else ("tag--warn", "half") if done else ("", "blank")
    return {"tone": tone, "icon": icon, "label": f"{count(done)}/{count(owed)} báo cáo"}


def report_status(status: str, days_overdue: int | None) -> dict:
    if status == Status.APPROVED:
        return {"tone": "tag--ok", "icon": "check", "label": "Đã duyệt"}
    if status == Status.SUBMITTED:
        return {"tone": "tag--info", "icon": "send", "label": "Đã gửi"}
    if status == Status.RETURNED:
        return {"tone": "tag--warn", "icon": "back", "label": "Trả lại"}
    if days_overdue is not None:
        return {"tone": "tag--bad", "icon": "clock", "label": overdue_words(days_overdue)}
    return {"tone": "", "icon": "blank", "label": "Chưa nộp"}


def who_reported(seen: Overview, unit_link) -> dict:
    """The box “Tình hình nộp báo cáo”: the late ones first, then chips of all units where they are few. Each
    leads to its report, of several reports to the unit's page.

    The legend counts each report once, so that its numbers add up to the reports owed; only those sent late are a part.
    """
    parts = seen.submissions
    chips = []
    if seen.has_units_below and len(seen.rows) <= CHIPS:
        chips = [
            {
                "name": row.name,
                "url": _report_url(row) if row.submissions.expected_reports <= 1 else _page_url(row, unit_link),
                **status_of(row),
            }
            for row in seen.rows
            if row.submissions.expected and not (row.report and row.report.status in {Status.DRAFT, Status.RETURNED})
        ]
    missing = [
        {
            "name": m.name + (f", {m.period.label}" if len(seen.periods) > 1 else ""),
            # joined, what a unit of before did not hand in is counted; the report is its own reader's
            "url": ""
            if seen.joined and m.unit_id not in seen.joined.lines
            else reverse("report-detail", args=[m.report_id]),
            **report_status(m.status, m.days_overdue),
            "overdue": m.days_overdue is not None,
            "is_returned": m.status == Status.RETURNED,
        }
        for m in sorted(seen.missing, key=lambda m: -1 if m.days_overdue is None else m.days_overdue, reverse=True)
    ]
    unsent = [m for m in missing if not m["is_returned"]]
    overdue = sum(m["overdue"] for m in unsent)
    rest = missing[12:]
    return {
        "chips": chips,
        "missing": missing[:12],
        "more": rest,
        "more_words": f"{count(len(rest))} báo cáo khác chưa nộp"
        + (" hoặc bị trả lại" if any(m["is_returned"] for m in rest) else ""),
        "reports": count(parts.reports),
        "expected": count(parts.expected_reports),
        "reports_raw": parts.reports,
        "expected_raw": parts.expected_reports,
        "legend": [
            {"tone": tone, "icon": icon, "label": f"{label} ({count(number)})"}
            for tone, icon, label, number in (
                ("t-info", "send", "Đã gửi", parts.submitted),
                ("t-ok", "check", "Đã duyệt", parts.approved),
                ("t-warn", "back", "Trả lại", parts.returned),
                ("t-bad", "clock", "Chưa nộp, quá hạn", overdue),
                ("", "blank", "Chưa nộp", len(unsent) - overdue),
                ("t-warn", "clock", f"Trong số đã nộp: {SENT_LATE.lower()}", parts.late),
            )
            if number
        ],
    }


# Tables --------------------------------------------------------------------------------------------------------------


# head of the column, number of the rows behind it, value: a count or a pair
UnitColumn = tuple[str, str, Callable[[Measures], Any]]
UNIT_COLUMNS: tuple[UnitColumn, ...] = (
    ("Tiếp nhận", "received", lambda m: m.dossiers.received),
    ("Trực tuyến", "online_rate", lambda m: m.online_rate),
    ("Đã giải quyết", "resolved", lambda m: m.dossiers.resolved),
    ("Trước và đúng hạn", "in_time_rate", lambda m: m.in_time_rate),
    ("Đang quá hạn", "pending_overdue", lambda m: m.dossiers.pending_overdue),
    ("Kích hoạt VNeID", ACTIVATION, lambda m: m.activation.rate),
)


def unit_rows(
    units: list[UnitRow],
    unit_link,
    source_link,
    compared: Comparison | None,
    columns: Sequence[UnitColumn] = UNIT_COLUMNS,
) -> list[dict]:
    rows = []
    pairs = compared.rows if compared else {}
    for row in units:
        rows.append(
            {
                "name": row.name,
                "url": _page_url(row, unit_link),
                "report_url": _report_url(row),
                "is_own": row.is_own,
                "is_comparable": row.is_comparable,
                "status": status_of(row),
                "cells": _unit_cells(
                    row.measures,
                    _row_source(row, source_link),
                    pairs.get(None if row.is_own else row.unit_id),
                    columns,
                ),
                "rank": count(row.rank),
            }
        )
    return rows


def unit_total(seen: Overview, source_link, compared: Comparison | None) -> dict:
    cells = _unit_cells(seen.measures, source_link, (compared.now, compared.before) if compared else None)
    if not seen.is_own(ACTIVATION):
        return {"cells": cells, "note": ""}
    label = cells[-1][0]
    return {"cells": [*cells[:-1], (label, NO_VALUE, "", "")], "note": f"{label}: {NOT_ADDED_UP}"}


def _unit_cells(
    measures: Measures, source, pair: tuple[Measures, Measures] | None, columns=UNIT_COLUMNS
) -> list[tuple[str, str, str, str]]:
    """(head of the column, text, address of the reports behind it, change)."""
    cells = []
    for label, so, value in columns:
        text = _text(value(measures))
        moved = change(value(pair[0]), value(pair[1])) if pair else ""
        cells.append((label, text, "" if text in NOT_LINKED else source(so=so), moved))
    return cells


def _text(value: int | tuple[int | None, int | None] | None) -> str:
    return format_rate(*value) if isinstance(value, tuple) else count(value)


def in_table(row: UnitRow) -> bool:
    """Units that owe no report in the span are named under the table, not in it, unless a figure of theirs is in the
    total: a state that a unit brought along when it moved here."""
    return row.submissions.expected > 0 or row.dossiers.units > 0 or row.measures.activation.units > 0


def units_without_reports(seen: Overview, unit_link) -> list[tuple[str, str]]:
    return [(row.name, unit_link(row.unit_id)) for row in seen.rows if not in_table(row)]


def _page_url(row: UnitRow, unit_link) -> str:
    return "" if row.is_own or row.is_former else unit_link(row.unit_id)


def _report_url(row: UnitRow) -> str:
    return reverse("report-detail", args=[row.report.report_id]) if row.report else ""


def _row_source(row: UnitRow, source_link):
    if row.is_own:
        return lambda so: source_link(so=so, rieng=1)
    return lambda so: source_link(so=so, dong=row.unit_id)


def service_table(seen: Overview, source_link, compared: Comparison | None, targets: ReachedByKey) -> dict | None:
    """All figures of every service that somebody reported, each rate after the figures of its group."""
    if not seen.services:
        return None
    columns: list[tuple[str, Callable[[Measures], Any]]] = []
    for group in GROUPS:
        columns += [(name, attrgetter(f"dossiers.{name}")) for name in group.fields]
        columns += [(rate.name, lambda m, rate=rate: m.rate(rate)) for rate in RATES if rate.under is group]

    def cells(measures: Measures, code: str, pair) -> list[tuple[bool, str, str, str]]:
        """(begins a group, text, address of the reports behind it, change)."""
        found = []
        for name, value in columns:
            text = _text(value(measures))
            moved = change(value(pair[0]), value(pair[1])) if pair else ""
            found.append((name in GROUP_STARTS, text, _source(source_link, code, name, text), moved))
        return found

    pairs = {pk: tuple(map(Measures, pair)) for pk, pair in compared.services.items()} if compared else {}
    rows = [
        {"code": line.service.code, "name": line.service.name, "units": count(line.dossiers.units),
         "cells": cells(Measures(line.dossiers), line.service.code, pairs.get(line.service.pk)),
         "targets": _rate_targets(targets, f"{line.service.code}.")}
        for line in seen.services
    ]  # fmt: skip
    all_together = (compared.now, compared.before) if compared else None
    rows.append(
        {
            "code": "",
            "name": "Cộng",
            "units": "",
            "cells": cells(seen.measures, "", all_together),
            "is_total": True,
            "targets": _rate_targets(targets, ""),
        }
    )
    units_head = "Số đơn vị" if seen.has_units_below else ""
    return {"headings": headings(with_rates=True), "units_head": units_head, "rows": rows}


def services_in_short(
    lines: list[ServiceTotal],
    source_link,
    compared: Comparison | None,
    columns: Sequence[UnitColumn] = UNIT_COLUMNS,
) -> list[dict]:
    """Services in the columns of units."""
    pairs = compared.services if compared else {}
    of_dossiers = [column for column in columns if column[1] != ACTIVATION]
    rows = []
    for line in lines:
        code, pair = line.service.code, pairs.get(line.service.pk)
        then = (Measures(pair[0]), Measures(pair[1])) if pair else None
        cells = _unit_cells(
            Measures(line.dossiers), lambda so, code=code: source_link(so=f"{code}.{so}"), then, of_dossiers
        )
        rows.append({"code": code, "name": line.service.short_name, "cells": cells})
    return rows


def _rate_targets(targets: ReachedByKey, before: str) -> list[tuple[str, str]]:
    """Targets of both rates, each with the name of its rate."""
    return [
        (f"{rate.short_label}: {words[0].lower()}{words[1:]}", tone)
        for rate in RATES
        for words, tone in target_lines(targets, before + rate.name)
    ]


def _source(source_link, code: str, name: str, text: str) -> str:
    return "" if text in NOT_LINKED else source_link(so=f"{code}.{name}" if code else name)


def indicator_groups(
    seen: Overview, source_link, compared: Comparison | None, targets: ReachedByKey
) -> list[tuple[str, list[dict]]]:
    groups: dict[str, list[dict]] = {}
    pairs = compared.indicators if compared else {}
    agencies = in_words(live_by_agency(seen))
    for line in seen.indicators:
        i, pair = line.indicator, line.pair
        is_ratio = i.kind == Indicator.Kind.RATIO
        then = pairs.get(i.pk)
        value = with_qualifier(count(pair.numerator), line.said.word)
        groups.setdefault(Indicator.Group(i.group).label, []).append(
            {
                "code": i.code,
                "name": i.name,
                "agencies": agencies if i.code == LIVE_INDICATOR else "",
                "own": OWN_VALUE if i.is_own and seen.has_units_below else "",
                "measure": i.unit_of_measure,
                "over_time": i.get_over_time_display(),
                "value": f"{value}/{count(pair.denominator)}" if is_ratio and pair.numerator is not None else value,
                "rate": format_rate(*pair.rate) if is_ratio else NOT_MEANT,
                "moved": change(then[0].numerator, then[1].numerator) if then else "",
                "rate_moved": change(then[0].rate, then[1].rate) if then and is_ratio else "",
                "units": count(pair.units),
                "url": source_link(so=i.code) if pair.numerator is not None else "",
                "older": count(pair.older) if pair.older else "",
                "said": line.said.note,
                "targets": target_lines(targets, i.code),
            }
        )
    return list(groups.items())


def source_links(choice) -> tuple:
    """(unit_link, source_link): addresses of a unit's page and of the rows behind a number, same span and basis."""
    span, basis = quote(choice.span.key), choice.basis_key + (f"&dia_gioi={JOINED}" if choice.is_joined else "")
    page, rows = reverse("dashboard"), reverse("dashboard-source")

    def unit_link(unit_id: int) -> str:
        return f"{page}?don_vi={unit_id}&ky={span}&co_so={basis}"

    def source_link(*, so: str, dong: int | None = None, rieng: int = 0) -> str:
        """`dong`: a row of the unit's page; that unit's own page may hold more, of months it stood elsewhere."""
        part = "&rieng=1" if rieng else f"&dong={dong}" if dong else ""
        return f"{rows}?don_vi={choice.unit_id}&ky={span}&co_so={basis}&so={so}{part}"

    return unit_link, source_link
