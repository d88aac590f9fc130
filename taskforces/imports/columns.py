"""Columns of the sheets: how a cell is read, how a stored value is written, and what people are told about it."""

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from import_export.fields import Field
from import_export.widgets import Widget

from de_an_06.plain.moments import FIRST_DAY, LAST_DAY
from de_an_06.plain.numbers import NotANumber, format_number, parse_count

# Headings that stand in several sheets.
FULL_NAME, ROLE, SINCE, UNTIL = "Họ và tên", "Vai trò", "Từ ngày", "Đến hết ngày"
LARGEST_AMOUNT = Decimal(10) ** 11


class Text(Widget):
    """One line of text with single spaces; numbers typed as numbers are taken by their digits."""

    kind = "text"

    def __init__(self, longest: int, lines: bool = False):
        super().__init__()
        self.longest, self.lines = longest, lines

    def clean(self, value, row=None, **kwargs):
        text = cell_text(value)
        text = "\n".join(" ".join(line.split()) for line in text.splitlines()) if self.lines else " ".join(text.split())
        if len(text) > self.longest:
            raise ValueError(f"Dài {len(text)} ký tự; nhiều nhất {self.longest}.")
        return text or None

    def render(self, value, obj=None, **kwargs):
        return value or ""


class Mail(Text):
    def clean(self, value, row=None, **kwargs):
        text = super().clean(value, row, **kwargs)
        if text:
            try:
                validate_email(text)
            except ValidationError:
                raise ValueError(f"“{text[:60]}” không phải địa chỉ thư.") from None
        return text


class Day(Widget):
    """A day: a date cell, or text as 09/08/2022 or 2022-08-09."""

    kind = "day"

    def clean(self, value, row=None, **kwargs):
        if value is None or value == "":
            return None
        if isinstance(value, dt.datetime):
            day = value.date()
        elif isinstance(value, dt.date):
            day = value
        elif isinstance(value, str):
            day = _typed_day(value)
        else:
            raise ValueError(f"“{cell_text(value)[:40]}” không phải ngày. Ghi theo dạng 09/08/2022.")
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValueError(f"Ngày {day:%d/%m/%Y} nằm ngoài khoảng 1990–2100.")
        return day

    def render(self, value, obj=None, **kwargs):
        return f"{value:%d/%m/%Y}" if value else ""


def _typed_day(text: str) -> dt.date:
    if found := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text):
        day, month, year = map(int, found.groups())
    elif found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?", text):
        year, month, day = map(int, found.groups())
    else:
        raise ValueError(f"“{text[:40]}” không phải ngày. Ghi theo dạng 09/08/2022.")
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise ValueError(f"Không có ngày {text[:40]}. Ghi ngày trước, tháng sau: 09/08/2022.") from None


class Count(Widget):
    """A whole number from 0; blank is not zero."""

    kind = "count"

    def __init__(self, most: int):
        super().__init__()
        self.most = most

    def clean(self, value, row=None, **kwargs):
        try:
            count = parse_count(cell_text(value))
        except NotANumber as error:
            raise ValueError(str(error)) from None
        if count is not None and count > self.most:
            raise ValueError(f"Số từ 0 đến {format_number(self.most)}.")
        return count

    def render(self, value, obj=None, **kwargs):
        return "" if value is None else str(value)


class Amount(Widget):
    """A number from 0 with at most two decimals: 95,5. `said` is how a refusal speaks of what was written."""

    kind = "amount"

    def __init__(self, said: str = "Tệp ghi"):
        super().__init__()
        self.said = said

    def clean(self, value, row=None, **kwargs):
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            raise ValueError("Ô này chỉ nhận số từ 0, dạng 95,5.")
        if isinstance(value, (int, float)):
            number = Decimal(repr(value))
        else:
            text = str(value).replace(" ", "")
            if not re.fullmatch(r"(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", text) or not text.isascii():
                raise ValueError(f"Ô này chỉ nhận số từ 0, dạng 1.234 hoặc 95,5. {self.said} “{text[:40]}”.")
            number = Decimal(text.replace(".", "").replace(",", "."))
        try:
            rounded = number.quantize(Decimal("0.01"))
        except InvalidOperation:
            raise ValueError("Số này quá lớn.") from None
        if number < 0 or number >= LARGEST_AMOUNT:
            raise ValueError("Ô này chỉ nhận số từ 0, nhỏ hơn 100 tỷ.")
        if rounded != number:
            raise ValueError(f"Nhiều nhất hai chữ số sau dấu phẩy. {self.said} {format_number(number, 6)}.")
        return rounded

    def render(self, value, obj=None, **kwargs):
        if value is None:
            return ""
        return f"{value.normalize():f}".replace(".", ",")


