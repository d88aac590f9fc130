"""What closed campaigns propose for the monthly report. The officer takes it over by a button; nothing is filled in."""

import datetime as dt

from django.db.models import F, OuterRef, Subquery, Sum
from django.urls import reverse

from reporting.entry.outreach_log import LogFigure, log_figures
from reporting.models import CampaignDay, CampaignGoal, Indicator, Report


def proposals(report: Report) -> dict[str, LogFigure]:
    """Indicator -> the number beside it: of campaigns that feed reports, and of the unit's outreach log.

    What is counted within the month is the sum of the month's days; what is counted from the beginning or as it stands
    is the sum of the campaign up to the month's end. A sum over several days belongs to its last. Of two campaigns the
    later counts, the outreach log before either. The report is read `with_log`; one query, none without a campaign.
    """
    first, last = report.period.data_from, report.period.data_to
    found: dict[str, LogFigure] = {}
    for row in _closed(report, first, last) if report.has_campaign else ():
        value = row["in_month"] if row["over_time"] == Indicator.OverTime.FLOW else row["to_date"]
        if value is not None:
            url = reverse("campaign-detail", args=[row["campaign"]]) + f"?do={row['measure']}"
            found[row["code"]] = LogFigure(row["code"], value, url, row["name"])
    return found | log_figures(report)


def _closed(report: Report, first: dt.date, last: dt.date):
    """Measures of closed campaigns of that month in which the unit takes part, with its sums."""
    days = CampaignDay.objects.filter(measure=OuterRef("measure"), unit=OuterRef("unit"), day__lte=last).order_by()
    to_date = days.values("measure").annotate(sum=Sum("value")).values("sum")
    in_month = days.filter(day__gte=first).values("measure").annotate(sum=Sum("value")).values("sum")
    campaign = "measure__campaign__"
    goals = CampaignGoal.objects.proposing(report.unit_id, first, last)
    return goals.order_by(f"{campaign}last_day", "measure").values(
        "measure",
        campaign=F(f"{campaign}pk"),
        name=F(f"{campaign}name"),
        code=F("measure__indicator__code"),
        over_time=F("measure__indicator__over_time"),
        to_date=Subquery(to_date),
        in_month=Subquery(in_month),
    )
