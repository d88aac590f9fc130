"""The demonstration's logins and invented names. No name here is of a real person."""

import datetime as dt
import random
from dataclasses import dataclass

from taskforces.models import Branch, Role

PASSWORD = "TrinhDien-06"  # noqa: S105 – published in the README; refused when DEBUG is off
DAY_2024, DAY_2026 = dt.date(2024, 12, 16), dt.date(2026, 11, 16)


@dataclass(frozen=True)
class DemoPerson:
    """One login: postings are (unit code, role, branch)."""

    username: str
    full_name: str
    job_title: str
    day: dt.date
    postings: tuple[tuple[str, str, str], ...]
    phone: str = ""
    body: str = ""  # of a department, with the groups of its indicators
    groups: str = ""

    @property
    def since(self) -> dt.date:
        return dt.date(2023, 11, 1) if self.day == DAY_2024 else dt.date(2025, 7, 1)


PEOPLE = (
    # Đồng Nai 2026, two tiers
    DemoPerson(
        "vanphong.phuoclong",
        "Nguyễn Thị Hồng Nhung",
        "Công chức Văn phòng HĐND và UBND",
        DAY_2026,
        (("25217", Role.OFFICER, Branch.OFFICE),),
        "máy lẻ 131",
    ),
    DemoPerson(
        "congan.phuoclong",
        "Lê Văn Dũng",
        "Cán bộ Công an phường",
        DAY_2026,
        (("25217", Role.OFFICER, Branch.POLICE),),
        "máy lẻ 132",
    ),
    DemoPerson(
        "lanhdao.phuoclong",
        "Phạm Thị Hạnh",
        "Phó Chủ tịch UBND phường",
        DAY_2026,
        (("25217", Role.LEADER, ""),),
        "máy lẻ 130",
    ),
    DemoPerson(
        "duyet.dongnai",
        "Trần Quốc Bảo",
        "Thành viên Tổ giúp việc thành phố",
        DAY_2026,
        (("75", Role.REVIEWER, ""), ("75", Role.PROVINCIAL_STAFF, "")),
        "máy lẻ 214",
    ),
    DemoPerson(
        "chutich.dongnai",
        "Võ Minh Khoa",
        "Tổ trưởng Tổ công tác thành phố",
        DAY_2026,
        (("75", Role.CHAIR, ""),),
        "máy lẻ 201",
    ),
    DemoPerson(
        "tonghop.dongnai",
        "Đỗ Thu Hà",
        "Tổ giúp việc thành phố",
        DAY_2026,
        (("75", Role.PROVINCIAL_STAFF, ""),),
        "máy lẻ 206",
    ),
    DemoPerson(
        "kiemtra.dongnai", "Hồ Văn Kiểm", "Thanh tra thành phố", DAY_2026, (("75", Role.AUDITOR, ""),), "máy lẻ 230"
    ),
    DemoPerson(
        "quantri", "Đinh Công Trị", "Quản trị hệ thống", DAY_2026, (("00", Role.ADMINISTRATOR, ""),), "máy lẻ 250"
    ),
    DemoPerson(
        "hanhchinhcong.dongnai",
        "Trịnh Thị Hoài",
        "Phó Giám đốc Trung tâm Phục vụ hành chính công",
        DAY_2026,
        (("75", Role.DEPARTMENT, ""),),
        "máy lẻ 261",
        body="Trung tâm Phục vụ hành chính công",
        groups="online_services",
    ),
    DemoPerson(
        "sotuphap.dongnai",
        "Kiều Văn Lâm",
        "Chuyên viên Sở Tư pháp",
        DAY_2026,
        (("75", Role.DEPARTMENT, ""),),
        "máy lẻ 262",
        body="Sở Tư pháp",
        groups="civil_status",
    ),
    DemoPerson(
        "vanhoaxahoi.phuoclong",
        "Đặng Thị Thu Sương",
        "Công chức Phòng Văn hóa – Xã hội",
        DAY_2026,
        (("25217", Role.DEPARTMENT, ""),),
        "máy lẻ 136",
        body="Phòng Văn hóa – Xã hội",
        groups="health social_security",
    ),
    # Bình Phước 2024, three tiers
    DemoPerson(
        "vanphong.thacmo",
        "Tô Thị Mơ",
        "Công chức Văn phòng – Thống kê",
        DAY_2024,
        (("25216", Role.OFFICER, Branch.OFFICE),),
        "máy lẻ 11",
    ),
    DemoPerson(
        "congan.thacmo",
        "Cao Văn An",
        "Cán bộ Công an phường",
        DAY_2024,
        (("25216", Role.OFFICER, Branch.POLICE),),
        "máy lẻ 12",
    ),
    DemoPerson(
        "lanhdao.thacmo",
        "Bế Văn Tường",
        "Phó Chủ tịch UBND phường",
        DAY_2024,
        (("25216", Role.LEADER, ""),),
        "máy lẻ 10",
    ),
    DemoPerson(
        "duyet.phuoclong", "Lý Thị Duyên", "Tổ giúp việc thị xã", DAY_2024, (("688", Role.REVIEWER, ""),), "máy lẻ 41"
    ),
    DemoPerson(
        "chutich.phuoclong", "Vũ Văn Chung", "Chủ tịch UBND thị xã", DAY_2024, (("688", Role.CHAIR, ""),), "máy lẻ 40"
    ),
    DemoPerson(
        "duyet.binhphuoc", "Mạc Thị Thanh", "Tổ giúp việc tỉnh", DAY_2024, (("70", Role.REVIEWER, ""),), "máy lẻ 52"
    ),
    DemoPerson(
        "chutich.binhphuoc",
        "Đoàn Văn Phú",
        "Tổ trưởng Tổ công tác tỉnh",
        DAY_2024,
        (("70", Role.CHAIR, ""),),
        "máy lẻ 50",
    ),
    DemoPerson(
        "tonghop.binhphuoc",
        "Giang Thị Phước",
        "Tổ giúp việc tỉnh",
        DAY_2024,
        (("70", Role.PROVINCIAL_STAFF, ""),),
        "máy lẻ 53",
    ),
    DemoPerson(
        "tuphap.phuoclong",
        "Thái Văn Quý",
        "Phó Trưởng phòng Tư pháp thị xã",
        DAY_2024,
        (("688", Role.DEPARTMENT, ""),),
        "máy lẻ 44",
        body="Phòng Tư pháp",
        groups="civil_status online_services",
    ),
)

_FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
    "Điểu",
]
_MIDDLE = ["Văn", "Thị", "Minh", "Thu", "Quốc", "Ngọc", "Thanh", "Hữu", "Kim", "Đức"]
_GIVEN = [
    "An",
    "Bình",
    "Châu",
    "Dung",
    "Giang",
    "Hà",
    "Hạnh",
    "Hiếu",
    "Hòa",
    "Hùng",
    "Khánh",
    "Lan",
    "Linh",
    "Long",
    "Mai",
    "Nam",
    "Nga",
    "Phúc",
    "Quang",
    "Sơn",
    "Tâm",
    "Thảo",
    "Trung",
    "Tuấn",
    "Vân",
    "Yến",
]


def invented_name(rng: random.Random) -> str:
    """A plausible name of nobody in particular."""
    return f"{rng.choice(_FAMILY)} {rng.choice(_MIDDLE)} {rng.choice(_GIVEN)}"


def logins_as_text() -> str:
    """The table `make run` prints."""
    lines = [f"Password of every demonstration login: {PASSWORD}", ""]
    for day, title in (
        (DAY_2026, "Đồng Nai, November 2026 (two tiers)"),
        (DAY_2024, "Bình Phước, December 2024 (three tiers)"),
    ):
        lines.append(title)
        for person in PEOPLE:
            if person.day == day:
                roles = ", ".join(
                    " – ".join(filter(None, [str(Role(role).label), branch and str(Branch(branch).label), person.body]))
                    for _, role, branch in person.postings
                )
                lines.append(f"  {person.username:<20} {roles}")
    return "\n".join(lines)
