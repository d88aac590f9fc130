"""What a person sees held against the model: the numbers of the dashboard as HTML, and the Excel file cell by cell."""

import math
import shutil
import subprocess
from collections import defaultdict
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

from .compare import Oracle, Question, Tally, number_text, rate_text, whole
from .model import ACTIVATION, FIGURES, RECEIVED, RESOLVED, STATES, Counts, Sums, add

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "path", "use", "circle", "rect"}
UNIT_CELLS = ("received", "online_rate", "resolved", "in_time_rate", "pending_overdue", "activation")
GROUPED = ("opening", *RECEIVED, "online_rate", *RESOLVED, "in_time_rate", "rejected", *STATES)  # as the table stands
OWN_REPORT = {"province": "cấp tỉnh", "district": "cấp huyện"}
NOTHING = "Chưa có số liệu"  # a card without a value
CARDS = {
    "Hồ sơ tiếp nhận": "received",
    "Tỷ lệ trực tuyến": "online_rate",
    "Trước và đúng hạn": "in_time_rate",
    "Đang quá hạn": "pending_overdue",
    "Kích hoạt VNeID": "activation",
}


# HTML ----------------------------------------------------------------------------------------------------------------


class Node:
    def __init__(self, tag: str, attributes: dict):
        self.tag, self.attributes, self.children = tag, attributes, []

    def all(self, tag: str, css: str = "") -> list["Node"]:
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag and (not css or css in (child.attributes.get("class") or "").split()):
                    found.append(child)
                found += child.all(tag, css)
        return found

    def first(self, tag: str, css: str = "") -> "Node | None":
        return next(iter(self.all(tag, css)), None)

    @property
    def small(self) -> str:
        change = self.first("small")
        return change.text if change else ""

    @property
    def text(self) -> str:
        """What is read; of a cell without the small change under its number."""
        read = [c for c in self.children if not (self.tag == "td" and isinstance(c, Node) and c.tag == "small")]
        parts = [c.text if isinstance(c, Node) else c for c in read]
        return " ".join(" ".join(parts).split())


class Tree(HTMLParser):
    """The page as nodes; HTML of the portal closes what it opens."""

    def __init__(self, html: str):
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        for k in range(len(self.open) - 1, 0, -1):
            if self.open[k].tag == tag:
                del self.open[k:]
                break

    def handle_data(self, data):
        self.open[-1].children.append(data)


def reporter(oracle: Oracle, unit: str, day) -> str:
    """As a report is named: a commune's by the commune, one of a unit above by its committee."""
    name, level = oracle.model.version(unit, day).name, oracle.world.units[unit].level
    return f"UBND {name[0].lower()}{name[1:]} ({OWN_REPORT[level]})" if level in OWN_REPORT else name


def section(page: Node, name: str) -> Node | None:
    return next((s for s in page.all("section") if s.attributes.get("aria-labelledby") == name), None)


def value_text(sums: Sums, measure: str, *, own: bool = False) -> str:
    over, under = sums.measure(measure, own=own)
    rates = {"online_rate", "in_time_rate", "online_rate_all", "in_time_rate_all", "activation"}
    return rate_text((over, under)) if measure in rates else number_text(over)


