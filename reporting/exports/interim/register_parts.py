"""What the registers say, in sentences and rows: task forces, meetings, assignments, targets, campaigns, difficulties.

As of the last day of the figures (today at the latest); of campaigns and of answers to difficulties as of today, since
their days and answers are read as they stand.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.utils import timezone

from de_an_06.plain.numbers import format_number, format_rate, with_qualifier
from reporting.campaigns import progress as campaigns
from reporting.campaigns.days import RESOURCES
from reporting.difficulties import with_names
from reporting.models import Campaign, CampaignGoal, Difficulty, DifficultyStep
from reporting.models.difficulties import WAS_SENT
from reporting.reading import overview
from reporting.reading.against_targets import Assessment, Reached, actual_text, beside_figures, with_direction
from reporting.reading.overview import IndicatorTotal, Overview
from taskforces.models import Level, Meeting, Membership, SourceDocument, TaskForce, UnitVersion
from taskforces.register import assignment_counts, conclusions, counts

from .figure_parts import pair_words
from .wording import counted, listed, of_all, official_date, said

MOST_DIFFICULTIES = 40  # rows; the sentence above the table counts all
MOST_CONCLUSIONS = 60
_ANSWERS = (DifficultyStep.Action.ANSWER, DifficultyStep.Action.RESOLVE)


# Task forces ---------------------------------------------------------------------------------------------------------


def organisation_part(seen: Overview, day: dt.date) -> dict[str, Any]:
    """The task forces of the units below from the monthly reports, the unit's own from its register."""
    lines = {line.indicator.code: line for line in seen.indicators}
    return {
        "cau": said(
            *_own_task_forces(seen, day),
            _communes_with_one(lines, seen),
            _teams(lines.get("TC03"), lines.get("TC04"), "thôn, ấp, khu phố đã thành lập Tổ công tác"),
            _digital_teams(lines.get("TC05")),
        )
    }


def _own_task_forces(seen: Overview, day: dt.date) -> list[str]:
    found = []
    for row in counts.task_force_rows([seen.unit_id], day):
        if not row.seats:
            continue
        post = row.heads[0].post if row.heads else ""
        head = f", do {post} làm {head_word(row.task_force.kind)}" if post else ""
        found.append(f"{row.task_force.name} gồm {counted(row.seats)} thành viên{head}.")
    return found


def head_word(kind: str) -> str:
    """A committee has a Trưởng ban where a task force has a Tổ trưởng."""
    return "Trưởng ban" if kind == TaskForce.Kind.STEERING_COMMITTEE else Membership.Role.HEAD.label


def _communes_with_one(lines: dict[str, IndicatorTotal], seen: Overview) -> str:
    if seen.version.unit.level == Level.COMMUNE:
        return ""  # its own task force is named above
    return _teams(lines.get("TC01"), lines.get("TC02"), "đơn vị cấp xã đã thành lập Tổ công tác")


def _teams(founded: IndicatorTotal | None, members: IndicatorTotal | None, what: str) -> str:
    """'06/6 đơn vị cấp xã đã thành lập Tổ công tác với tổng 58 thành viên.'"""
    if founded is None or founded.pair.numerator is None or not founded.pair.denominator:
        return ""
    people = members.pair.numerator if members else None
    tail = f" với tổng {pair_words(members)} thành viên" if members and people else ""
    return f"{pair_words(founded)} {what}{tail}."


def _digital_teams(line: IndicatorTotal | None) -> str:
    if line is None or not line.pair.numerator:
        return ""
    return f"Có {pair_words(line)} Tổ công nghệ số cộng đồng."


# Meetings ------------------------------------------------------------------------------------------------------------


