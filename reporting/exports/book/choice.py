"""What a book shall hold: its sheets, the columns beside the figures, the kind of head above its tables. No queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from reporting.models import ExportJob

Layout = ExportJob.Layout


@dataclass(frozen=True)
class Part:
    """A sheet people may choose (of indicators by unit: a sheet for each group)."""

    key: str  # in addresses and jobs
    name: str  # of the sheet
    words: str  # what it holds
    form: int  # number of the form above its table
    counted: str  # in Written.sheets
    is_short: bool = False  # prints on a few pages, so it is offered ticked


UNITS = Part("don-vi", "Theo đơn vị", "Hồ sơ và tỷ lệ của từng đơn vị trực thuộc", 1, "units", True)
SERVICES = Part("dich-vu", "Theo dịch vụ", "Hồ sơ và tỷ lệ của từng dịch vụ công", 2, "services", True)
INDICATORS = Part("chi-tieu", "Chỉ tiêu", "Các chỉ tiêu chung: số đạt, tổng số, tỷ lệ", 3, "indicators", True)
STATUS = Part(
    "tinh-hinh-nop",
    "Tình hình nộp",
    "Báo cáo phải nộp, đã duyệt, chờ duyệt, trả lại, chưa gửi của từng đơn vị",
    7,
    "status",
    True,
)
CHARTS = Part("bieu-do", "Biểu đồ", "Tỷ lệ của các đơn vị, thấp nhất trước; diễn biến 12 tháng", 8, "charts")
COMPARISON = Part("so-sanh", "So sánh", "Tăng, giảm so với kỳ trước và cùng kỳ năm trước", 4, "comparison")
COMMUNES = Part("xa-theo-huyen", "Xã theo huyện", "Hồ sơ và tỷ lệ của từng xã, cộng theo huyện", 9, "communes")
INDICATORS_BY_UNIT = Part(
    "chi-tieu-don-vi", "Chỉ tiêu theo đơn vị", "Từng chỉ tiêu của từng đơn vị trực thuộc", 10, "indicators_by_unit"
)
RANKS = Part("xep-hang", "Xếp hạng", "Hạng của các đơn vị trực thuộc theo từng số chung", 11, "ranks")
TARGETS = Part("chi-tieu-giao", "Chỉ tiêu giao", "Chỉ tiêu được giao của đơn vị và cấp dưới, mức đạt", 12, "targets")
ASSIGNMENTS = Part("nhiem-vu", "Nhiệm vụ", "Nhiệm vụ được giao theo văn bản: đã xong, quá hạn", 13, "assignments")
TASK_FORCES = Part(
    "to-cong-tac", "Tổ công tác", "Tổ công tác, Ban Chỉ đạo: quyết định, số thành viên", 14, "task_forces"
)
DIFFICULTIES = Part("kho-khan", "Khó khăn", "Khó khăn, vướng mắc, kiến nghị và trả lời", 15, "difficulties")
NARRATIVES = Part("loi-van", "Phần lời", "Phần lời trong báo cáo của các đơn vị", 16, "narratives")
MISSING = Part("chua-bao-cao", "Chưa báo cáo", "Báo cáo phải nộp mà chưa có trong số liệu", 5, "missing")
SOURCES = Part("nguon-so-lieu", "Nguồn số liệu", "Từng đơn vị, từng dịch vụ: các dòng tạo nên số tổng", 6, "sources")
# In the order of the book
PARTS = (
    UNITS,
    SERVICES,
    INDICATORS,
    STATUS,
    CHARTS,
    COMPARISON,
    COMMUNES,
    INDICATORS_BY_UNIT,
    RANKS,
    TARGETS,
    ASSIGNMENTS,
    TASK_FORCES,
    DIFFICULTIES,
    NARRATIVES,
    MISSING,
    SOURCES,
)
BEFORE, YEAR_AGO, YEAR_TO_DATE, TARGET, LIVE = "ky-truoc", "cung-ky", "luy-ke", "chi-tieu-giao", "toan-trinh"
COLUMNS = {
    BEFORE: "Kỳ trước",
    YEAR_AGO: "Cùng kỳ năm trước",
    YEAR_TO_DATE: "Lũy kế từ đầu năm",
    TARGET: "Chỉ tiêu giao",
    LIVE: "Dịch vụ công toàn trình",
}


@dataclass(frozen=True)
class BookChoice:
    """Keys of parts and of columns, each in the order above, so that one choice is written in one way."""

    parts: tuple[str, ...]
    columns: tuple[str, ...] = ()
    layout: str = Layout.STATISTICAL

    @classmethod
    def of(cls, parts: Iterable[str], columns: Iterable[str] = (), layout: str = Layout.STATISTICAL) -> Self:
        """Raises ValueError for a name that is none of these."""
        parts, columns = set(parts), set(columns)
        known = {part.key for part in PARTS}
        if parts - known or columns - COLUMNS.keys() or layout not in Layout.values:
            raise ValueError(f"no such choice: {parts - known or columns - COLUMNS.keys() or layout}")
        chosen = tuple(part.key for part in PARTS if part.key in parts)
        return cls(chosen, tuple(key for key in COLUMNS if key in columns), layout)

    @classmethod
    def of_job(cls, job: ExportJob) -> Self:
        """As the job remembers it; one from before there was a choice gets the short book."""
        parts = job.parts.split(",") if job.parts else SHORT.parts
        return cls.of(parts, job.columns.split(",") if job.columns else (), job.layout)

    @property
    def remembered(self) -> dict[str, str]:
        """The fields of a job."""
        return {"parts": ",".join(self.parts), "columns": ",".join(self.columns), "layout": self.layout}

    @property
    def sheets(self) -> list[Part]:
        return [part for part in PARTS if part.key in self.parts]

    def has(self, part: Part) -> bool:
        return part.key in self.parts


SHORT = BookChoice.of(part.key for part in PARTS if part.is_short)
# Every figure down to the rows behind it
FIGURES = BookChoice.of(
    [part.key for part in (UNITS, SERVICES, INDICATORS, COMPARISON, MISSING, SOURCES)], [TARGET, LIVE]
)
