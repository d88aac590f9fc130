"""What a page has read from the reports, kept until the roll-up makes anything under its unit anew
(docs/decisions/0014).

A part is what one function of the reading layer answered: the function, what it was asked and its answer stand
together, so the audit asks again. A row is found only by everything the answers depend on: the unit and its generation
(rollup/generation.py), the question (months with their windows, basis, catalogue, settings) and this code. While a
change waits for its roll-up the reports are read, and nothing is kept.
"""

import datetime as dt
import hashlib
import hmac
import logging
import pickle
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import django
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from reporting import figures, headline
from reporting.models import Indicator, KeptPage, KeptReading, Period
from reporting.rollup import generation

from .places import Stretch

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
DAYS_KEPT = 7  # since it was made
SEAL = hashlib.sha256().digest_size


def _code() -> str:
    """Fingerprint of the rules themselves: a new version of them reads nothing that an older one kept."""
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(figures.__file__), Path(headline.__file__)]
    return hashlib.sha256(b"\0".join([django.__version__.encode(), *(f.read_bytes() for f in files)])).hexdigest()


CODE = _code()


def asked(stretch: Stretch, indicators: Iterable[Indicator], *more: object) -> tuple:
    """All that the answers about a stretch depend on beside the reports and the tree, as a question of `Kept`."""
    months = [[(p.pk, p.data_from, p.data_to) for p in side] for side in (stretch.now, stretch.before)]
    out = [sorted(stretch.left_out.of(p)) for p in stretch.now]
    catalogue = sorted((i.pk, i.kind, i.over_time, i.over_units) for i in indicators)
    return stretch.basis, months, out, catalogue, *more


class Kept:
    """The parts of one question about one unit; `periods` are the months read, oldest first.

    `joined`: read together with the units it came from (joined.py); that depends on their links too, and is not kept.
    """

    def __init__(self, unit_id: int, question: object, periods: Sequence[Period], joined: bool = False):
        self.unit_id, self.periods = unit_id, periods
        self.key = hashlib.sha256(repr((CODE, unit_id, question)).encode()).hexdigest()
        self.standing = generation.standing(unit_id, [p.pk for p in periods], self.key)
        self.may_keep = not joined and self.standing.may_keep
        self._parts: dict[str, tuple] = {}
        if not joined and not self.standing.waits:
            self._parts = _open(self.standing.content) or {}
        self._is_new = False

    def of(self, name: str, function: Callable[..., Answer], *arguments: Any, **more: Any) -> Answer:
        """What the function answers. `name` tells this asking from the others of the same question."""
        if name not in self._parts:
            self._parts[name] = function, arguments, more, function(*arguments, **more)
            self._is_new = True
        return self._parts[name][3]

    def save(self) -> None:
        """Keeps what was read anew. A page that cannot write is shown all the same."""
        if not self._is_new or not self.may_keep:
            return
        self._is_new = False
        row = KeptReading(
            unit_id=self.unit_id,
            key=self.key,
            own=self.standing.own,
            of_all=self.standing.of_all,
            last_period=self.periods[-1],
            content=_seal(self._parts),
        )
        unique, values = ["unit", "key"], ["own", "of_all", "last_period", "content", "made_at"]
        try:
            with transaction.atomic():
                KeptReading.objects.bulk_create(
                    [row], update_conflicts=True, unique_fields=unique, update_fields=values
                )
        except DatabaseError:
            logger.warning("what was read of unit %s could not be kept", self.unit_id, exc_info=True)


def _seal(parts: dict) -> bytes:
    content = zlib.compress(pickle.dumps(parts, pickle.HIGHEST_PROTOCOL), 1)
    return _signature(content) + content


def _open(sealed: bytes | None) -> dict | None:
    """Only what this portal's key and this code have sealed is unpickled."""
    if sealed is None or not hmac.compare_digest(sealed[:SEAL], _signature(sealed[SEAL:])):
        return None
    return pickle.loads(zlib.decompress(sealed[SEAL:]))  # noqa: S301 - sealed


def _signature(content: bytes) -> bytes:
    return salted_hmac(CODE, content, algorithm="sha256").digest()


def remove_old() -> None:
    """What was made more than a week ago goes, pages too."""
    before = timezone.now() - dt.timedelta(days=DAYS_KEPT)
    KeptReading.objects.filter(made_at__lt=before).delete()
    KeptPage.objects.filter(made_at__lt=before).delete()


# The audit -----------------------------------------------------------------------------------------------------------

MOST_AUDITED = 500  # rows of a month, the newest


def differences(period: Period) -> list[str]:
    """Asks again all that is kept of pages whose last month this is; a sentence per row that says something else now.

    Such a row goes, so that the page reads the reports again. What changes meanwhile is no difference.
    """
    rows = KeptReading.objects.filter(last_period=period)
    found = []
    for row in rows.select_related("unit").order_by("-made_at", "-pk")[:MOST_AUDITED]:
        parts = _open(bytes(row.content)) or {}
        wrong = [
            name
            for name, (function, arguments, more, answer) in parts.items()
            if function(*arguments, **more) != answer
        ]
        if wrong and not generation.standing(row.unit_id, []).waits and KeptReading.objects.filter(pk=row.pk).exists():
            logger.error("kept of unit %s, question %s: %s", row.unit_id, row.key, ", ".join(wrong))
            row.delete()
            found.append(f"{row.unit}, số liệu đến {period.label}: kết quả đang lưu khác kết quả đọc lại từ báo cáo.")
    return found