def meetings_part(seen: Overview, day: dt.date) -> dict[str, Any]:
    """Meetings of the unit's own task forces in the time of the figures, and what became of their conclusions."""
    first = seen.periods[0].data_from
    held = Meeting.objects.filter(task_force__unit=seen.unit_id, held_on__gte=first).held_by(day)
    meetings = list(held.order_by("held_on", "pk"))
    found = conclusions.of_meetings([m.pk for m in meetings], day) if meetings else []
    return {
        "cau": said(_held(meetings), _concluded(found)),
        "bang": [
            {
                "stt": format_number(i),
                "noi_dung": one.item.text,
                "cuoc_hop": f"{one.meeting.get_kind_display()} ngày {official_date(one.meeting.held_on)}",
                "han": official_date(one.due_on) if one.due_on else "",
                "ket_qua": _how_far(one),
            }
            for i, one in enumerate(found[:MOST_CONCLUSIONS], start=1)
        ],
    }


def _held(meetings: list[Meeting]) -> str:
    if not meetings:
        return ""
    kinds: dict[str, int] = {}
    for meeting in meetings:
        word = meeting.get_kind_display().lower()
        kinds[word] = kinds.get(word, 0) + 1
    each = listed(f"{counted(n)} {word}" for word, n in kinds.items())
    which = f" ({each})" if len(kinds) > 1 else f" {next(iter(kinds))}"
    return f"Trong kỳ đã tổ chức {counted(len(meetings))} cuộc họp{which}."


def _concluded(found: list[conclusions.Conclusion]) -> str:
    if not found:
        return ""
    done, late = sum(not c.open for c in found), sum(bool(c.tally.overdue) for c in found)
    is_some = f"{of_all(done, len(found))} kết luận đã thực hiện xong"
    sentence = is_some if done else f"{counted(len(found))} kết luận đang được thực hiện"
    tail = f", {counted(late)} kết luận quá hạn" if late else ""
    cut = (
        f" Bảng dưới ghi {format_number(MOST_CONCLUSIONS)} kết luận cần chú ý nhất."
        if len(found) > MOST_CONCLUSIONS
        else ""
    )
    return f"{sentence}{tail}.{cut}"


def _how_far(one: conclusions.Conclusion) -> str:
    tally = one.tally
    if tally.total == 1:
        return "Đã xong" if tally.done else "Quá hạn" if tally.overdue else "Đang thực hiện"
    late = f", {format_number(tally.overdue)} quá hạn" if tally.overdue else ""
    return f"{format_number(tally.done)}/{format_number(tally.total)} đơn vị đã xong{late}"


# Assignments ---------------------------------------------------------------------------------------------------------


def assignments_part(seen: Overview, day: dt.date) -> dict[str, Any]:
    """What each document gave to the unit and all under it; documents are never added to each other."""
    rows = assignment_counts.count_assignments(seen.unit_id, day)
    by_source = assignment_counts.by_source(rows)
    own = assignment_counts.by_source(r for r in assignment_counts.count_assignments(seen.unit_id, day, own=True))
    documents = SourceDocument.objects.in_bulk(list(by_source))
    table, sentences = [], []
    for pk, count in sorted(by_source.items(), key=lambda pair: (pair[0] == assignment_counts.CONCLUSIONS, pair[0])):
        tally, document = count.tally, documents.get(pk)
        if not tally.total:
            continue
        table.append(
            {
                "van_ban": document.number if document else "Kết luận các cuộc họp",
                "duoc_giao": format_number(tally.total),
                "hoan_thanh": format_number(tally.done),
                "dang_lam": format_number(tally.total - tally.done - tally.overdue),
                "qua_han": format_number(tally.overdue),
            }
        )
        if document and pk in own and own[pk].tally.total:
            sentences.append(_of_document(document, own[pk]))
    return {"cau": said(_all_assignments(seen), *sentences), "bang": table}


def _all_assignments(seen: Overview) -> str:
    line = next((x for x in seen.indicators if x.indicator.code == overview.ASSIGNMENTS), None)
    if line is None or line.pair.numerator is None or not line.pair.denominator:
        return ""
    return f"{pair_words(line)} nhiệm vụ được giao đã hoàn thành, đạt {format_rate(*line.pair.rate)}."


