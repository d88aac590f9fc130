"""Writes the interim report of one unit and one span as a Word file, from the template in force for the unit.

Asks nobody's rights: export_jobs.py and the command do. The filling is done by a process of its own (word_files.py).
"""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from de_an_06.plain import word_files
from de_an_06.plain.spans import Span
from reporting.models import WordTemplate
from reporting.reading import overview
from taskforces.clock import now_for

from ..excel import CannotExport, Written
from ..issuing import QR_MILLIMETRES, CodedPaper, qr_png
from ..sheets import Progress
from .gathering import Gathered, gather
from .placeholders import shape
from .word_templates import in_force_for, opened

REPORT_STEPS = 4  # read, drawn, filled, done


def write_interim_report(
    path: str | Path,
    *,
    unit_id: int,
    span: Span,
    basis: str,
    by=None,
    at: dt.datetime | None = None,
    progress: Progress | None = None,
    is_joined: bool = False,
    template: WordTemplate | None = None,
    paper: CodedPaper | None = None,
) -> Written:
    """Raises CannotExport; `template` is one to try out, `paper` notes under its code what is written."""
    note = progress or (lambda done, total: None)
    now = at or now_for(by)
    try:
        gathered = gather(unit_id, span, basis, now=now, by=by, is_joined=is_joined)
    except overview.NoFigures:
        raise CannotExport(
            f"Đơn vị này không có kỳ báo cáo nào trong {span.label}. Chọn kỳ khác hoặc đơn vị khác."
        ) from None
    note(1, REPORT_STEPS)
    template = template or in_force_for(gathered.seen.version.path)
    if paper:
        paper.says(gathered.seen)
    fill_with(gathered, template, Path(path), note, paper)
    note(REPORT_STEPS, REPORT_STEPS)
    return _written(gathered, now)


def fill_with(
    gathered: Gathered, template: WordTemplate | None, out: Path, note: Progress, paper: CodedPaper | None = None
) -> None:
    """The shipped template where `template` is None; raises CannotExport with what is wrong with the template."""
    with tempfile.TemporaryDirectory() as scratch, opened(template) as file:
        from .charts import WIDTH, draw_all  # the drawing library is loaded where pictures are drawn, in no web process

        drawn = draw_all(gathered.seen, Path(scratch))
        note(2, REPORT_STEPS)
        texts = gathered.texts | {"bieu_do": {name: _picture(name, drawn) for name in shape()["bieu_do"]}}
        pictures = {name: word_files.DocumentPicture(path, WIDTH) for name, path in drawn.items()}
        if paper:
            picture = Path(scratch) / "ma-kiem-tra.png"
            picture.write_bytes(qr_png(paper.code)[0])
            pictures["ma_qr"] = word_files.DocumentPicture(picture, QR_MILLIMETRES)
            texts |= {"ma_kiem_tra": paper.shown, "ma_qr": {"picture": "ma_qr"}}
        try:
            word_files.fill(file, out, context=_plain(texts), pictures=pictures, shape=shape())
        except word_files.TemplateRefused as refused:
            raise CannotExport(f"Mẫu Word không điền được. {' '.join(refused.sentences)}") from None
    note(3, REPORT_STEPS)


def _picture(name: str, drawn: dict[str, Path]) -> Any:
    return {"picture": name} if name in drawn else ""


def _plain(value: Any) -> Any:
    """Texts as XML can hold them: what people typed may carry control characters that Word would refuse."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return "".join(char for char in str(value) if char in "\n\N{NO-BREAK SPACE}" or char.isprintable())


def _written(gathered: Gathered, now: dt.datetime) -> Written:
    seen, owed = gathered.seen, gathered.seen.submissions
    tables = {
        name: len(part["bang"]) for name, part in gathered.texts.items() if isinstance(part, dict) and "bang" in part
    }
    return Written(
        unit_name=seen.version.name,
        label=seen.label,
        months=overview.months_of(seen.periods),
        units_reported=owed.reports,
        units_expected=owed.expected_reports,
        figures_as_of=now,
        sheets=tables,
    )
