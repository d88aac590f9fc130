"""Template names for the one formatter. Pages with hundreds of cells format in Python instead."""

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html

from de_an_06.plain import numbers

register = template.Library()

WEEKDAYS = ["thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"]


@register.filter
def number(value, places=0):
    """1234 -> '1.234'; nothing -> ''."""
    return numbers.format_number(value, int(places))


@register.filter
def number_or_dash(value, places=0):
    """1234 -> '1.234'; nothing -> '–'."""
    return numbers.format_number(value, int(places), blank=numbers.NO_VALUE)


@register.filter
def moment(value):
    """A time as officials write it: '15:12 ngày 13/11/2026'."""
    return "" if value is None else timezone.localtime(value).strftime("%H:%M ngày %d/%m/%Y")


@register.filter
def moment_short(value):
    """'16/11 10:02'."""
    return "" if value is None else timezone.localtime(value).strftime("%d/%m %H:%M")


@register.filter
def deadline(value):
    """'17:00 thứ Hai, 16/11/2026'."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{local:%H:%M} {WEEKDAYS[local.weekday()]}, {local:%d/%m/%Y}"


@register.simple_tag
def icon(name, label=""):
    """One icon of static/icons.svg; with a label it is read out, without it is decoration."""
    hidden = format_html('<span class="visually-hidden">{}</span>', label) if label else ""
    return format_html(
        '<svg class="i" aria-hidden="true"><use href="{}#i-{}"></use></svg>{}', static("icons.svg"), name, hidden
    )