def _of_document(document: SourceDocument, count: assignment_counts.SourceCount) -> str:
    """'Theo văn bản số 57/KH-UBND ngày 15/3/2022: chủ trì 06, phối hợp 18 nhiệm vụ, thuộc 02 nhóm nhiệm vụ, …'"""
    tally = count.tally
    parts = listed(
        f"{word} {counted(n)} nhiệm vụ" for word, n in (("chủ trì", tally.lead), ("phối hợp", tally.cooperating)) if n
    )
    groups = [
        f"{counted(n)} nhóm {word}"
        for n, word in ((len(count.task_groups), "nhiệm vụ"), (count.utility_groups, "tiện ích"))
        if n
    ]
    inside = f", thuộc {listed(groups)}" if groups else ""
    done = f"; đã hoàn thành {of_all(tally.done, tally.total)}" if tally.done else ""
    late = f"; quá hạn {counted(tally.overdue)}" if tally.overdue else ""
    head = f"Theo văn bản số {document.number} ngày {official_date(document.issued_on)}"
    return f"{head}: {parts}{inside}{done}{late}."


# Targets -------------------------------------------------------------------------------------------------------------


def targets_part(seen: Overview) -> dict[str, Any]:
    """Targets of the year of the last month, and of that month; they are not held against joined figures."""
    if seen.joined:
        return {"cau": [], "bang": []}
    found = beside_figures(seen.unit_id, seen.version.unit.level, seen.periods[-1])
    every = [one for ones in found.values() for one in ones]
    return {
        "cau": said(_assessed(every)),
        "bang": [
            {
                "noi_dung": f"{one.target.label}, {one.target.span_label}",
                "chi_tieu": with_direction(one.target.value, one.target),
                "ket_qua": actual_text(one),
                "danh_gia": str(one.assessment).capitalize(),
            }
            for one in every
        ],
    }


def _assessed(every: list[Reached]) -> str:
    with_figures = [one for one in every if one.assessment != Assessment.NO_DATA]
    if not with_figures:
        return ""
    exceeded = sum(one.assessment == Assessment.EXCEEDED for one in with_figures)
    reached = exceeded + sum(one.assessment == Assessment.MET for one in with_figures)
    without = len(every) - len(with_figures)
    over = f", trong đó vượt {counted(exceeded)}" if exceeded else ""
    rest = f"; {counted(without)} chỉ tiêu chưa có số liệu" if without else ""
    return f"{of_all(reached, len(with_figures))} chỉ tiêu được giao đã đạt{over}{rest}."


# Campaigns -----------------------------------------------------------------------------------------------------------


def campaigns_part(seen: Overview, by, today: dt.date) -> dict[str, Any]:
    """Campaigns that lasted in the time of the figures, of the units under this one that `by` may see."""
    first, last = seen.periods[0].data_from, seen.periods[-1].data_to
    under = set(UnitVersion.objects.under(seen.unit_id).values_list("unit_id", flat=True))
    found = Campaign.objects.filter(first_day__lte=min(last, today), last_day__gte=first)
    taking_part = CampaignGoal.objects.filter(unit__in=under, measure__campaign__in=found).values("measure__campaign")
    sentences: list[str] = []
    for campaign in campaigns.visible_to(by).filter(pk__in=taking_part).order_by("first_day", "pk"):
        sentences += _of_campaign(campaign, under, by, today)
    return {"cau": sentences}


def _of_campaign(campaign: Campaign, under: set[int], by, today: dt.date) -> list[str]:
    when = f"{official_date(campaign.first_day)} đến hết ngày {official_date(campaign.last_day)}"
    head = f"{campaign.name} (từ ngày {when}, {counted(campaign.length)} ngày):"
    parts, is_whole = [], True
    for measure in campaign.measures.all():
        found = campaigns.progress(by, campaign, measure, today)
        rows = [row for row in found.rows if row.unit.pk in under]
        is_whole = is_whole and len(rows) == found.units
        parts += _of_measure(replace(found, rows=rows), whole=len(rows) == found.units)
    if is_whole:
        parts += _resources(campaign, by)
    return [f"{head} {' '.join(parts)}"] if parts else []


