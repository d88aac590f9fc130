"""Which sheets there are, and who may bring them in or take them out."""

from dataclasses import dataclass

from taskforces.models import ImportJob
from taskforces.scope import has_a_place, may_import, may_import_accounts, may_import_units

from .account_rows import AccountRoster
from .figure_rows import AssignmentRoster, TargetRoster
from .register_rows import MemberRoster, TaskForceRoster, VillageTeamRoster
from .resources import Roster
from .unit_rows import UnitRoster

Kind = ImportJob.Kind
ROSTERS: dict[str, type[Roster]] = {
    Kind.TASK_FORCES: TaskForceRoster,
    Kind.MEMBERS: MemberRoster,
    Kind.VILLAGE_TEAMS: VillageTeamRoster,
    Kind.ASSIGNMENTS: AssignmentRoster,
    Kind.USERS: AccountRoster,
    Kind.TARGETS: TargetRoster,
    Kind.UNITS: UnitRoster,
}


@dataclass(frozen=True)
class About:
    """What people are told about a sheet, and its name in addresses."""

    slug: str
    text: str


ABOUT: dict[str, About] = {
    Kind.TASK_FORCES: About("to-cong-tac", "Mỗi dòng một tổ, kèm quyết định thành lập."),
    Kind.MEMBERS: About("thanh-vien", "Mỗi dòng một người trong một tổ; tổ phải có trong sổ trước."),
    Kind.VILLAGE_TEAMS: About("to-thon", "Mỗi dòng một thôn, ấp, khu phố."),
    Kind.ASSIGNMENTS: About("nhiem-vu", "Mỗi dòng một nhiệm vụ giao cho một đơn vị; văn bản phải có trong danh mục."),
    Kind.USERS: About("tai-khoan", "Mỗi dòng một phân công; tài khoản mới nhận đường dẫn đặt mật khẩu dùng một lần."),
    Kind.TARGETS: About("chi-tieu", "Mỗi dòng một chỉ tiêu của một đơn vị trong một năm."),
    Kind.UNITS: About("don-vi", "Mỗi dòng một tên gọi của đơn vị theo thời gian; chỉ quản trị."),
}
BY_SLUG = {about.slug: kind for kind, about in ABOUT.items()}


def may_bring_in(user, kind: str) -> bool:
    if kind == Kind.UNITS:
        return may_import_units(user)
    return may_import_accounts(user) if kind == Kind.USERS else may_import(user)


def may_take_out(user, kind: str) -> bool:
    """Who sees a register may take its rows away (without contacts); accounts and units only those who keep them."""
    if kind in {Kind.UNITS, Kind.USERS}:
        return may_bring_in(user, kind)
    return has_a_place(user)


def kinds_for(user) -> list[str]:
    """The kinds a person may bring in, in the order of the pages."""
    return [kind for kind in ROSTERS if may_bring_in(user, kind)]
