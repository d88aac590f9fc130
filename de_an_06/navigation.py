"""What the frame of every page shows: who, in which posting, and the places this role goes to."""

from taskforces.clock import now_for
from taskforces.models import Role
from taskforces.scope import may_import, postings

ENTERS = {Role.OFFICER, Role.LEADER}
REVIEWS = {Role.REVIEWER, Role.PROVINCIAL_STAFF}
READS_REVIEWS = {Role.CHAIR, Role.AUDITOR, Role.ADMINISTRATOR}


def frame(request):
    """`nav` (url name, label), `posting`, `posting_unit` (name valid today, else its last) and other postings."""
    user = getattr(request, "user", None)
    posting = getattr(request, "posting", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "posting": None}
    held = postings(user)
    nav = []
    if posting is not None:
        if posting.role in ENTERS:
            nav.append(("task-list", "Việc cần làm"))
        if posting.role in REVIEWS:
            nav.append(("review-list", "Duyệt báo cáo"))
        nav += [
            ("dashboard", "Tổng quan"),
            *([("review-list", "Báo cáo các đơn vị")] if posting.role in READS_REVIEWS else []),
            ("taskforce-list", "Tổ công tác"),
            ("assignment-list", "Nhiệm vụ"),
            ("difficulty-list", "Khó khăn"),
            ("export-list", "Xuất báo cáo"),
            ("unit-list", "Đơn vị"),
        ]
    return {
        "nav": nav,
        "posting": posting,
        "posting_unit": posting.unit_name if posting else "",
        "other_postings": [(p, p.unit_name) for p in held if p != posting],
        "demo_today": user.demo_today,
        "may_import": may_import(user),
        "printed_at": now_for(user),
    }
