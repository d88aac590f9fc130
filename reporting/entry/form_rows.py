"""Step 1, entry, reading side: the raw rows behind a form, in a fixed number of queries."""

import datetime as dt

from django.db.models import Exists

from de_an_06.plain.spans import Month
from reporting.closing import is_closed
from reporting.figures import CARRIED_FIELD, FIGURE_FIELDS, closing
from reporting.models import (
    Explanation,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    LiveService,
    Report,
    ReportingSettings,
    ServiceFigures,
    ServiceTerms,
    Status,
)
from reporting.models.reports import LIVE_INDICATOR
from taskforces.models import UnitVersion
from taskforces.register import counts
from taskforces.units.tree import nearest_version

from .checks import IndicatorRow, ServiceRow


class FormRows:
    """Raw rows behind a form; `entry` changes `services` and `indicators` here and builds the form again."""

    def __init__(self, report: Report):
        self.report = report
        period = report.period
        self.month = Month(period.year, period.month)
        self.is_open = report.is_editable and not is_closed(report)
        day = period.data_to
        name = getattr(report, "unit_name", None)  # pages read it in the same query as the report
        if name is None:
            versions = list(UnitVersion.objects.filter(unit_id=report.unit_id))
            name = nearest_version(versions, day).name if versions else str(report.unit)
        self.unit_name: str = name
        self._read_terms(day)
        self._read_figures()
        self.alike_percent = ReportingSettings.load().alike_percent
        self.explanations = {
            (e.check_code, e.cell): e for e in Explanation.objects.filter(report=report).select_related("by")
        }

    def _read_terms(self, day: dt.date) -> None:
        report = self.report
        self.service_terms: list[ServiceTerms] = []
        self.online_only_since: dict[int, dt.date] = {}
        terms = ServiceTerms.objects.filter(valid_from__lte=day).select_related("service")
        for term in terms.order_by("service__order", "service__code", "valid_from"):
            if not term.online_only:
                self.online_only_since.pop(term.service_id, None)
            else:
                self.online_only_since.setdefault(term.service_id, term.valid_from)
            if (term.valid_to is None or term.valid_to >= day) and getattr(term, f"at_{report.level}", False):
                self.service_terms.append(term)
        self.indicator_terms = list(
            IndicatorTerms.objects.owed_by(report.level, day)
            .select_related("indicator")
            .annotate(has_list=Exists(LiveService.objects.filter(report=report)))  # with them: no query of its own
            .order_by("indicator__order", "indicator__code")
        )
        self.has_live_list = any(t.has_list for t in self.indicator_terms if t.indicator.code == LIVE_INDICATOR)

    def _read_figures(self) -> None:
        """Figures of this month and of the twelve before; which of those count as the unit's history."""
        report, period = self.report, self.report.period
        here = period.year * 12 + period.month
        months = {  # joined to the figures: one query each, whatever the number of months
            "report__unit_id": report.unit_id,
            "report__period__data_to__lte": period.data_to,
            "report__period__data_to__gte": period.data_to - dt.timedelta(days=400),
        }
        when = ("report__period__year", "report__period__month", "report__status")
        self.sent_months: set[int] = set()

        def months_ago(year: int, month: int, status: str) -> int | None:
            """0 for this month, 1 to 12 for an earlier one, None for one too long ago."""
            ago = here - (year * 12 + month)
            if 1 <= ago <= 12 and status in {Status.SUBMITTED, Status.APPROVED}:
                self.sent_months.add(ago)
            return ago if 0 <= ago <= 12 else None

        self.services: dict[int, dict[str, int | None]] = {}
        self.earlier_services: dict[tuple[int, int], dict[str, int | None]] = {}
        for row in ServiceFigures.objects.filter(**months).values("service_id", *when, *FIGURE_FIELDS):
            service_id, ago = row.pop("service_id"), months_ago(*(row.pop(name) for name in when))
            if ago == 0:
                self.services[service_id] = row
            elif ago is not None:
                self.earlier_services[service_id, ago] = row
        self.indicators: dict[int, dict[str, int | None]] = {}
        self.earlier_indicators: dict[tuple[int, int], tuple[int | None, int | None]] = {}
        self.qualifiers: dict[tuple[int, int], str] = {}  # (indicator, months ago): only where there is a word
        self.remarks: dict[int, str] = {}  # of this month's indicators
        pairs = IndicatorFigure.objects.filter(**months)
        names = ("indicator_id", "numerator", "denominator", "qualifier", "note")
        for indicator_id, numerator, denominator, qualifier, note, *moment in pairs.values_list(*names, *when):
            ago = months_ago(*moment)
            if qualifier and ago is not None:
                self.qualifiers[indicator_id, ago] = qualifier
            if note and ago == 0:
                self.remarks[indicator_id] = note
            if ago == 0:
                self.indicators[indicator_id] = {"numerator": numerator, "denominator": denominator}
            elif ago is not None:
                self.earlier_indicators[indicator_id, ago] = (numerator, denominator)
        if report.is_editable:
            self._count_register()
        self.stored_services = set(self.services)
        # last month's closing of each service, where there is one
        self.carried = {
            service_id: value
            for (service_id, ago), row in self.earlier_services.items()
            if ago == 1 and (value := closing(row)) is not None
        }

    def _count_register(self) -> None:
        """Until a report is sent its register figures are what the register says, as of the month's last day."""
        owed = [term.indicator for term in self.indicator_terms if term.indicator.owner == Indicator.Owner.REGISTER]
        if not owed:
            return
        unit_id = self.report.unit_id
        counted = counts.register_figures([unit_id], self.report.period.data_to)[unit_id]
        for indicator in owed:
            if indicator.code in counted:
                numerator, denominator = counted[indicator.code]
                self.indicators[indicator.pk] = {"numerator": numerator, "denominator": denominator}

    def figures(self, service_id: int) -> dict[str, int | None]:
        """Figures as they count now: while the report is open its opening is last month's closing as it stands."""
        stored = self.services.get(service_id) or dict.fromkeys(FIGURE_FIELDS)
        if self.is_open and service_id in self.carried:
            return {**stored, CARRIED_FIELD: self.carried[service_id]}
        return stored

    def service_row(self, term: ServiceTerms) -> ServiceRow:
        pk = term.service_id
        since = self.online_only_since.get(pk)
        if since is not None and since > self.report.period.data_from:
            since = None  # in the month of the change dossiers before it may have come in person
        return ServiceRow(
            code=term.service.code,
            name=term.service.short_name,
            figures=self.figures(pk),
            expected_opening=self.carried.get(pk) if self.report.prior_corrected else None,
            history=[self.earlier_services.get((pk, i)) if i in self.sent_months else None for i in range(1, 13)],
            previous=self.earlier_services.get((pk, 1)),
            online_only_since=since,
            month=self.month,
        )

    def indicator_row(self, indicator: Indicator) -> IndicatorRow:
        pair = self.indicators.get(indicator.pk, {})
        months = range(1, 13)
        return IndicatorRow(
            code=indicator.code,
            name=indicator.name,
            kind=indicator.kind,
            over_time=indicator.over_time,
            numerator=pair.get("numerator"),
            denominator=pair.get("denominator"),
            may_exceed_total=indicator.may_exceed_total,
            owed=indicator.owner != Indicator.Owner.REGISTER,
            history=[self.earlier_indicators.get((indicator.pk, i)) if i in self.sent_months else None for i in months],
            month=self.month,
        )