def _of_measure(found: campaigns.CampaignProgress, *, whole: bool) -> list[str]:
    if found.done is None:
        return []
    measure, until = found.measure, f"đến ngày {official_date(found.day)}"
    if not found.goal:
        amount = with_qualifier(counted(found.done), found.said.word)
        sentences = [f"{measure.name} {until}: {amount} {measure.unit_of_measure}."]
    else:
        amount = of_all(found.done, found.goal, found.said.word)
        rate = format_rate(found.done, found.goal)
        sentences = [f"{measure.name} {until}: {amount} {measure.unit_of_measure}, đạt {rate}."]
    finished = sorted(((row.finish, row) for row in found.rows if row.finish), key=lambda pair: pair[0].place)
    if finished and len(found.rows) > 1:
        finish, row = finished[0]
        first = ", về đích đầu tiên là" if whole and finish.place == 1 else ", trong đó có"
        of_first = of_all(row.done or 0, row.goal or 0)
        sentences.append(f"{of_all(len(finished), len(found.rows))} đơn vị đã về đích{first} {row.name} ({of_first}).")
    elif finished:
        sentences.append(f"Đã về đích ngày {official_date(finished[0][0].day)}.")
    return sentences


def _resources(campaign: Campaign, by) -> list[str]:
    day, sums = campaigns.resources_of(by, campaign)
    words = [f"{format_number(sums[name])} {label}" for name, label in RESOURCES.items() if sums.get(name)]
    return [f"Nguồn lực ngày {official_date(day)}: {', '.join(words)}."] if day and words else []


# Difficulties --------------------------------------------------------------------------------------------------------


def difficulties_part(seen: Overview) -> dict[str, Any]:
    """Those sent with the reports read, and what was answered; still waiting ones first, then the oldest."""
    inside = Difficulty.objects.filter(
        WAS_SENT, report__path__contains=f"/{seen.unit_id}/", report__period__in=seen.periods
    )
    waiting = Difficulty.State.OPEN
    found = sorted(with_names(inside), key=lambda d: (d.state != waiting, d.raised_at, d.pk))
    shown = found[:MOST_DIFFICULTIES]
    answers: dict[int, DifficultyStep] = {}
    steps = DifficultyStep.objects.filter(difficulty__in=[d.pk for d in shown], action__in=_ANSWERS)
    for step in steps.order_by("pk"):
        answers[step.difficulty_id] = step
    return {
        "cau": said(_raised(found)),
        "bang": [
            {
                "stt": format_number(i),
                "don_vi": one.reporter_name,
                "noi_dung": "\n".join(said(one.text, one.proposal and f"Kiến nghị: {one.proposal}")),
                "tra_loi": _answer(one, answers.get(one.pk)),
            }
            for i, one in enumerate(shown, start=1)
        ],
    }


def _raised(found: list[Any]) -> str:
    if not found:
        return ""
    kinds: dict[str, int] = {}
    for one in found:
        kinds[one.get_kind_display().lower()] = kinds.get(one.get_kind_display().lower(), 0) + 1
    each = listed(f"{counted(n)} về {word}" for word, n in sorted(kinds.items(), key=lambda pair: -pair[1]))
    answered = sum(one.state != Difficulty.State.OPEN for one in found)
    sentence = f"Các đơn vị nêu {counted(len(found))} khó khăn, vướng mắc ({each}); "
    sentence += f"{of_all(answered, len(found))} đã được trả lời."
    if len(found) > MOST_DIFFICULTIES:
        sentence += f" Bảng dưới ghi {format_number(MOST_DIFFICULTIES)} khó khăn, chưa trả lời ghi trước."
    return sentence


def _answer(one: Any, step: DifficultyStep | None) -> str:
    if step is None or one.state == Difficulty.State.OPEN:
        return "Chưa trả lời"
    when = official_date(timezone.localtime(step.at).date())
    word = "Đã giải quyết" if one.state == Difficulty.State.RESOLVED else "Đã trả lời"
    return f"{word} ngày {when}: {step.note}" if step.note else f"{word} ngày {when}"
