"""The ten figures of the one-stop table, each said once, in the order of the official form.

Groups stand in that order and each holds its figures in that order; every list of figures elsewhere (columns of the two
models, page, review, Excel, form, API, sums, checks) is read from here. Knows no model and no query.

A figure is None where it was not reported, which is never 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# How a figure comes about
TYPED = "typed"  # by the officer
CARRIED = "carried"  # last month's closing; typed only where last month left none
DERIVED = "derived"  # from the others by the identity
# What a figure is over several months
FLOW = "flow"  # the months added up
FIRST = "first"  # a state: the first month's
LAST = "last"  # a state: the last month's

Values = Mapping[str, int | None]  # figures by name


@dataclass(frozen=True)
class Figure:
    """One column of the table."""

    name: str
    label: str  # in full, where nothing stands above it: 'Tiếp nhận trực tuyến'
    short_label: str  # under the heading of its group: 'Trực tuyến'
    help: str  # how it is filled in
    filled: str = TYPED
    over_time: str = FLOW

    @property
    def in_sentence(self) -> str:
        """'tiếp nhận trực tuyến'."""
        return self.label[0].lower() + self.label[1:]


@dataclass(frozen=True)
class Group:
    """Columns that stand under one heading and make up one sum. A group of one figure has that figure's label."""

    name: str
    heading: str
    figures: tuple[Figure, ...]
    sum_label: str = ""  # where no table stands around the sum
    sign: int = 1  # in the identity: 1 came in, -1 went out or is still there

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(figure.name for figure in self.figures)

    @property
    def is_single(self) -> bool:
        return len(self.figures) == 1


@dataclass(frozen=True)
class Rate:
    """Some figures of a group over the group's sum; divided only when shown."""

    name: str
    label: str
    short_label: str  # under the heading 'Tỷ lệ'
    over: tuple[str, ...]
    under: Group


OPENING = Group(
    "opening",
    "Kỳ trước chuyển sang",
    (
        Figure(
            "opening",
            "Kỳ trước chuyển sang",
            "Chuyển sang",
            "Hồ sơ chưa giải quyết xong cuối kỳ trước chuyển sang. Hệ thống lấy từ báo cáo kỳ trước.",
            filled=CARRIED,
            over_time=FIRST,
        ),
    ),
)
RECEIVED = Group(
    "received",
    "Tiếp nhận trong kỳ",
    (
        Figure(
            "received_online",
            "Tiếp nhận trực tuyến",
            "Trực tuyến",
            "Hồ sơ nộp qua Cổng Dịch vụ công hoặc ứng dụng VNeID, được tiếp nhận trong kỳ.",
        ),
        Figure(
            "received_in_person",
            "Tiếp nhận trực tiếp",
            "Trực tiếp",
            "Hồ sơ nộp tại quầy, được tiếp nhận trong kỳ.",
        ),
        Figure(
            "received_postal",
            "Tiếp nhận qua bưu chính",
            "Bưu chính",
            "Hồ sơ nộp qua bưu chính công ích, được tiếp nhận trong kỳ.",
        ),
    ),
    sum_label="Hồ sơ tiếp nhận",
)
RESOLVED = Group(
    "resolved",
    "Đã giải quyết",
    (
        Figure(
            "resolved_early",
            "Giải quyết trước hạn",
            "Trước hạn",
            "Hồ sơ trả kết quả trong kỳ, trước ngày hẹn trả.",
        ),
        Figure(
            "resolved_on_time",
            "Giải quyết đúng hạn",
            "Đúng hạn",
            "Hồ sơ trả kết quả trong kỳ, đúng ngày hẹn trả.",
        ),
        Figure(
            "resolved_overdue",
            "Giải quyết quá hạn",
            "Quá hạn",
            "Hồ sơ trả kết quả trong kỳ, sau ngày hẹn trả.",
        ),
    ),
    sum_label="Đã giải quyết",
    sign=-1,
)
REJECTED = Group(
    "rejected",
    "Từ chối, rút, dừng",
    (
        Figure(
            "rejected",
            "Từ chối, rút, dừng",
            "Từ chối",
            "Hồ sơ bị từ chối, người dân rút, hoặc dừng giải quyết trong kỳ.",
        ),
    ),
    sign=-1,
)
PENDING = Group(
    "pending",
    "Đang giải quyết",
    (
        Figure(
            "pending_in_time",
            "Đang giải quyết trong hạn",
            "Trong hạn",
            "Hồ sơ cuối kỳ chưa xong, còn trong hạn. Hệ thống tự tính: chuyển sang + tiếp nhận − đã giải quyết "
            "− từ chối − đang quá hạn.",
            filled=DERIVED,
            over_time=LAST,
        ),
        Figure(
            "pending_overdue",
            "Đang giải quyết quá hạn",
            "Quá hạn",
            "Hồ sơ cuối kỳ chưa xong và đã quá ngày hẹn trả.",
            over_time=LAST,
        ),
    ),
    sum_label="Đang giải quyết",
    sign=-1,
)
GROUPS = (OPENING, RECEIVED, RESOLVED, REJECTED, PENDING)

