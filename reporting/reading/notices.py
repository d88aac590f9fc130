"""What a reader must know before comparing: the tree shown, months left out, values that are older."""

import datetime as dt

from de_an_06.plain.numbers import format_number
from de_an_06.plain.spans import Span, months_label
from reporting.models import Period
from taskforces.models import UnitVersion

from . import left_behind
from .compared import months_of
from .owed import Submissions

END_OF_DISTRICTS = dt.date(2025, 7, 1)


def notices(
    span: Span,
    read: list[Period],
    periods: list[Period],
    version: UnitVersion,
    owed: Submissions,
    left: list[left_behind.LeftBehind],
    today: dt.date,
) -> list[str]:
    """What a reader must know before comparing: the tree shown, months left out, values that are older."""
    said = [left_behind.words(left)] if left else []
    wanted, begun = {m.key for m in span.months}, {p.key for p in periods}
    first, last = read[0], read[-1]
    if first.data_from < END_OF_DISTRICTS <= last.data_to:
        said.append(
            "Từ 01/07/2025 không còn cấp huyện; các xã, phường và nhiều tỉnh là đơn vị mới. "
            f"Kỳ này xếp theo địa giới ngày {last.data_to:%d/%m/%Y}."
        )
    if {p.key for p in read} != wanted & begun:
        which = months_label(months_of(read))
        said.append(f"{version.name} chỉ có trong một phần của {span.label}: số liệu gồm {which}.")
    if not span.is_month and wanted - begun:
        said.append(f"Số liệu gồm {len(read)}/{len(wanted)} tháng: {months_label(months_of(read))}.")
    if not span.is_month and last.data_to >= today:
        said.append(f"{last.label.capitalize()} chưa kết thúc (đến hết {last.data_to:%d/%m/%Y}).")
    if owed.older:
        said.append(
            f"Số tồn và số lũy kế của {format_number(owed.older)} đơn vị là số của tháng gần nhất đơn vị đã nộp, "
            f"trước {last.label}."
        )
    return said
