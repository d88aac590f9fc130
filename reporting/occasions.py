"""Something happened of which people are to be told: one row in the transaction of the act, and nothing else there.

The acts call `happened` with the row of their log. Who is told, in which words and by what way, is decided later and
elsewhere (`reporting/reminders/`), so an act waits for no mail server and asks no question for it.
"""

from collections.abc import Sequence

from django.db.models import Model

from taskforces.models import Occasion, Reminder

from .models import Correction, DifficultyStep, ReportEvent, Urging

Kind = Reminder.Kind
# Log and act -> what people are told. An act that is not here is told to nobody.
TOLD: dict[tuple[type[Model], str], str] = {
    (ReportEvent, ReportEvent.Action.APPROVE): Kind.APPROVED,
    (ReportEvent, ReportEvent.Action.SEND_BACK): Kind.RETURNED,
    (ReportEvent, ReportEvent.Action.REOPEN): Kind.REOPENED,
    (DifficultyStep, DifficultyStep.Action.ANSWER): Kind.ANSWERED,
    (DifficultyStep, DifficultyStep.Action.RESOLVE): Kind.ANSWERED,
    (Urging, ""): Kind.URGED,
    (ReportEvent, ReportEvent.Action.EXTEND): Kind.EXTENDED,
    (Correction, ""): Kind.CORRECTED,
}


def happened(*rows: Model) -> None:
    """Call it in the transaction of the act; at most one statement. The same row twice tells once."""
    told = [(TOLD.get((type(row), getattr(row, "action", ""))), row.pk) for row in rows]
    _write([Occasion(kind=kind, subject=pk) for kind, pk in told if kind is not None])


def _write(occasions: Sequence[Occasion]) -> None:
    if occasions:
        Occasion.objects.bulk_create(occasions, batch_size=1000, ignore_conflicts=True)
