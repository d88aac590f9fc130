"""What the frame of every page shows: who, in which posting, and the places this posting goes to."""

from django.conf import settings

from reporting.demo.notice import NOTES
from taskforces.clock import now_for
from taskforces.models import Posting
from taskforces.people import second_factor
from taskforces.scope import (
    Right,
    may_enter_administration,
    may_import,
    needs_second_factor,
    postings,
    rights_of,
)


def home_url_name(posting: Posting | None) -> str:
    """Where a person starts the day."""
    rights = rights_of(posting)
    if Right.SUBMIT in rights:
        return "task-list"
    if Right.REVIEW in rights:
        return "review-list"
    if Right.ACT_FOR_BODY in rights:
        return "body-work"
    return "dashboard"


def frame(request):
    """`nav` (url name, label), `posting`, `posting_unit` (name valid today, else its last) and other postings.

    `shut_out`: first a password of one's own or a second factor, so no place is offered that would not open.
    """
    user = getattr(request, "user", None)
    posting = getattr(request, "posting", None)
    if user is None or not user.is_authenticated:
        return {"nav": [], "own_posting": None}
    owed = _second_factor(user)
    shut_out = user.must_change_password or (owed is not None and owed["overdue"])
    held = [] if shut_out else postings(user)
    nav = []
    if not shut_out and (
        posting is not None or user.is_superuser
    ):  # who reads everything without a posting has the places of reading
        rights = rights_of(posting) if posting else {Right.READ_REVIEWS}
        reads_reviews = Right.READ_REVIEWS in rights
        works_on_reviews = reads_reviews and not rights.isdisjoint({Right.REVIEW, Right.CLOSE_MONTH})
        if Right.SUBMIT in rights:
            nav.append(("task-list", "Việc cần làm"))
        if Right.ACT_FOR_BODY in rights:
            nav.append(("body-work", "Việc của ban, ngành"))
        if works_on_reviews:
            nav.append(("review-list", "Duyệt báo cáo"))
        nav += [
            ("dashboard", "Tổng quan"),
            *([("review-list", "Báo cáo các đơn vị")] if reads_reviews and not works_on_reviews else []),
            ("taskforce-list", "Tổ công tác"),
            ("assignment-list", "Nhiệm vụ"),
            ("target-list", "Chỉ tiêu"),
            ("meeting-list", "Họp, kiểm tra"),
            ("campaign-list", "Cao điểm"),
            ("difficulty-list", "Khó khăn"),
            ("export-list", "Xuất báo cáo"),
            ("unit-list", "Đơn vị"),
        ]
    return {
        "nav": nav,
        "own_posting": posting,  # not `posting`: a page may speak of somebody else's
        "posting_unit": posting.unit_name if posting else "",
        "other_postings": [(p, p.unit_name) for p in held if p != posting],
        "unread": (held[0].unread or 0) if held else None,  # read with the postings: no query of its own
        "demo_today": user.demo_today,
        "demo_notes": NOTES if user.demo_today else (),
        "second_factor": owed,
        "shut_out": shut_out,
        "is_home": request.resolver_match is not None and request.resolver_match.view_name == home_url_name(posting),
        "demo_owes_second_factor": user.demo_today is not None and needs_second_factor(user),
        "may_import": may_import(user) and not shut_out,
        "may_enter_administration": may_enter_administration(user) and not shut_out,
        "printed_at": now_for(user),
    }


def _second_factor(user) -> dict | None:
    """What is said to who owes a second factor: the last day of the grace (None: it begins with the next login)."""
    if not second_factor.is_missing(user):
        return None
    return {
        "last_day": second_factor.last_day(user),
        "overdue": second_factor.is_overdue(user),
        "days": settings.SECOND_FACTOR_GRACE_DAYS,
    }