class OneOf(Widget):
    """One of a few words, as they stand on the pages; capital letters do not matter."""

    kind = "choice"

    def __init__(self, choices: Iterable[tuple[str, str]]):
        super().__init__()
        self.labels = {str(value): str(label) for value, label in choices}
        self.values = {label.casefold(): value for value, label in self.labels.items()}

    def clean(self, value, row=None, **kwargs):
        text = " ".join(cell_text(value).split())
        if not text:
            return None
        if text.casefold() not in self.values:
            raise ValueError(f"Không có “{text[:60]}”. Chọn một trong: {'; '.join(self.labels.values())}.")
        return self.values[text.casefold()]

    def render(self, value, obj=None, **kwargs):
        return self.labels.get(value, "") if value else ""


class Several(Widget):
    """Several known words in one cell, parted by semicolons (commas too where no word holds one); order means nothing.

    `labels` maps the stored value to its word, in the order in which they are written.
    """

    kind = "text"

    def __init__(self, labels: dict[str, str], what: str):
        super().__init__()
        self.labels, self.what = labels, what
        self.values = {label.casefold(): value for value, label in labels.items()}

    def clean(self, value, row=None, **kwargs):
        text = cell_text(value)
        if not text:
            return None
        words = [" ".join(word.split()) for word in re.split(r"[;\n]" if self._has_comma else r"[;,\n]", text)]
        words = [word for word in words if word]
        unknown = [word for word in words if word.casefold() not in self.values]
        if unknown:
            raise ValueError(f"Không có {self.what} “{'”, “'.join(word[:40] for word in unknown)}”.")
        return frozenset(self.values[word.casefold()] for word in words)

    @property
    def _has_comma(self) -> bool:
        return any("," in label for label in self.labels.values())

    def render(self, value, obj=None, **kwargs):
        return "; ".join(label for key, label in self.labels.items() if key in (value or ()))


def cell_text(value) -> str:
    """A cell's content as a person would have typed it: 12.0 -> '12', a day -> '09/08/2022'."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        number = Decimal(repr(value))
        return str(int(number)) if number == number.to_integral_value() else f"{number:f}".replace(".", ",")
    if isinstance(value, (dt.datetime, dt.date)):
        return f"{value:%d/%m/%Y}"
    return str(value).strip()


class RosterColumn(Field):
    """One column of a sheet.

    `key`: finds the row's object and is not changed by a file. `info`: written for the reader, not read. `contact`:
    work contact, only for those who may have it. `shared`: of something several rows may name, so they must agree.
    A blank cell keeps what is stored; a file never empties a cell.
    """

    def __init__(
        self,
        attribute: str | None,
        name: str,
        widget: Widget,
        *,
        required: bool = False,
        key: bool = False,
        info: bool = False,
        contact: bool = False,
        shared: bool = False,
        note: str = "",
        example: str = "",
        width: int = 16,
        dehydrate_method=None,
    ):
        super().__init__(
            attribute=attribute,
            column_name=name,
            widget=widget,
            readonly=key or info,
            saves_null_values=False,
            dehydrate_method=dehydrate_method,
        )
        self.required, self.key, self.info, self.contact, self.shared = required, key, info, contact, shared
        self.note, self.example, self.width = note, example, width

    def read(self, row):
        """The cell's value, None when blank or when the file has no such column; ValueError with a sentence."""
        return self.widget.clean(row.get(self.column_name), row)

    def save(self, instance, row, is_m2m=False, *, row_number=0, **kwargs):
        value = self.read(row)
        if value is None:
            return
        *path, last = (self.attribute or "").split("__")
        owner = instance
        for step in path:
            owner = getattr(owner, step)
        if self.shared:
            said = owner.__dict__.setdefault("_said", {})
            first, earlier = said.setdefault(last, (row_number, value))
            if earlier != value:
                raise SaidOtherwise(first, self.widget.render(earlier))
        setattr(owner, last, value)


class SaidOtherwise(ValueError):
    """An earlier row of the file says something else of the same person or account."""

    def __init__(self, row_number: int, earlier: str):
        self.row_number, self.earlier = row_number, earlier
        super().__init__(f"khác với một dòng trước (“{earlier}”)")
