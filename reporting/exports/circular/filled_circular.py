"""Writes the form of a circular filled for one unit and one span.

The numbers are those of `reading.overview`, so page and file agree. Asks nobody's rights: export_jobs.py does. The
filling is done by a process of its own (excel_forms.py).
"""

import datetime as dt
from pathlib import Path

from django.utils import timezone

from de_an_06.plain import excel_forms
from de_an_06.plain.spans import Span
from reporting.models import CircularForm
from reporting.reading import overview
from reporting.rollup import generation, rollup
from taskforces.clock import now_for

from ..excel import CannotExport, Written
from ..issuing import CodedPaper
from ..sheets import Progress
from .circular_forms import file_of
from .form_mapping import mapped, not_filled, remark_of, values_for
from .form_values import FormValues
from .vocabulary import Vocabulary

CIRCULAR_STEPS = 3  # read, filled, done


def write_circular_form(
    path: str | Path,
    *,
    unit_id: int,
    span: Span,
    basis: str,
    form: CircularForm,
    by=None,
    at: dt.datetime | None = None,
    progress: Progress | None = None,
    is_joined: bool = False,
    paper: CodedPaper | None = None,
) -> Written:
    """What was written; `remark` says what could not be filled.

    Raises CannotExport: no month in the span, or a form that cannot be filled.
    """
    note = progress or (lambda done, total: None)
    now = at or now_for(by)
    periods = overview.begun_periods(timezone.localtime(now).date())
    wanted = {month.key for month in span.months}
    if generation.is_stale(unit_id, [period.pk for period in periods if period.key in wanted]):
        rollup.drain()  # totals that miss a saved change would not agree with the rows of the units
    values = read_values(unit_id, span, basis, now=now, by=by, is_joined=is_joined)
    if paper is not None:
        paper.says(values.view)
        values.check_code = paper.shown
    note(1, CIRCULAR_STEPS)
    sheets = mapped(form, values)
    values.remark = remark_of(not_filled(sheets))
    asked = values_for(form, values)
    with file_of(form) as file:
        try:
            excel_forms.fill(file, Path(path), known=values.vocabulary.known(), values=asked)
        except excel_forms.FormRefused as refused:
            raise CannotExport(f"Biểu không điền được. {' '.join(refused.sentences)}") from None
    note(2, CIRCULAR_STEPS)
    view, owed = values.view, values.view.submissions
    note(CIRCULAR_STEPS, CIRCULAR_STEPS)
    return Written(
        unit_name=view.version.name,
        label=view.label,
        months=overview.months_of(view.periods),
        units_reported=owed.reports,
        units_expected=owed.expected_reports,
        figures_as_of=now,
        sheets={
            sheet.title: len(sheet.cells) + len(sheet.codes) + sum(row.count for row in sheet.rows) for sheet in sheets
        },
        remark=values.remark,
    )


def read_values(
    unit_id: int, span: Span, basis: str, *, now: dt.datetime, by=None, is_joined: bool = False
) -> FormValues:
    """What a form is filled with; raises CannotExport where no month of the span has begun for the unit."""
    try:
        view = overview.overview(unit_id, span, basis, now=now, is_joined=is_joined)
    except overview.NoFigures:
        raise CannotExport(
            f"Đơn vị này không có kỳ báo cáo nào trong {span.label}. Chọn kỳ khác hoặc đơn vị khác."
        ) from None
    return FormValues(view, Vocabulary(), by=by, at=now)
