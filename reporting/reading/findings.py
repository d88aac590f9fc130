"""“Vấn đề cần lưu ý”: what stands out in the figures, found by fixed rules and said as facts.

One function a kind, in the order in which equally grave ones stand; at most one finding of each kind, at most seven on
the page. Thresholds are fields of ReportingSettings. Nothing reported is never a finding, and a blank is no 0.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from de_an_06.plain.numbers import format_number, format_rate, rate
from de_an_06.plain.spans import Month
from reporting.entry.checks import Likeness
from reporting.figures import IN_TIME_RATE
from reporting.lateness import is_past, overdue_words
from reporting.models import Period, ReportingSettings, Status
from taskforces.models import Level
from taskforces.register.assignment_counts import Late, Tally

from .finding_parts import (
    MOST_NAMED,
    Behind,
    Finding,
    Lead,
    Part,
    joined,
    late_words,
    lead_of_row,
    named,
    rows_behind,
    unit_part,
)
from .finding_rows import Habit, SlowCell, Waiting, habits, months_back, slow_cells, waiting_longest
from .late_findings import held, late_since, number_of
from .overview import MissingReport, Overview, ServiceTotal, UnitRow
from .pace import YearTarget, amount, pace_of, year_targets
from .places import Stretch
from .ranges import Dossiers

MOST = 7
IN_TIME, OVERDUE = IN_TIME_RATE.name, "pending_overdue"


@dataclass
class FindingFacts:
    """What the rules read beside the overview."""

    settings: ReportingSettings = field(default_factory=ReportingSettings)
    day: dt.date = dt.date.max  # as of which the register is counted
    cells: Sequence[SlowCell] = ()  # of a unit with units below
    slow_cells: int = 0
    habits: Sequence[Habit] = ()
    tallies: Mapping[int | None, Tally] = field(default_factory=dict)
    conclusions: Mapping[int | None, Late] = field(default_factory=dict)  # overdue; they are among the tallies too
    remedies: Mapping[int | None, Late] = field(default_factory=dict)  # overdue
    waiting: Sequence[Waiting] = ()
    all_waiting: int = 0
    targets: Sequence[YearTarget] = ()


def facts_of(
    seen: Overview,
    *,
    periods: Sequence[Period],
    now: dt.datetime,
    day: dt.date,
    is_newest: bool,
    tallies: Mapping[int | None, Tally],
    conclusions: Mapping[int | None, Late] | None = None,
    remedies: Mapping[int | None, Late] | None = None,
    has_targets: bool = True,
) -> FindingFacts:
    """Read in at most four queries. `periods` are those begun, oldest first; `tallies` and what is overdue are the
    register's, as of `day`; `has_targets`: the unit is given something for the year.

    How long a difficulty waits is known of today alone, so only the newest month says it.
    """
    settings, kept = seen.settings, seen.kept
    stretch = Stretch(seen.unit_id, seen.basis, seen.periods)
    facts = FindingFacts(settings, day, tallies=tallies, conclusions=conclusions or {}, remedies=remedies or {})
    if seen.has_units_below:
        thresholds = {"fewest": settings.fewest_dossiers, "below_percent": settings.slow_percent}
        facts.cells, facts.slow_cells = kept.of(f"slow cells {thresholds}", slow_cells, stretch, **thresholds)
    months = months_back(seen.periods[-1], periods, settings.late_months)
    ids = {p.pk for p in months if p is not None}
    past = sorted((pk, level) for (pk, level), due_at in seen.deadlines.items() if pk in ids and is_past(due_at, now))
    facts.habits = kept.of(f"habits {[p and p.pk for p in months]} {past}", habits, stretch, months, past)
    if is_newest:
        facts.waiting, facts.all_waiting = waiting_longest(
            seen.version.path, day, days=settings.waiting_days, limit=MOST_NAMED
        )
    has_summaries = seen.version.unit.level != Level.COMMUNE
    if has_targets:
        facts.targets = year_targets(stretch, periods, has_summaries=has_summaries)
    return facts


def findings(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """The gravest first: by tone, then by weight; nothing where nothing was reported."""
    found = [replace(one, kind=rule.__name__.removeprefix("_")) for rule in RULES for one in rule(seen, facts)]
    found.sort(key=lambda f: (["bad", "warn", "ok"].index(f.tone), -f.weight))
    return found[:MOST]


# Reports -------------------------------------------------------------------------------------------------------------


def _missing(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Reports not sent after their deadline. One sent back was handed in: it is named as that, and not among them."""
    past = [m for m in seen.missing if m.days_overdue is not None]
    if not past or not seen.has_units_below:
        return []
    overdue = [m for m in past if m.status != Status.RETURNED]
    returned = [m for m in past if m.status == Status.RETURNED]
    back = f"{format_number(len(returned))} báo cáo bị trả lại, chưa gửi lại"
    back_names = [*named(_units(returned)), Part(".")]
    everyone = Lead(Behind.REPORTS)
    if not overdue:
        return [Finding("warn", len(returned), back, everyone, tuple(back_names))]
    more = [Part(f" Ngoài ra {back}: "), *back_names] if returned else []
    units = _units(overdue)
    if len(seen.periods) > 1:
        title = f"Thiếu {format_number(len(overdue))} báo cáo tháng đã quá hạn"
    elif len(units) == 1:
        days = overdue_words(overdue[0].days_overdue or 0)
        title = f"{units[0].text} chưa nộp, đã quá hạn"
        return [Finding("bad", 1, title, units[0].lead, (Part(f"{days}."), *more))]
    else:
        title = f"{format_number(len(units))} đơn vị chưa nộp, đã quá hạn"
    return [Finding("bad", len(overdue), title, everyone, (*named(units), Part("."), *more))]


