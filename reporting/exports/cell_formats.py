"""How cells of the Excel summary look: made once for a book, since a format for each cell is what makes files slow."""

import datetime as dt

from de_an_06.plain.numbers import MINUS
from reporting.models.reports import QUALIFIERS

EXCEL_DAY_0 = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - days are counted from here, in the time of the place
FONT = "Times New Roman"
NUMBER, PERCENT, MOMENT = "#,##0", "0.00%", "dd/mm/yyyy hh:mm"
CHANGE, POINTS = f'+#,##0;"{MINUS}"#,##0;0', f'+0.00;"{MINUS}"0.00;0'


class Formats:
    """The few cell formats of a workbook."""

    def __init__(self, book):
        def add(**more):
            made = book.add_format({"font_name": FONT, "font_size": 11, "valign": "vcenter"} | more)
            made.cell = f'" s="{made._get_xf_index()}"'  # of a cell written as XML (quick_sheet.py)
            return made

        line = {"border": 1, "border_color": "#868B93"}
        head = line | {"bold": True, "align": "center", "text_wrap": True, "bg_color": "#F0F1F3"}
        total = line | {"bold": True, "bg_color": "#F0F1F3"}
        again = {"font_color": "#5B626B", "text_wrap": True}  # what the row above says already
        self.plain = add()
        self.wrap = add(text_wrap=True, valign="top")
        self.bold = add(bold=True)
        self.italic = add(italic=True)
        self.note = add(italic=True, text_wrap=True, valign="top")
        self.italic_right = add(italic=True, align="right")
        self.title = add(bold=True, font_size=15, align="center", text_wrap=True)
        self.subtitle = add(font_size=12, align="center", text_wrap=True)
        self.warning = add(bold=True, align="center", font_color="#7D4E00", text_wrap=True)
        self.head = add(**head)
        self.index = add(**(line | {"align": "center", "italic": True, "font_size": 9}))
        self.order = add(**(line | {"align": "center"}))
        self.text = add(**(line | {"text_wrap": True}))
        self.named, self.named_again = add(**(line | {"bold": True, "text_wrap": True})), add(**(line | again))
        self.plain_text = add(**line)
        self.number = add(**(line | {"align": "right", "num_format": NUMBER}))
        # A number said to be "hơn" or "gần" stays a number: the word is part of how it is shown.
        self.qualified = {
            word: add(**(line | {"align": "right", "num_format": f'"{word} "{NUMBER}'})) for word in QUALIFIERS
        }
        self.percent = add(**(line | {"align": "right", "num_format": PERCENT}))
        self.change = add(**(line | {"align": "right", "num_format": CHANGE}))
        self.points = add(**(line | {"align": "right", "num_format": POINTS}))
        self.moment = add(**(line | {"align": "center", "num_format": MOMENT}))
        self.group = add(**(line | {"bold": True, "italic": True}))
        self.total_text = add(**total)
        self.total_number = add(**(total | {"align": "right", "num_format": NUMBER}))
        self.total_percent = add(**(total | {"align": "right", "num_format": PERCENT}))
        # Of a column that shows what was made elsewhere (SheetColumn.shown): in a row, and in the row of totals
        kinds = {"number": NUMBER, "percent": PERCENT, "change": CHANGE, "points": POINTS}
        self.shown = {"number": self.number, "percent": self.percent, "change": self.change, "points": self.points}
        self.total_shown = {k: add(**(total | {"align": "right", "num_format": n})) for k, n in kinds.items()}
        # Head and end of an administrative document
        centre = {"align": "center", "text_wrap": True, "font_size": 12}
        self.official = add(**centre)
        self.official_bold = add(**(centre | {"bold": True}))
        self.motto = add(**(centre | {"bold": True, "underline": 1}))
        self.official_italic = add(**(centre | {"italic": True}))
        self.end = add(align="center", valign="top", text_wrap=True, font_size=12)
        self.end_left = add(valign="top", text_wrap=True)
        self.receivers, self.small = add(bold=True, italic=True, font_size=12), add()
        self.bold_letters, self.italic_letters = add(bold=True, font_size=12), add(italic=True, font_size=12)
        self.label = add(bold=True, valign="top", text_wrap=True, bottom=4, bottom_color="#868B93")
        self.fact = add(valign="top", text_wrap=True, bottom=4, bottom_color="#868B93")
        self.link = add(font_color="#0B57D0", underline=1, bottom=4, bottom_color="#868B93")
