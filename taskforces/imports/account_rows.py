"""The sheet of accounts: each row is one posting, with the account it belongs to."""

import re

from django.contrib.auth.hashers import make_password

from reporting.models.catalogue import Indicator
from taskforces.models import Branch, Posting, PostingEvent, Role, User
from taskforces.people.postings import group_labels, in_catalogue_order
from taskforces.scope import GIVEN_BY_ADMINISTRATORS, may_give_posting, names_body, needs_second_person

from .columns import FULL_NAME, ROLE, SINCE, UNTIL, Day, Mail, OneOf, RosterColumn, Several, Text
from .resources import BATCH, Roster, in_parts

LOGIN, BRANCH = "Tên đăng nhập", "Bộ phận"
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
BODY, GROUPS = "Ban, ngành", "Nhóm chỉ tiêu phụ trách"
GIVEN = [(value, label) for value, label in Role.choices if value in GIVEN_BY_ADMINISTRATORS]
MAIL = "Thư công vụ"
ACCOUNT = ("full_name", "job_title", "work_phone", "email")


class AccountRoster(Roster):
    """Accounts with postings. A new account has no password: its owner sets one by a link that works once."""

    username = RosterColumn(
        "user__username",
        LOGIN,
        Text(40),
        required=True,
        key=True,
        width=20,
        example="nguyenvanan",
        note="Chữ thường không dấu, số, dấu chấm; không đổi về sau.",
    )
    full_name = RosterColumn(
        "user__full_name", FULL_NAME, Text(100), required=True, shared=True, example="Nguyễn Văn An", width=26
    )
    job = RosterColumn("user__job_title", "Chức vụ", Text(120), shared=True, example="Công chức Văn phòng", width=26)
    phone = RosterColumn("user__work_phone", "Điện thoại cơ quan", Text(30), shared=True, contact=True)
    mail = RosterColumn(
        "user__email",
        MAIL,
        Mail(254),
        shared=True,
        contact=True,
        width=28,
        note="Để gửi đường dẫn đặt mật khẩu; không có thì in phiếu.",
    )
    role = RosterColumn("role", ROLE, OneOf(GIVEN), required=True, key=True, example="Cán bộ nhập liệu", width=22)
    branch = RosterColumn(
        "branch",
        BRANCH,
        OneOf(Branch.choices),
        key=True,
        width=24,
        example="Văn phòng HĐND và UBND",
        note="Chỉ ghi cho Cán bộ nhập liệu.",
    )
    body = RosterColumn(
        "body", BODY, Text(160), key=True, width=24, note="Chỉ ghi cho Cán bộ ban, ngành; như ở nhiệm vụ được giao."
    )
    groups = RosterColumn(
        None,
        GROUPS,
        Several(dict(Indicator.Group.choices), "nhóm chỉ tiêu"),
        key=True,
        width=28,
        note="Chỉ ghi cho Cán bộ ban, ngành; nhiều nhóm cách nhau bằng dấu chấm phẩy.",
    )
    since = RosterColumn("valid_from", SINCE, Day(), required=True, key=True, example="01/12/2026")
    until = RosterColumn("valid_to", UNTIL, Day(), note="Để trống khi chưa có ngày kết thúc.")

    class Meta(Roster.Meta):
        model = Posting

    updates = ["valid_to"]
    not_cleaned = ["user", "unit", "substitutes_for"]

    def load(self, rows, unit_ids):
        self.users, self.postings = {}, {}
        names = {str(row.get(LOGIN) or "").strip().casefold() for row in rows}
        by_name = {name.casefold(): pk for pk, name in User.objects.values_list("pk", "username")}
        ids = [by_name[name] for name in names if name in by_name]
        for user in in_parts(User.objects.prefetch_related("postings"), "pk", ids):
            user.stored = tuple(getattr(user, name) for name in ACCOUNT)
            self.users[user.username.casefold()] = user
            for posting in user.postings.all():
                posting.user, posting.ended_before = user, posting.valid_to
                place = posting.unit_id, posting.role, posting.branch, posting.body, posting.valid_from
                self.postings[user.pk, *place] = posting
        self.paths = {place.unit.pk: place.path for place in self.places.values()}

    def find(self, row, place, number):
        name, role, since = self.read("username", row), self.read("role", row), self.read("since", row)
        branch, body = (self.read(column, row) or "" for column in ("branch", "body"))
        groups = in_catalogue_order(self.read("groups", row) or ())
        if name is not None and not USERNAME.fullmatch(name) and name.casefold() not in self.users:
            self.refuse(LOGIN, "Chỉ gồm chữ thường không dấu, số, dấu chấm, gạch; từ 3 đến 40 ký tự.")
        if role == Role.OFFICER and not branch:
            self.refuse(BRANCH, "Cán bộ nhập liệu phải ghi bộ phận.")
        if role and role != Role.OFFICER and branch:
            self.refuse(BRANCH, "Chỉ ghi bộ phận cho Cán bộ nhập liệu.")
        if role and names_body(role) and not body:
            self.refuse(BODY, "Cán bộ ban, ngành phải ghi ban, ngành nào.")
        if role and not names_body(role) and (body or groups):
            self.refuse(BODY, "Chỉ ghi ban, ngành và nhóm chỉ tiêu cho Cán bộ ban, ngành.")
        if place is None or name is None or role is None or since is None:
            return None, None
        if not may_give_posting(self.by, role, place.path):
            self.refuse(ROLE, f"Bạn không được giao vai trò {Role(role).label} ở {place.name}.")
        user = self.users.get(name.casefold())
        if user is None:
            user = self.users[name.casefold()] = User(username=name, must_change_password=True)
            user.stored = None
        elif user.pk and not self._may_keep(user):
            self.refuse(LOGIN, f"Tên “{name}” đã có người dùng nằm ngoài quyền của bạn. Chọn tên khác.")
        self.user = user
        self.values = {"unit": place.unit, "role": role, "branch": branch, "valid_from": since}
        self.values |= {"body": body, "groups": groups}
        key = (name.casefold(), place.unit.pk, role, branch, body, since)
        found = self.postings.get((user.pk, *key[1:])) if user.pk else None
        if found and groups and found.groups != groups:
            self.refuse(
                GROUPS, f"Đang phụ trách {group_labels(found.groups) or 'không nhóm nào'}; đổi bằng điều chuyển."
            )
        return found, key

    def _may_keep(self, user: User) -> bool:
        """Accounts with staff rights, or with a posting that the person could not give, are not theirs to change."""
        if user.is_staff or user.is_superuser:
            return False
        return all(
            may_give_posting(self.by, posting.role, self.paths.get(posting.unit_id, ""))
            for posting in user.postings.all()
        )

    def start(self, row, place):
        waits = bool(place) and needs_second_person(self.values["role"])
        posting = Posting(user=self.user, waits=waits, **self.values) if place else Posting(user=User())
        posting.ended_before = None
        return posting

    def check_row(self, posting, row):
        if posting.valid_to and posting.valid_from and posting.valid_to < posting.valid_from:
            self.refuse(UNTIL, "Ngày kết thúc phải sau ngày bắt đầu.")
        stored = getattr(posting.user, "stored", None)
        if stored is not None and posting.user.email != stored[ACCOUNT.index("email")]:
            self.refuse(MAIL, "Tài khoản đã có: chỉ chính người đó đổi thư công vụ, ở trang tài khoản của mình.")

    def save_before(self, created, updated):
        users = {id(posting.user): posting.user for posting in [*created, *updated]}.values()
        new = [user for user in users if user.pk is None]
        for user in new:
            user.password = make_password(None)
        User.objects.bulk_create(new, batch_size=BATCH)
        self.accounts = [user.pk for user in new]
        stored = [u for u in users if u.stored is not None and u.stored != tuple(getattr(u, n) for n in ACCOUNT)]
        User.objects.bulk_update(stored, list(ACCOUNT), batch_size=BATCH)

    def save_after(self, created, updated):
        note, action = f"Nhập từ tệp {self.file_name}", PostingEvent.Action
        events = [PostingEvent(posting=p, action=action.GIVEN, by=self.by, at=self.now, note=note) for p in created]
        events += [
            PostingEvent(posting=p, action=action.ENDED, by=self.by, at=self.now, note=note)
            for p in [*created, *updated]
            if p.valid_to and p.valid_to != p.ended_before
        ]
        PostingEvent.objects.bulk_create(events, batch_size=BATCH)

    def rows_of(self, units):
        """Only what the person could give back: a file taken out must be one that can be brought in."""
        self._load_places([])
        self.paths = {place.unit.pk: place.path for place in self.places.values()}
        held = Posting.objects.on(self.today).filter(unit__in=units, user__is_active=True)
        held = held.select_related("user", "unit").prefetch_related("user__postings")
        for posting in held.order_by("unit__code", "user__username", "pk"):
            if self._may_keep(posting.user):
                yield posting

    def dehydrate_groups(self, posting):
        return self.fields["groups"].widget.render(posting.groups.split())
