"""Everything a template of the interim report is filled with, as texts; `placeholders.py` says what each of them is."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from de_an_06.plain.spans import Span
from reporting.models import Basis
from reporting.reading.finding_parts import Finding
from reporting.reading.findings import facts_of, findings
from reporting.reading.overview import Overview, begun_periods, overview
from reporting.rollup import generation, rollup
from taskforces.models import Level, TaskForce
from taskforces.register import counts
from taskforces.register.assignment_counts import tallies_below

from ..excel import completeness
from ..official_head import CAPITAL, NATIONAL_BODY, committee, date_to_fill
from . import narratives, register_parts
from .draft_conclusion import draft, sentence_of
from .figure_parts import hand_ins_part, indicators_part, services_part, units_part
from .wording import lower_first, official_date

DECISION = (
    "Thực hiện Quyết định số 06/QĐ-TTg ngày 06/01/2022 của Thủ tướng Chính phủ phê duyệt Đề án phát triển ứng dụng "
    "dữ liệu về dân cư, định danh và xác thực điện tử phục vụ chuyển đổi số quốc gia giai đoạn 2022-2025, "
    "tầm nhìn đến năm 2030 (Đề án 06)"
)


@dataclass
class Gathered:
    """What the report says: `texts` for the template, and what it was made of."""

    seen: Overview
    texts: dict[str, Any]
    found: list[Finding] = field(default_factory=list)  # what stands out
    draft: list[str] = field(default_factory=list)  # of the conclusion, whatever people made of it


def gather(unit_id: int, span: Span, basis: str, *, now: dt.datetime, by=None, is_joined: bool = False) -> Gathered:
    """Raises NoFigures where no month of the span has begun for the unit; `by` is who reads (None: a command)."""
    today = timezone.localtime(now).date()
    periods = begun_periods(today)
    wanted = {month.key for month in span.months}
    if generation.is_stale(unit_id, [period.pk for period in periods if period.key in wanted]):
        rollup.drain()  # totals that miss a saved change would not agree with the rows of the units
    seen = overview(unit_id, span, basis, now=now, periods=periods, is_joined=is_joined)
    day = min(today, seen.periods[-1].data_to)
    found = _findings(seen, periods, now, day)
    services = services_part(seen)
    drafted = draft(seen, found, services["cau"][:2])
    written = narratives.written_for(seen)
    texts = {
        **_head(seen, now, day),
        "to_chuc": register_parts.organisation_part(seen, day),
        "nop_bao_cao": hand_ins_part(seen),
        "hop": register_parts.meetings_part(seen, day),
        "nhiem_vu": register_parts.assignments_part(seen, day),
        "dich_vu_cong": services,
        "chi_tieu_chung": indicators_part(seen),
        "chi_tieu_giao": register_parts.targets_part(seen),
        "cao_diem": register_parts.campaigns_part(seen, by, today),
        "don_vi_truc_thuoc": units_part(seen),
        "luu_y": {"cau": [sentence_of(finding) for finding in found if finding.tone != "ok"]},
        "kho_khan": register_parts.difficulties_part(seen),
        "loi_van": written.texts,
        "ket_luan": written.conclusion or drafted,
        "ma_kiem_tra": "",  # given when the file is made
        "ma_qr": "",
    }
    return Gathered(seen, texts, found, drafted)


def draft_for(unit_id: int, span: Span, basis: str, *, now: dt.datetime) -> list[str]:
    """The draft of the conclusion alone; raises NoFigures."""
    today = timezone.localtime(now).date()
    periods = begun_periods(today)
    seen = overview(unit_id, span, basis, now=now, periods=periods)
    found = _findings(seen, periods, now, min(today, seen.periods[-1].data_to))
    return draft(seen, found, services_part(seen)["cau"][:2])


def _findings(seen: Overview, periods: list, now: dt.datetime, day: dt.date) -> list[Finding]:
    if seen.joined:
        return []
    is_newest = seen.periods[-1].pk == periods[-1].pk
    tallies = tallies_below(seen.unit_id, day)
    return findings(seen, facts_of(seen, periods=periods, now=now, day=day, is_newest=is_newest, tallies=tallies))


# The head and the end of the document --------------------------------------------------------------------------------


def _head(seen: Overview, now: dt.datetime, day: dt.date) -> dict[str, Any]:
    version, last, today = seen.version, seen.periods[-1], timezone.localtime(now)
    is_nation = version.unit.level == Level.NATION
    name = lower_first(version.name)
    area = "trên phạm vi cả nước" if is_nation else f"trên địa bàn {name}"
    what = "Kết quả thực hiện" if len(seen.periods) == 1 and seen.span.is_month else "Sơ kết thực hiện"
    first, until = official_date(seen.periods[0].data_from), official_date(min(last.data_to, today.date()))
    body, chief, head = _signing(seen, day)
    is_committee = body == TaskForce.Kind.STEERING_COMMITTEE.label
    return {
        "co_quan_cap_tren": "" if is_nation else committee(version),
        "co_quan": NATIONAL_BODY if is_nation else f"{body} Đề án 06".upper(),
        "ky_hieu": "/BC-BCĐ" if is_committee else "/BC-TCT",
        "dia_danh": CAPITAL if is_nation else version.short_name,
        "ngay_thang": date_to_fill(now),
        "trich_yeu": f"{what} Đề án 06 {seen.label} {area}",
        "don_vi": version.name,
        "ky": seen.label,
        "so_lieu_tu": first,
        "so_lieu_den": until,
        "muc_do": _completeness(seen),
        "mo_dau": [
            f"{DECISION}, {body} Đề án 06 {'' if is_nation else name + ' '}báo cáo kết quả thực hiện "
            f"{seen.span.label} (số liệu từ ngày {first} đến hết ngày {until}) như sau:"
        ],
        "ghi_chu": [*seen.notices, *_nothing_reported(seen)],
        "noi_nhan": _receivers(seen, body, "BCĐ" if is_committee else "TCT"),
        "thay_mat": f"TM. {body.upper()}",
        "chuc_vu": chief.upper(),
        "nguoi_ky": head,
    }


def _completeness(seen: Overview) -> str:
    """'Số liệu chính thức, 95/96 đơn vị'; of the one report of a unit without others below it only the first half."""
    owed, is_month = seen.submissions, len(seen.periods) == 1
    words = completeness(seen.basis, owed.reports, owed.expected_reports, is_month)
    return words if seen.has_units_below or not is_month or not owed.reports else words.partition(",")[0]


def _signing(seen: Overview, day: dt.date) -> tuple[str, str, str]:
    """The body that signs, what its head is called, and the name of its head where the register has one."""
    leading = [
        row for row in counts.task_force_rows([seen.unit_id], day) if row.task_force.kind in counts.LEADING_KINDS
    ]
    kind = leading[0].task_force.kind if leading else TaskForce.Kind.WORKING_GROUP
    heads = leading[0].heads if leading else ()
    name = heads[0].person.full_name if heads else ""
    return TaskForce.Kind(kind).label, register_parts.head_word(kind), name


def _nothing_reported(seen: Overview) -> list[str]:
    if seen.submissions.reports:
        return []
    done = "duyệt" if seen.basis == Basis.OFFICIAL else "gửi"
    return [f"Đến thời điểm lập báo cáo, chưa có báo cáo tháng nào của {seen.label} được {done}."]


def _receivers(seen: Overview, body: str, short: str) -> list[str]:
    above = seen.ancestors[-1] if seen.ancestors else None
    first = []
    if above is not None:
        is_nation = above.unit.level == Level.NATION
        name = "Tổ công tác Đề án 06 của Chính phủ" if is_nation else f"Tổ công tác Đề án 06 {lower_first(above.name)}"
        first.append(f"- {name} (để báo cáo);")
    if seen.version.unit.level != Level.NATION:
        first.append(f"- UBND {lower_first(seen.version.name)} (để báo cáo);")
    return [*first, f"- Thành viên {body};", f"- Lưu: VT, {short}."]
