"""Pages kept as they were written until anything that they say could have changed (docs/decisions/0021).

A page is found again only by all it depends on: what was asked, what its reader may see, the roll-up's generation of
its unit, the count of changes in every other table it reads (models/change_count.py), the day, the deadlines that have
passed, and this code. Who is logged in, the menu and messages are written around it at each view, and its parts are
written without the request, so that nothing of one reader stands in what another is shown. While a change waits for
its roll-up, and for joined boundaries, no page is kept or found.
"""

import hashlib
import json
import logging
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import django
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from reporting.models import ChangeCount, KeptPage, PeriodDeadline, Report
from reporting.rollup import generation
from taskforces.clock import now_for
from taskforces.scope import Right, held_open, postings, sees_everything

from .choices import Choice, unit_asked

logger = logging.getLogger(__name__)
PARTS = ("title", "head", "body_class", "context_bar", "main_class", "main", "scripts")  # blocks of base.html


@cache
def code() -> str:
    """Fingerprint of what writes pages: all modules and templates."""
    found = hashlib.sha256(django.__version__.encode())
    folders = [settings.BASE_DIR / name for name in ("de_an_06", "reporting", "taskforces", "templates")]
    for file in sorted(f for folder in folders for ending in ("*.py", "*.html") for f in folder.rglob(ending)):
        found.update(file.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class PageStanding:
    """How all stands that a page of this unit depends on; read before anything that the page says."""

    unit_id: int | None
    digest: str  # '' while nothing may be kept

    @classmethod
    def of(cls, request: HttpRequest) -> "PageStanding":
        unit_id = unit_asked(request)
        if settings.DEBUG or unit_id is None:
            return cls(unit_id, "")
        now = now_for(request.user)
        figures = generation.standing(unit_id, [])
        if not figures.may_keep:
            return cls(unit_id, "")
        changes = ChangeCount.objects.total()
        if not changes:  # the triggers are not there
            return cls(unit_id, "")
        of_levels = PeriodDeadline.objects.filter(due_at__lte=now).values_list("due_at")
        of_reports = Report.objects.filter(own_due_at__lte=now).values_list("own_due_at")
        passed = of_levels.union(of_reports, all=True).count()
        day = timezone.localdate(now)
        return cls(unit_id, _digest([code(), figures.own, figures.of_all, changes, day, passed]))


def kept_page(
    request: HttpRequest,
    standing: PageStanding,
    choice: Choice,
    template: str,
    make_context: Callable[[], dict],
    *asked: object,
) -> HttpResponse:
    """The page of this template: as it is kept, else written with what `make_context` gives, and kept.

    `asked`: all that the page knows of the address beside the choice, as it was understood: few values are possible,
    so an address cannot fill the table. What `make_context` raises is kept by nobody.
    """
    stands = "" if choice.is_joined or choice.typed or choice.span is None else standing.digest
    question = [template, request.path, choice.query(), asked, sees_everything(request.user)]
    urges = _urges(request)
    key = _digest([*question, sorted({p.unit_id for p in postings(request.user)}), urges])
    parts = _find(choice.unit_id, key, stands)
    if parts is None:
        parts = _write(template, make_context())
        if stands:
            _keep(choice.unit_id, key, stands, parts)
    return _around(request, parts, urges)


def fresh_page(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    """The same page for this one view: neither found nor kept."""
    return _around(request, _write(template, context), _urges(request))


def _around(request: HttpRequest, parts: dict[str, str], urges: list[int]) -> HttpResponse:
    written = {name: mark_safe(text) for name, text in parts.items()}  # noqa: S308 - by our templates
    return render(request, "reporting/kept_page.html", written | {"may_urge": bool(urges)})


def _urges(request: HttpRequest) -> list[int]:
    return sorted({p.unit_id for p in held_open(request.user, Right.URGE)})


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _find(unit_id: int, key: str, stands: str) -> dict[str, str] | None:
    if not stands:
        return None
    row = KeptPage.objects.filter(unit_id=unit_id, key=key, stands=stands).first()
    return json.loads(zlib.decompress(row.content)) if row else None


def _write(template: str, context: dict) -> dict[str, str]:
    """Each block of the page by name; the mark between them is not to be guessed by what stands in one."""
    mark = secrets.token_hex(16)
    text = render_to_string(template, context | {"parent": "reporting/kept_parts.html", "mark": mark})
    return {name: part.strip() for name, part in zip(PARTS, text.split(mark), strict=True)}


def _keep(unit_id: int, key: str, stands: str, parts: dict[str, str]) -> None:
    """A page that cannot be kept is shown all the same."""
    row = KeptPage(unit_id=unit_id, key=key, stands=stands, content=zlib.compress(json.dumps(parts).encode(), 1))
    values = ["stands", "content", "made_at"]
    try:
        with transaction.atomic():
            KeptPage.objects.bulk_create(
                [row], update_conflicts=True, unique_fields=["unit", "key"], update_fields=values
            )
    except DatabaseError:
        logger.warning("page %s of unit %s could not be kept", key, unit_id, exc_info=True)
