"""Step 1, entry: the outreach log beside TT01 and TT02. The log proposes, the officer decides; nothing is filled in."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from de_an_06.plain.numbers import format_number
from reporting.models import CampaignGoal, Report
from taskforces.register.activities import outreach_sum

FROM_LOG = {"TT01": "times", "TT02": "audience"}  # indicator -> what of the log it counts


@dataclass(frozen=True, slots=True)
class LogFigure:
    """What is counted elsewhere for one indicator over the month's window; None where nothing was written down."""

    code: str
    value: int | None
    url: str  # the rows behind it
    source: str = "nhật ký tuyên truyền"

    @property
    def cell(self) -> str:
        return f"{self.code}.numerator"

    @property
    def text(self) -> str:
        return format_number(self.value)


def with_log(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Adds `log_times` and `log_audience`: sums of the unit's own log (units below report their own) in the window.

    And `has_campaign`: has a closed campaign a number for it too (see `campaigns.monthly`)?
    """
    window = (OuterRef("unit"), OuterRef("period__data_from"), OuterRef("period__data_to"))
    sums = {f"log_{name}": outreach_sum(name, *window) for name in FROM_LOG.values()}
    return reports.annotate(has_campaign=Exists(CampaignGoal.objects.proposing(*window)), **sums)


def log_figures(report: Report) -> dict[str, LogFigure]:
    """TT01 and TT02 by the log, of a report read `with_log`."""
    period = report.period
    url = f"{reverse('outreach-list')}?don_vi={report.unit_id}&tu={period.data_from}&den={period.data_to}"
    return {code: LogFigure(code, getattr(report, f"log_{name}"), url) for code, name in FROM_LOG.items()}
