"""Which services are in the headline rates, those over all services together (docs/decisions/0012).

A dated flag of the catalogue takes a service out. The flag in force on the last day of a month decides for that month's
dossiers, whatever span they are read in. Counts hold every service, and a service's own rate is never touched.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F, FilteredRelation, Q

from de_an_06.plain.spans import Month, months_label

from .models import Period, PublicService


@dataclass(frozen=True)
class LeftOut:
    """Services out of the headline rates: (service, first day, last day or None), in the order of the catalogue."""

    stays: tuple[tuple[PublicService, dt.date, dt.date | None], ...] = ()

    def of(self, period: Period) -> frozenset[int]:
        """The services out of that month's rates."""
        day = period.data_to
        return frozenset(s.pk for s, start, end in self.stays if start <= day and (end is None or day <= end))

    def in_any(self, periods: Iterable[Period]) -> bool:
        return any(self.of(period) for period in periods)

    def words(self, periods: Sequence[Period]) -> str:
        """'Thông báo lưu trú', with its months where these are not all of them; '' where every service is in."""
        out = {period.pk: self.of(period) for period in periods}
        names = []
        for service in dict.fromkeys(service for service, _, _ in self.stays):
            months = [Month(p.year, p.month) for p in periods if service.pk in out[p.pk]]
            if months:
                when = f" ({months_label(months)})" if len(months) < len(periods) else ""
                names.append(service.short_name + when)
        return ", ".join(names)

    def figures(self, periods: Iterable[Period]) -> Q:
        """Condition on rows of ServiceFigures: left out in the report's own month."""
        out = Q(pk__in=[])
        for period in periods:
            if services := self.of(period):
                out |= Q(report__period=period, service__in=services)
        return out

    def sql(self, months: Iterable[tuple[int, Period]], k: str, service: str) -> str:
        """SQL: is the service left out of month number `k`? `months` are numbered; '' where every service is in."""
        alike: dict[frozenset[int], list[int]] = {}
        for number, period in months:
            if services := self.of(period):
                alike.setdefault(services, []).append(number)
        each = (
            f"{service} IN ({', '.join(f'{pk:d}' for pk in sorted(services))})"
            f" AND {k} IN ({', '.join(f'{number:d}' for number in numbers)})"
            for services, numbers in alike.items()
        )
        return " OR ".join(each)


def read_services() -> tuple[dict[int, PublicService], LeftOut]:
    """Every service in order, and those left out of the headline rates; one query."""
    left_out = FilteredRelation("terms", condition=Q(terms__in_headline=False))
    rows = PublicService.objects.annotate(out=left_out, out_from=F("out__valid_from"), out_to=F("out__valid_to"))
    services: dict[int, PublicService] = {}
    stays = []
    for row in rows.order_by("order", "code", "out_from"):
        service = services.setdefault(row.pk, row)
        if row.out_from is not None:
            stays.append((service, row.out_from, row.out_to))
    return services, LeftOut(tuple(stays))
