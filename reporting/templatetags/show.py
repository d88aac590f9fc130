"""Template names for the one formatter. Pages with hundreds of cells format in Python instead."""

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html

from de_an_06.plain import moments, numbers
from reporting.lateness import SENT_IN_TIME, SENT_LATE

register = template.Library()


@register.filter
def number(value, places=0):
    """1234 -> '1.234'; nothing -> ''."""
    return numbers.format_number(value, int(places))


@register.filter
def number_or_dash(value, places=0):
    """1234 -> '1.234'; nothing -> '–'."""
    return numbers.format_number(value, int(places), blank=numbers.NO_VALUE)


for _filter in (moments.moment, moments.moment_short, moments.deadline):
    register.filter(_filter.__name__, _filter)


@register.filter
def timeliness(report):
    """'Nộp trễ' or 'Đúng hạn' of a report that was sent (an object or a row with `is_late`)."""
    is_late = report["is_late"] if isinstance(report, dict) else report.is_late
    return SENT_LATE if is_late else SENT_IN_TIME


@register.simple_tag
def icon(name, label=""):
    """One icon of static/icons.svg; with a label it is read out, without it is decoration."""
    return _icon(static("icons.svg"), name, label)


@lru_cache(maxsize=1000)
def _icon(file, name, label):
    hidden = format_html('<span class="visually-hidden">{}</span>', label) if label else ""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#i-{}"></use></svg>{}', file, name, hidden)