class Pages:
    """The dashboard of an oracle's world, through the test client of somebody who reads everything."""

    def __init__(self, oracle: Oracle, client):
        self.oracle, self.tally, self.client = oracle, oracle.tally, client

    def get(self, address: str, query: dict | None = None) -> Node:
        answer = self.client.get(address, query)
        assert answer.status_code == 200, (address, query, answer.status_code)
        return Tree(answer.content.decode()).root

    def check(self, q: Question, links: int = 2) -> None:
        basis = {"provisional": "tam-tinh", "official": "chinh-thuc"}[q.basis]
        query = {"don_vi": self.oracle.scene.pk[q.unit], "ky": q.stretch.key, "co_so": basis}
        page = self.get("/tong-quan/", query)
        sums = Sums(self.oracle.parts(q.unit, q.months, q.basis))
        counts = self.oracle.model.counts(q.unit, q.months, q.before, q.basis)
        total = counts.get("total", Counts())
        self.check_cards(q, page, sums)
        self.check_title(q, page, total)
        self.check_units(q, page, sums, counts, links)
        self.check_services(q, page, sums)
        self.check_indicators(q, page, sums, total)
        self.check_trend(q, page)

    def check_title(self, q: Question, page: Node, total: Counts) -> None:
        heading = page.first("h1").text
        pair = f"{number_text(total.reports)}/{number_text(total.expected_reports)}"
        alone = not self.oracle.model.children(q.unit, q.months[-1].last) and len(q.months) == 1
        if total.expected_reports and not alone:
            self.tally.same("page", f"{q} title", pair in heading or heading, True)
        who = section(page, "nop")
        if total.expected_reports:
            self.tally.same("page", f"{q} who", who and who.first("span", "num").text, pair)

    def check_cards(self, q: Question, page: Node, sums: Sums) -> None:
        cards = {card.first("dt").text: card for card in page.all("div", "stat")}
        compared = [self.oracle.model.compared(q.unit, q.months, b, q.basis) for b in (q.before, q.year) if b]
        for label, measure in CARDS.items():
            shown = cards[label].first("dd", "stat-value").text.removesuffix(" hồ sơ")
            self.tally.same("page", f"{q} card {measure}", shown, value_text(sums, measure) or NOTHING)
            if measure in {"online_rate", "in_time_rate"}:
                beside = [d.text for d in cards[label].all("dd", "stat-note") if d.text.startswith("(tính cả")]
                wanted = [value_text(sums, f"{measure}_all")] if any_left_out(self.oracle, q) else []
                got = [text.rpartition(": ")[2].removesuffix(")").strip() for text in beside]
                self.tally.same("page", f"{q} card {measure} of all", got, wanted)
            got = []
            for delta in cards[label].all("span", "delta"):
                amount = delta.first("span", "num")
                got.append(("down" if "giảm" in delta.text else "") + (amount.text if amount else "="))
            wanted = [text for units, *sides in compared if units and (text := change_text(measure, *sides))]
            self.tally.same("page", f"{q} changes of {measure}", got, wanted)
        over, under = sums.pair("TC07")
        shown = cards["Nhiệm vụ hoàn thành"].first("dd", "stat-value").text
        wanted = number_text(over) + ("" if under is None else f"/{number_text(under)}")
        self.tally.same("page", f"{q} card TC07", shown.replace(" /", "/"), wanted or NOTHING)

    def check_units(self, q: Question, page: Node, sums: Sums, counts: dict, links: int) -> None:
        """The table of units: each row by its name, the total under it, and some numbers followed to their rows."""
        table = section(page, "bang")
        children = self.oracle.model.children(q.unit, q.months[-1].last)
        if not children:
            self.tally.same("page", f"{q} no table of units", table, None)
            return
        by_child: dict = defaultdict(list)
        for part in self.oracle.parts(q.unit, q.months, q.basis, rows=True):
            by_child[part.child].append(part)
        shown = {*self.oracle.world.services, ACTIVATION}
        wanted = {c for c in counts if c != "total"} | {c for c, p in by_child.items() if shown & {x.code for x in p}}
        if not wanted:
            return
        names = {self.row_name(q, child, children): child for child in wanted}
        body = table.first("tbody").all("tr") if table else []
        self.tally.same("page", f"{q} rows", sorted(r.first("th").text for r in body), sorted(names))
        rows = [(r, names[r.first("th").text]) for r in body if r.first("th").text in names]
        followed = []
        for row, child in rows:
            here = Sums(by_child[child])
            cells = row.all("td")
            for cell, measure in zip(cells[1:7], UNIT_CELLS, strict=True):
                self.tally.same("page", f"{q} > {child} {measure}", cell.text, value_text(here, measure))
                if cell.first("a"):
                    followed.append((cell.first("a"), f"{q} > {child} {measure}"))
            c = counts.get(child, Counts())
            if c.expected_reports > 1:
                pair = f"{number_text(c.reports)}/{number_text(c.expected_reports)} báo cáo"
                self.tally.same("page", f"{q} > {child} status", cells[0].text, pair)
        foot = table.first("tfoot")
        for cell, measure in zip(foot.all("td")[1:7], UNIT_CELLS, strict=True):
            self.tally.same("page", f"{q} total {measure}", cell.text, value_text(sums, measure))
        for link, where in self.oracle.random.sample(followed, min(links, len(followed))):
            self.follow(link, where)

    def follow(self, link: Node, where: str) -> None:
        """The page behind a number begins with the number, and its rows add up to it."""
        page = self.get(link.attributes["href"])
        shown = page.first("h1").text.rpartition(": ")[2]
        self.tally.same("links", where, shown, link.text)

    def row_name(self, q: Question, child: str | None, children: set[str]) -> str:
        model, day = self.oracle.model, q.months[-1].last
        if child is None:
            return reporter(self.oracle, q.unit, day)
        if child in children:
            came = model.came_on(q.unit, child, q.months)
            return model.version(child, day).name + (f" (từ {came:%d/%m/%Y})" if came else "")
        left = model.left_on(q.unit, child, day)
        return f"{self.oracle.world.units[child].versions[-1].name} (đến {left:%d/%m/%Y})"

    def check_services(self, q: Question, page: Node, sums: Sums) -> None:
        table = section(page, "dich-vu")
        has_units = bool(self.oracle.model.children(q.unit, q.months[-1].last))
        rows = {}
        for row in table.first("tbody").all("tr") if table else []:
            head = row.first("th").text.split(" ", 1)[0]
            rows["" if head == "Cộng" else head] = row.all("td")
        same, now, before = (set(), None, None)
        if q.before:
            same, now, before = self.oracle.model.compared(q.unit, q.months, q.before, q.basis)
        for code in [*self.oracle.world.services, ""]:
            here = Sums([p for p in sums.parts if not code or p.code == code])
            if code not in rows:
                shown = [value_text(here, name) for name in GROUPED]
                self.tally.same("page", f"{q} {code} not shown", shown, [value_text(Sums([]), n) for n in GROUPED])
                continue
            cells = rows[code]
            if has_units:
                units = cells.pop(0)
                if code:
                    self.tally.same("page", f"{q} {code} units", units.text, number_text(len(sums.units.get(code, ()))))
            sides = (
                [Sums([p for p in side.parts if not code or p.code == code]) for side in (now, before)] if same else []
            )
            for name, cell in zip(GROUPED, cells, strict=True):
                self.tally.same("page", f"{q} {code}.{name}", cell.text, value_text(here, name, own=bool(code)))
                moved = small_text(*(side.measure(name, own=bool(code)) for side in sides)) if sides else ""
                self.tally.same("page", f"{q} {code}.{name} change", cell.small, moved)

    def check_indicators(self, q: Question, page: Node, sums: Sums, total: Counts) -> None:
        table = section(page, "chi-tieu")
        if not total.reports:
            return
        rows = {r.first("th").text.split(" ", 1)[0]: r for r in (table.all("tr") if table else []) if r.all("td")}
        for code, about in self.oracle.world.indicators.items():
            over, under = sums.pair(code)
            ratio = about.kind == "ratio"
            wanted = f"{number_text(over)}/{number_text(under)}" if ratio and over is not None else number_text(over)
            cells = [cell.text for cell in rows[code].all("td")]
            self.tally.same("page", f"{q} {code}", cells[2], wanted)
            self.tally.same("page", f"{q} {code} rate", cells[3], rate_text((over, under)) if ratio else "x")

    def check_trend(self, q: Question, page: Node) -> None:
        own = {m.key: m for m in self.oracle.model.months_of(q.unit, self.oracle.scene.begun)}
        rows = section(page, "xu-huong").first("tbody").all("tr")
        last = q.stretch.first + q.stretch.size - 1
        for k, row in zip(range(last - 11, last + 1), rows, strict=True):
            month = own.get((k // 12, k % 12 + 1))
            counts = (
                self.oracle.model.counts(q.unit, [month], [], q.basis).get("total", Counts()) if month else Counts()
            )
            texts = ["–", "–"]
            if counts.expected_reports and counts.reports * 2 >= counts.expected_reports:
                sums = Sums(self.oracle.parts(q.unit, [month], q.basis))
                texts = [rate_text(whole(sums.measure(m)) or (None, None)) for m in ("in_time_rate", "online_rate")]
            reports = f"{number_text(counts.reports)}/{number_text(counts.expected_reports)}"
            wanted = [*texts, reports if counts.expected_reports else ""]
            self.tally.same("page", f"{q} trend {k // 12}-{k % 12 + 1}", [c.text for c in row.all("td")], wanted)


def change_text(measure: str, now: Sums, before: Sums) -> str | None:
    """The change on the same units as a card says it; '=' for none, 'down' before a fall."""
    a, b = now.measure(measure), before.measure(measure)
    if measure in {"received", "pending_overdue"}:
        if a[0] is None or (not b[0] if measure == "received" else b[0] is None):
            return None
        change, places = Fraction(a[0] - b[0]), 0
        if measure == "received":
            change, places = change / b[0] * 100, 1
        if not change:
            return "="
    else:
        if not whole(a) or not whole(b):
            return None
        change, places = (Fraction(*a) - Fraction(*b)) * 100, 2
    scaled = abs(change) * 10**places
    text = str((scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)).rjust(places + 1, "0")
    amount = number_text(int(text[: len(text) - places])) + ("," + text[-places:] if places else "")
    if amount == "0,00" and measure not in {"received", "pending_overdue"}:
        return "="
    return ("down" if change < 0 else "") + amount + ("%" if measure == "received" else "")


def small_text(now: tuple, before: tuple) -> str:
    """The small change under a number: of a count, or of a rate in percentage points."""
    is_rate = now[1] is not None or before[1] is not None
    if is_rate:
        if not whole(now) or not whole(before):
            return ""
        change, places = (Fraction(*now) - Fraction(*before)) * 100, 2
    elif now[0] is None or before[0] is None:
        return ""
    else:
        change, places = Fraction(now[0] - before[0]), 0
    scaled = abs(change) * 10**places
    text = str((scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)).rjust(places + 1, "0")
    amount = number_text(int(text[: len(text) - places])) + ("," + text[-places:] if places else "")
    return "0" if amount in {"0", "0,00"} else ("−" if change < 0 else "+") + amount


# Excel ---------------------------------------------------------------------------------------------------------------

FIRST_ROW = 11
SHEET_FIGURES = (
    "opening",
    *RECEIVED,
    "received",
    *RESOLVED,
    "resolved",
    "rejected",
    *STATES,
    "pending",
    "online_rate",
    "in_time_rate",
)
RATED = (  # behind those of a unit where services are left out of the headline rates
    *("online_rate over", "online_rate under", "in_time_rate over", "in_time_rate under"),
    *("online_rate", "in_time_rate", "online_rate_all", "in_time_rate_all"),
)
HEADLINE_ROW = "Phần tính tỷ lệ chung"
NEITHER = "–"
OVERDUE = "Đang giải quyết quá hạn"
COMPARED = {
    "Hồ sơ tiếp nhận": RECEIVED,
    "Trong đó trực tuyến": ("received_online",),
    "Đã giải quyết": RESOLVED,
    "Trong đó trước và đúng hạn": ("resolved_early", "resolved_on_time"),
    OVERDUE: ("pending_overdue",),
}
COMPARED_RATES = (
    ("Hồ sơ tiếp nhận", "Trong đó trực tuyến", "Tỷ lệ trực tuyến"),
    ("Đã giải quyết", "Trong đó trước và đúng hạn", "Tỷ lệ trước và đúng hạn"),
)


class Books:
    """The Excel files of an oracle's world: what each cell should hold, also in a recalculated copy."""

    def __init__(self, oracle: Oracle, folder: Path):
        self.oracle, self.folder = oracle, folder

    def write(self, q: Question, number: int) -> tuple[Path, dict, str]:
        from de_an_06.plain.spans import Span
        from reporting.exports import excel

        path = self.folder / f"{self.oracle.world.seed}-{number}.xlsx"
        written = excel.write_summary(
            path,
            unit_id=self.oracle.scene.pk[q.unit],
            span=Span.parse(q.stretch.key),
            basis=q.basis,
            at=self.oracle.scene.now,
        )
        self.oracle.tally.same("excel", f"{q} differences on the cover", written.differences, [])
        return path, self.wanted(q), str(q)

    def wanted(self, q: Question) -> dict:
        """(sheet, row, column) -> value. Rows: 'n' + place by unit name, codes, 'TỔNG SỐ'."""
        o = self.oracle
        parts = o.parts(q.unit, q.months, q.basis)
        counts = o.model.counts(q.unit, q.months, q.before, q.basis)
        children = o.model.children(q.unit, q.months[-1].last)
        is_left_out = any_left_out(o, q)
        cells: dict = {}
        groups: dict = defaultdict(list)
        if children:
            groups |= {child: [] for child in [*children, *(c for c in counts if c != "total")]}
            for part in parts:
                groups.setdefault(part.child, []).append(part)
            named = {Pages.row_name(self, q, child, children): child for child in groups}
        else:
            groups[None] = parts
            named = {reporter(o, q.unit, q.months[-1].last): None}
        expected = reports = 0
        for name, child in named.items():
            c = counts.get(child if children else "total", Counts())
            expected, reports = expected + c.expected_reports, reports + c.reports
            cells["units", name, "expected"], cells["units", name, "reports"] = c.expected_reports, c.reports
            cells |= {("units", name, f): v for f, v in sheet_values(Sums(groups[child]), is_left_out).items()}
        cells["units", "TỔNG SỐ", "expected"], cells["units", "TỔNG SỐ", "reports"] = expected, reports
        shown = [p for group in groups.values() for p in group]
        cells |= {("units", "TỔNG SỐ", f): v for f, v in sheet_values(Sums(shown), is_left_out).items()}
        sums = Sums(parts)
        for code in o.world.services:
            if code in sums.units:
                cells["services", code, "units"] = len(sums.units[code])
                here = Sums([p for p in parts if p.code == code])
                cells |= {("services", code, f): v for f, v in sheet_values(here, own=True).items()}
        cells |= {("services", "TỔNG SỐ", f): v for f, v in sheet_values(sums, own=True).items()}
        if is_left_out:
            part = {name: sums.in_rates((name,)) for name in (*RECEIVED, *RESOLVED)}
            part |= {"received": sums.in_rates(RECEIVED), "resolved": sums.in_rates(RESOLVED)}
            part |= {name: sheet_values(sums)[name] for name in ("online_rate", "in_time_rate")}
            cells |= {("services", HEADLINE_ROW, f): v for f, v in part.items()}
        for code, about in o.world.indicators.items():
            over, under = sums.pair(code)
            rate = NEITHER if over is None or not under else over / under
            cells["indicators", code, "numerator"], cells["indicators", code, "denominator"] = over, under
            if about.kind == "ratio":
                cells["indicators", code, "rate"] = rate
            cells["indicators", code, "units"] = len(sums.units.get(code, ()))
        for block, before in enumerate((q.before, q.year)):
            same, *sides = o.model.compared(q.unit, q.months, before, q.basis) if before else [()]
            if same:
                listed = o.model.services_listed(q.unit, q.months, q.basis)
                found = self.compared(*sides, listed, is_left_out)
                cells |= {("compared", key, f"{name} {block}"): value for (key, name), value in found.items()}
        for unit, month, _, report in o.model.owed(q.unit, q.months):
            if report.status not in o.model.in_figures(q.basis):
                name = reporter(o, unit, month.last)
                cells["missing", f"{name} tháng {month.key[1]:02d}/{month.key[0]}", "owed"] = True
        by_source: dict = defaultdict(list)
        for part in parts:
            if part.code in o.world.services:
                by_source[o.world.units[part.unit].code, part.code, part.name].append(part.value)
        for (unit_code, code, name), values in by_source.items():
            cells["sources", f"{unit_code} {code}", name] = sum(values)
        for name in FIGURES:
            cells["sources", "TỔNG SỐ", name] = sums.dossiers((name,))
        return {cell: value for cell, value in cells.items() if value is not None}

    def compared(self, now: Sums, then: Sums, services: list[str], is_left_out: bool) -> dict:
        """(code or 'Cộng các dịch vụ công', figure and side) -> value of the sheet “So sánh”.

        `services`: those with a row now, as on the page.
        """
        found: dict = {}

        def put(key: str, figure: str, a, b) -> None:
            found[key, f"{figure} now"], found[key, f"{figure} then"] = a, b
            if a is not None and b is not None:
                found[key, f"{figure} change"] = a - b

        def put_ratio(key: str, names: tuple[str, str, str], a, b) -> None:
            for name, k in ((names[0], 1), (names[1], 0)):
                put(key, name, a[k], b[k])
            for side, pair in (("now", a), ("then", b)):
                if whole(pair):
                    found[key, f"{names[2]} {side}"] = pair[0] / pair[1]
            if whole(a) and whole(b):
                points = (Fraction(*a) - Fraction(*b)) * 10000
                size = (abs(points.numerator) * 2 + points.denominator) // (points.denominator * 2) / 100
                found[key, f"{names[2]} change"] = size if points > 0 else -size

        together = "Cộng các dịch vụ công"
        for key, codes in [(together, None), *((code, {code}) for code in services)]:
            a, b = ({n: s.dossiers(names, codes) for n, names in COMPARED.items()} for s in (now, then))
            for names in COMPARED_RATES:
                of_all = (*names[:2], f"{names[2]}, tính cả") if is_left_out and key == together else names
                put_ratio(key, of_all, *((side[names[1]], side[names[0]]) for side in (a, b)))
                if is_left_out and key == together:
                    rated = ({n: s.in_rates(COMPARED[n]) for n in names[:2]} for s in (now, then))
                    words = (*(f"{n}, phần tính tỷ lệ chung" for n in names[:2]), f"{names[2]} chung")
                    put_ratio(key, words, *((side[names[1]], side[names[0]]) for side in rated))
            put(key, OVERDUE, a[OVERDUE], b[OVERDUE])
        for code, about in self.world.indicators.items():
            if about.kind == "ratio":
                put_ratio(code, ("Tổng số", "Số đạt", "Tỷ lệ"), now.pair(code), then.pair(code))
            else:
                put(code, "Số đạt", now.pair(code)[0], then.pair(code)[0])
        return found

    @property
    def world(self):
        return self.oracle.world


def any_left_out(oracle: Oracle, q: Question) -> bool:
    return any(oracle.model.left_out(code, m.last) for code in oracle.world.left_out for m in q.months)


def sheet_values(sums: Sums, is_left_out: bool = False, *, own: bool = False) -> dict:
    """Of one row; `is_left_out`: with what the headline rates are of."""
    found: dict = {}
    if is_left_out:
        for name in ("online_rate", "in_time_rate"):
            found[f"{name} over"], found[f"{name} under"] = sums.measure(name)
    for name in (*SHEET_FIGURES, *(("online_rate_all", "in_time_rate_all") if is_left_out else ())):
        over, under = sums.measure(name, own=own)
        if "rate" in name:
            found[name] = NEITHER if over is None or not under else over / under
        else:
            found[name] = over
    return found


def read_book(path: Path) -> dict:
    """The same cells as a spreadsheet program would show them."""
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True, read_only=True)
    cells: dict = {}

    def rows(title: str):
        for row in book[title].iter_rows(min_row=FIRST_ROW, values_only=True):
            if row and any(value not in (None, "") for value in row):
                yield row

    def take(sheet: str, key: str, names, values) -> None:
        for name, value in zip(names, values, strict=False):
            if value not in (None, "", "x"):
                cells[sheet, key, name] = value

    for row in rows("Theo đơn vị"):
        is_plain = len(row) <= 7 + len(SHEET_FIGURES)  # the last three are words: services done online, targets
        names = SHEET_FIGURES if is_plain else (*SHEET_FIGURES[:-2], *RATED)
        take("units", row[1], ("expected", "reports", *names), row[2:])
    for row in rows("Theo dịch vụ"):
        key = row[1] or row[2]
        take("services", key, ("units", *SHEET_FIGURES), row[3:])
    for row in rows("Chỉ tiêu"):
        if row[1]:
            take("indicators", row[1], ("numerator", "denominator", "rate", "units"), row[5:9])
    for row in rows("So sánh"):
        key = row[0] if row[2] else None
        if row[1] == "Cộng các dịch vụ công" or key:
            for block in range((len(row) - 4) // 3):
                values = [None if v == NEITHER else v for v in row[4 + 3 * block : 7 + 3 * block]]
                take(
                    "compared",
                    key or row[1],
                    [f"{row[2]} {side} {block}" for side in ("now", "then", "change")],
                    values,
                )
    for row in rows("Chưa báo cáo"):
        if row[1]:
            cells["missing", f"{row[1]} {row[3]}", "owed"] = True
    sources: dict = defaultdict(list)
    for row in rows("Nguồn số liệu"):
        if row[1] == "TỔNG SỐ" or row[2] == "TỔNG SỐ":
            take("sources", "TỔNG SỐ", FIGURES, row[6:])
        elif len(row) > 6 and row[3]:
            for name, value in zip(FIGURES, row[6:], strict=False):
                sources[f"{row[0]} {row[3]}", name].append(value)
    for (key, name), values in sources.items():
        value = add(values)
        if value is not None:
            cells["sources", key, name] = value
    return cells


def compare_book(tally: Tally, kind: str, where: str, path: Path, wanted: dict) -> None:
    got = read_book(path)
    services = {row for sheet, row, _ in wanted if sheet in {"services", "indicators"}}
    for cell in sorted({*got, *wanted}, key=str):
        sheet, row, name = cell
        is_blank_row = sheet in {"services", "indicators"} and row not in services
        if is_blank_row and (name == "units" or got[cell] == NEITHER):  # nobody reported it: 0 units, no rate
            continue
        if sheet == "indicators" and name == "rate" and cell not in wanted and got[cell] == NEITHER:
            continue  # of a plain number
        says, model = got.get(cell), wanted.get(cell)
        if isinstance(says, float) and isinstance(model, float) and math.isclose(says, model, rel_tol=1e-12):
            model = says  # a spreadsheet program keeps 15 significant digits
        tally.same(kind, f"{where} {cell}", says, model)


def recalculate(books: list[Path], folder: Path) -> list[Path]:
    """Each book without its stored values, computed anew by LibreOffice; [] where there is none."""
    import openpyxl

    if shutil.which("soffice") is None or not books:
        return []
    bare, done = folder / "bare", folder / "recalculated"
    bare.mkdir(exist_ok=True)
    for path in books:
        openpyxl.load_workbook(path).save(bare / path.name)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        ["soffice", "--headless", profile, "--convert-to", "xlsx", "--outdir", str(done)]
        + [str(bare / path.name) for path in books],
        check=True,
        capture_output=True,
        timeout=60 + 20 * len(books),
    )
    return [done / path.name for path in books]