def _units(missing: list[MissingReport]) -> list[Part]:
    """Each unit once; two units may bear one name."""
    return [unit_part(unit_id, name) for unit_id, name in {m.unit_id: m.name for m in missing}.items()]


def _late_running(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Units late in each of the last months."""
    found = [habit for habit in facts.habits if habit.is_late]
    if not found:
        return []
    late = [unit_part(habit.unit_id, habit.name) for habit in found]
    what = f"nộp báo cáo trễ {format_number(facts.settings.late_months)} tháng liên tiếp"
    text = [Part("Nộp sau hạn, hoặc quá hạn mà chưa nộp.")]
    if not seen.has_units_below:
        return [Finding("bad", 1, what[0].upper() + what[1:], _report(found[0]), tuple(text))]
    if len(late) == 1:
        return [Finding("bad", 1, f"{late[0].text} {what}", late[0].lead, tuple(text))]
    title = f"{format_number(len(late))} đơn vị {what}"
    return [Finding("bad", len(late), title, Lead(Behind.REPORTS), (*named(late), Part(".")))]


def _copied(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Units whose report looks copied from the month before, by the rule of the entry page."""
    percent = facts.settings.alike_percent
    found = [(h, like) for h in facts.habits if (like := h.likeness) is not None and like.is_copy(percent)]
    if not found:
        return []
    found.sort(key=lambda pair: (-Fraction(pair[1].same, pair[1].counted), -pair[1].counted))
    last = seen.periods[-1]
    what = f"số liệu giống {Month(last.year, last.month).plus(-1).label}"
    habit, like = found[0]
    if len(found) == 1:
        title = f"{habit.name}: {what}" if seen.has_units_below else what[0].upper() + what[1:]
        text = f"{_same(like)} ô khác 0 của dịch vụ công giống hệt."
        return [Finding("warn", 1, title, _report(habit), (Part(text),))]
    parts = [Part(f"{habit.name} {_same(like)}", _report(habit)) for habit, like in found]
    title = f"{format_number(len(found))} đơn vị có {what}"
    text_parts = (Part("Số ô khác 0 của dịch vụ công giống hệt: "), *named(parts), Part("."))
    return [Finding("warn", len(found), title, Lead(Behind.REPORTS), text_parts)]


def _same(like: Likeness) -> str:
    return f"{format_number(like.same)}/{format_number(like.counted)}"


def _report(habit: Habit) -> Lead:
    return Lead(Behind.REPORT, pk=habit.report_id, path=habit.path)


# Resolved in time ----------------------------------------------------------------------------------------------------


def _value(dossiers: Dossiers, facts: FindingFacts) -> Fraction | None:
    """Percent in time; None of few dossiers, which are not held up as good or bad."""
    numerator, denominator = dossiers.in_time_rate
    if denominator is None or denominator < facts.settings.fewest_dossiers:
        return None
    return rate(numerator, denominator)


def _tone(value: Fraction, facts: FindingFacts) -> str:
    return "bad" if value < facts.settings.very_slow_percent else "warn"


def _slow_service(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """The slowest of all services, and in it the slowest units."""
    rated = [(value, line) for line in seen.services if (value := _value(line.dossiers, facts)) is not None]
    slow = sorted(((v, line) for v, line in rated if v < facts.settings.slow_percent), key=lambda pair: pair[0])
    if not slow:
        return []
    value, line = slow[0]
    in_time, resolved = line.dossiers.in_time_rate
    late = (resolved or 0) - (in_time or 0)
    text = [Part(f"{format_rate(in_time, resolved)} trước và đúng hạn, {late_words(late, resolved)}.")]
    rows, measure = _rows_by_id(seen), f"{line.service.code}.{IN_TIME}"
    units = [
        Part(f"{rows[c.place].name} {format_rate(c.in_time, c.resolved)}", lead_of_row(rows[c.place], measure))
        for c in facts.cells
        if c.service_id == line.service.pk and c.place in rows
    ]
    if units:
        text += [Part(" Chậm nhất: "), *joined(units[:2]), Part(".")]
    elif len(slow) > 1:
        text += [Part(" Sau đó là "), _service(slow[1][1]), Part(".")]
    title = f"{line.service.short_name}: chậm nhất trong các dịch vụ"
    return [Finding(_tone(value, facts), late, title, rows_behind(measure), tuple(text))]


def _service(line: ServiceTotal) -> Part:
    words = f"{line.service.short_name} {format_rate(*line.dossiers.in_time_rate)}"
    return Part(words, rows_behind(f"{line.service.code}.{IN_TIME}"))


def _slow_cell(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """The slowest unit and service, whatever the number of units; after it the slowest of other services."""
    rows, services = _rows_by_id(seen), {line.service.pk: line.service for line in seen.services}
    worst: dict[int, SlowCell] = {}  # of each service, the worst of all first
    for cell in facts.cells:
        if cell.place in rows and cell.service_id in services:
            worst.setdefault(cell.service_id, cell)
    cells = list(worst.values())[:MOST_NAMED]
    if not cells:
        return []
    parts = []
    for cell in cells:
        row, service = rows[cell.place], services[cell.service_id]
        words = f"{row.name}, {service.short_name}: {format_rate(cell.in_time, cell.resolved)}"
        parts.append(Part(words, lead_of_row(row, f"{service.code}.{IN_TIME}")))
    late = [late_words(cell.resolved - cell.in_time, cell.resolved) for cell in cells]
    text = [Part(f"{late[0]}.")]
    for number, part in enumerate(parts[1:], start=1):
        text += [Part(" Sau đó: " if number == 1 else "; "), part, Part(f" ({late[number]})")]
    if parts[1:]:
        text.append(Part("."))
    if facts.slow_cells > len(cells):
        below = format_number(facts.settings.slow_percent)
        text.append(Part(f" Tại các đơn vị có {format_number(facts.slow_cells)} dịch vụ dưới {below}%."))
    tone = _tone(Fraction(cells[0].in_time * 100, cells[0].resolved), facts)
    weight = sum(cell.resolved - cell.in_time for cell in cells)
    return [Finding(tone, weight, f"{parts[0].text} trước và đúng hạn", parts[0].lead, tuple(text))]


def _fall(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Units whose rate over all services fell most against the months compared with, on the same units."""
    if seen.comparison is None:
        return []
    comparison = seen.comparison
    fell: list[tuple[Fraction, Fraction, Part, str]] = []  # by how much, to what, who, and from what
    sides = [(Part("", rows_behind(IN_TIME)), (comparison.now, comparison.before))]
    if seen.has_units_below:
        of_row = {None if row.is_own else row.unit_id: row for row in seen.rows if not row.is_former}
        sides = [
            (Part(row.name, lead_of_row(row, IN_TIME)), comparison.rows[key])
            for key, row in of_row.items()
            if key in comparison.rows
        ]
    for who, pair in sides:
        now, before = (_value(side.rated, facts) for side in pair)
        if now is not None and before is not None and before - now >= facts.settings.fall_points:
            fell.append((before - now, now, who, format_number(before, 2)))
    if not fell:
        return []
    fell.sort(key=lambda fall: -fall[0])
    points, now, who, before_text = fell[0]
    what = f"trước và đúng hạn giảm {format_number(points, 2)} điểm phần trăm"
    title = f"{who.text}: {what}" if who.text else what[0].upper() + what[1:]
    text = [Part(f"So với {comparison.label}: từ {before_text}% xuống {format_number(now, 2)}%.")]
    if fell[1:]:
        others = [
            Part(f"{other.text} giảm {format_number(less, 2)} (còn {format_number(value, 2)}%)", other.lead)
            for less, value, other, _ in fell[1:MOST_NAMED]
        ]
        text += [Part(" Sau đó: "), *joined(others)]
        if (rest := len(fell) - MOST_NAMED) > 0:
            least = format_number(facts.settings.fall_points)
            text.append(Part(f" và {format_number(rest)} đơn vị khác giảm từ {least} điểm phần trăm trở lên"))
        text.append(Part("."))
    return [Finding(_tone(now, facts), len(fell), title, who.lead, tuple(text))]


def _best_unit(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """The best of the units below, up to three together."""
    rated = [
        (value, row)
        for row in seen.rows
        if not row.is_own and not row.is_former and (value := _value(row.measures.rated, facts)) is not None
    ]
    if len(rated) < 2:
        return []
    best = max(value for value, _ in rated)
    leaders = [row for value, row in rated if value == best]
    if best < facts.settings.slow_percent or len(leaders) > 3:
        return []
    in_time = f"{format_rate(*leaders[0].measures.in_time_rate)} trước và đúng hạn"
    parts = [Part(row.name, lead_of_row(row, IN_TIME)) for row in leaders]
    if len(leaders) == 1:
        without = f" (không tính {seen.not_counted})" if seen.measures.headline is not None else ""
        resolved = format_number(leaders[0].measures.rated.resolved)
        text = [Part(f"{in_time} trên {resolved} hồ sơ đã giải quyết{without}.")]
    else:
        text = [Part(f"{in_time}: "), *joined(parts), Part(".")]
    title = f"{', '.join(part.text for part in parts)} dẫn đầu"
    return [Finding("ok", len(leaders), title, parts[0].lead if len(parts) == 1 else rows_behind(IN_TIME), tuple(text))]


# Beyond their time ---------------------------------------------------------------------------------------------------


def _overdue(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Dossiers pending beyond their time, and who holds most of them."""
    total = seen.dossiers.pending_overdue
    if not total:
        return []
    holders = seen.overdue_holders
    parts = [Part(f"{format_number(total)} hồ sơ")]
    if holders:
        most = [
            Part(f"{row.name} {format_number(row.dossiers.pending_overdue)}", lead_of_row(row, OVERDUE))
            for row in holders[:MOST_NAMED]
        ]
        parts += [Part(f" ở {format_number(len(holders))} đơn vị; nhiều nhất: "), *joined(most)]
    text = (*parts, Part("."))
    tone, title = "warn", "Còn hồ sơ đang quá hạn"
    if seen.comparison is not None:
        now, before = seen.comparison.now.dossiers.pending_overdue, seen.comparison.before.dossiers.pending_overdue
        if now is not None and before is not None and now != before:
            word, tone = ("tăng", "warn") if now > before else ("giảm", "ok")
            since = f" so với cuối {seen.comparison.last_label}" if len(seen.comparison.months) > 1 else ""
            title = f"Hồ sơ đang quá hạn {word} {format_number(abs(now - before))}{since}"
    return [Finding(tone, total, title, rows_behind(OVERDUE), text)]


def _overdue_assignments(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Assignments beyond their due day, and who holds most of them; conclusions of meetings are told apart."""
    meetings = facts.conclusions
    late = {key: n for key, tally in facts.tallies.items() if (n := tally.overdue - number_of(meetings.get(key)))}
    title = f"{format_number(sum(late.values()))} nhiệm vụ{' theo văn bản' if meetings else ''} quá hạn"
    return held(seen, facts.day, late, Behind.ASSIGNMENTS, title)


def _overdue_conclusions(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Conclusions of meetings beyond their due day, and who holds most of them."""
    return late_since(
        seen, facts.day, facts.settings, facts.conclusions, Behind.CONCLUSIONS, "nhiệm vụ theo kết luận họp quá hạn"
    )


def _overdue_remedies(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """What inspections found and was not remedied by its day, and where most of it is."""
    return late_since(
        seen, facts.day, facts.settings, facts.remedies, Behind.REMEDIES, "tồn tại sau kiểm tra quá hạn khắc phục"
    )


def _waiting(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """Difficulties that wait too long for an answer."""
    if not facts.waiting:
        return []
    days = format_number(facts.settings.waiting_days)
    title = f"{format_number(facts.all_waiting)} khó khăn, vướng mắc chờ trả lời quá {days} ngày"
    parts = [
        Part(
            f"{d.unit_name} {format_number(d.days)} ngày" if seen.has_units_below else f"{format_number(d.days)} ngày",
            Lead(Behind.DIFFICULTY, pk=d.pk),
        )
        for d in facts.waiting
    ]
    text = (Part("Lâu nhất: "), *joined(parts), Part("."))
    return [Finding("warn", facts.all_waiting, title, Lead(Behind.DIFFICULTIES), text)]


# Targets -------------------------------------------------------------------------------------------------------------


def _out_of_reach(seen: Overview, facts: FindingFacts) -> list[Finding]:
    """The unit's targets that its present pace misses at the year's end, the farthest first."""
    year = seen.periods[-1].year
    missed = [
        (gap, target, pace)
        for target in facts.targets
        if (pace := pace_of(target, facts.settings.pace_months)) is not None and (gap := pace.gap(target)) > 0
    ]
    if not missed:
        return []
    missed.sort(key=lambda one: -one[0])
    parts = [
        Part(
            f"{target.name} {amount(pace.now, target)} đến hết {Month(year, pace.month).label}, "
            f"ước cả năm {amount(pace.at_end, target)}, chỉ tiêu {amount(Fraction(target.value), target)}",
            rows_behind(target.code),
        )
        for _, target, pace in missed[:MOST_NAMED]
    ]
    what = f"không đạt chỉ tiêu năm {year} nếu giữ tiến độ hiện nay"
    title = f"{missed[0][1].code} {what}"
    if len(missed) > 1:
        title = f"{format_number(len(missed))} nội dung {what}"
    return [Finding("warn", len(missed), title, parts[0].lead, (*joined(parts, "; "), Part(".")))]


def _rows_by_id(seen: Overview) -> dict[int, UnitRow]:
    return {row.unit_id: row for row in seen.rows}


RULES = (
    _missing,
    _late_running,
    _slow_service,
    _slow_cell,
    _fall,
    _overdue,
    _overdue_assignments,
    _overdue_conclusions,
    _overdue_remedies,
    _copied,
    _waiting,
    _out_of_reach,
    _best_unit,
)
