"""Parts that many pages share and that a plain include would make longer: tag, head of a panel, head of a table."""

from django import template
from django.utils.html import format_html

from .show import icon as icon_of

register = template.Library()

NUMBERS = "# "


@register.simple_tag
def tag(label, tone="", icon=""):
    """A short state in a rounded frame. Tones: ok, info, warn, bad; none is neutral."""
    look = f"tag tag--{tone}" if tone else "tag"
    return format_html('<span class="{}">{}{}</span>', look, icon_of(icon) if icon else "", label)


@register.inclusion_tag("components/panel_head.html")
def panel_head(title_id, title, count=None, note=""):
    """Title of a panel with how many rows it holds and one sentence; a head with buttons is written out."""
    return {"id": title_id, "title": title, "count": count, "note": note}


@register.inclusion_tag("components/table_head.html")
def table_head(*columns, groups=()):
    """The head of a table: a label each; "# Hạn" is a column of numbers, "(Việc)" is only read out, "" is left out.

    Columns under a common heading come as `groups`, a list of (heading, [column labels]); no heading: plain columns.
    """
    parts = [("", columns), *groups]
    rows_of_plain = 2 if any(heading for heading, _ in parts) else 1
    upper, lower = [], []
    for heading, labels in parts:
        cells = [_column(label) for label in labels if label]
        if heading:
            upper.append({"label": heading, "across": len(cells)})
            lower += cells
        else:
            upper += [cell | {"down": rows_of_plain} for cell in cells]
    return {"rows": [upper, lower] if lower else [upper]}


def _column(text):
    return {
        "label": text.removeprefix(NUMBERS).strip("()"),
        "is_number": text.startswith(NUMBERS),
        "is_hidden": text.startswith("("),
    }
