"""Services done wholly online, in the Excel summary: by unit and by service.

Of each unit its own list by lead agency, of each service how many units have it. Units differ in range, so their lists
are never added.
"""

from de_an_06.plain.numbers import format_number
from reporting.entry.live_services import in_words
from reporting.models import ServiceTerms
from reporting.reading.lead_agencies import Tick, counted, last_lists
from reporting.reading.overview import Overview

from .sheets import Row, SheetColumn

LIVE_COLUMN = SheetColumn("live", "Dịch vụ toàn trình (số riêng của đơn vị)", width=34, text=True)
LIVE_UNITS = (
    SheetColumn("agency", "Cơ quan chủ trì", width=18, text=True),
    SheetColumn("own_live", "Đơn vị thực hiện toàn trình", width=12, text=True),
    SheetColumn("live_units", "Đơn vị trực thuộc thực hiện toàn trình", width=14, text=True),
)


class LiveCells:
    """The lists of a unit and of those right below it, in two queries; joined figures have none."""

    def __init__(self, view: Overview):
        self.unit_id = view.unit_id
        self.agencies = dict(ServiceTerms.objects.on(view.day).values_list("service_id", "lead_agency"))
        units = {view.unit_id, *(row.unit_id for row in view.rows)}
        self.lists: dict[int, list[Tick]] = {} if view.joined else last_lists(units, view.periods, view.basis)

    def of_unit(self, unit_id: int) -> str:
        """'Bộ Công an 4/11; 14 dịch vụ của ngành khác'."""
        return in_words(counted(self.lists.get(unit_id, [])))

    def of_service(self, service_id: int) -> Row:
        """Who leads it, is it done wholly online by the unit itself, and by how many of the units below."""
        found = {
            unit_id: tick.is_live
            for unit_id, ticks in self.lists.items()
            for tick in ticks
            if tick.service_id == service_id
        }
        own = found.pop(self.unit_id, None)
        return {
            "agency": self.agencies.get(service_id, ""),
            "own_live": "" if own is None else "Có" if own else "Chưa",
            "live_units": f"{format_number(sum(found.values()))}/{format_number(len(found))}" if found else "",
        }