ONLINE_RATE = Rate("online_rate", "Tỷ lệ trực tuyến", "Trực tuyến", ("received_online",), RECEIVED)
IN_TIME_RATE = Rate(
    "in_time_rate", "Tỷ lệ trước và đúng hạn", "Trước và đúng hạn", ("resolved_early", "resolved_on_time"), RESOLVED
)
RATES = (ONLINE_RATE, IN_TIME_RATE)

# --- what follows from the list

FIGURES = tuple(figure for group in GROUPS for figure in group.figures)
FIGURE = {figure.name: figure for figure in FIGURES}
GROUP_OF = {figure.name: group for group in GROUPS for figure in group.figures}
GROUP_STARTS = {group.figures[0].name for group in GROUPS}
FIGURE_FIELDS = tuple(FIGURE)
TYPED_FIELDS = tuple(figure.name for figure in FIGURES if figure.filled == TYPED)
(CARRIED_FIELD,) = (figure.name for figure in FIGURES if figure.filled == CARRIED)
(DERIVED_FIELD,) = (figure.name for figure in FIGURES if figure.filled == DERIVED)
FLOW_FIELDS = tuple(figure.name for figure in FIGURES if figure.over_time == FLOW)
FIRST_FIELDS = tuple(figure.name for figure in FIGURES if figure.over_time == FIRST)
LAST_FIELDS = tuple(figure.name for figure in FIGURES if figure.over_time == LAST)
RECEIVED_FIELDS = RECEIVED.fields
RESOLVED_FIELDS = RESOLVED.fields
PENDING_FIELDS = PENDING.fields
IN_TIME_FIELDS = IN_TIME_RATE.over
RATE_FIELDS = tuple(dict.fromkeys(name for rate in RATES for name in (*rate.over, *rate.under.fields)))  # all are flows


def headings(*, with_rates: bool = False) -> list[tuple[str, list[str]]]:
    """The two rows of table heads: (heading, heads of its columns); a single column has its heading alone."""
    return [
        (
            group.heading,
            [] if group.is_single else [figure.short_label for figure in group.figures] + _rates(group, with_rates),
        )
        for group in GROUPS
    ]


def _rates(group: Group, with_rates: bool) -> list[str]:
    return [rate.label for rate in RATES if with_rates and rate.under is group]


def total(values: Values, names: Iterable[str]) -> int | None:
    """Sum of some figures; None while one of them is blank."""
    parts = [values.get(name) for name in names]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def known_total(values: Values, names: Iterable[str]) -> int | None:
    """Sum of those that were reported, as every total of units reads them; None where none was."""
    known = [part for name in names if (part := values.get(name)) is not None]
    return sum(known) if known else None


def pending_in_time(values: Values) -> int | None:
    """What remains in time by the identity opening + received = resolved + rejected + pending.

    None while any other figure is blank; negative when more went out than came in (a hard problem, never stored).
    """
    others = [name for name in FIGURE_FIELDS if name != DERIVED_FIELD]
    signed = {name: value * GROUP_OF[name].sign for name in others if (value := values.get(name)) is not None}
    return total(signed, others)


def closing(values: Values | None) -> int | None:
    """Dossiers still open at the end of the month; the next month's opening. None while not reported."""
    return None if values is None else total(values, PENDING_FIELDS)


# What stands where no figure does, on pages and in files alike, and what it means.
NOT_MEANT = "x"  # as in statistical forms
SIGNS = {
    "blank": "chưa có số liệu; không phải là 0",
    "no_rate": "không tính được tỷ lệ vì mẫu số bằng 0 hoặc chưa có",
    "not_meant": "ô không có số: không cộng được, hoặc chỉ tiêu không có tổng số và tỷ lệ",
}
