"""What a book shall hold: its sheets, the columns beside the figures, the kind of head above its tables. No queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from reporting.models import ExportJob

Layout = ExportJob.Layout


@dataclass(frozen=True)
class BookPart:
    """A sheet people may choose (of indicators by unit: a sheet for each group)."""

    key: str  # in addresses and jobs
    name: str  # of the sheet
    words: str  # what it holds
    form: int  # number of the form above its table
    counted: str  # in Written.sheets
    is_short: bool = False  # prints on a few pages, so it is offered ticked


UNITS_PART = BookPart("don-vi", "Theo đơn vị", "Hồ sơ và tỷ lệ của từng đơn vị trực thuộc", 1, "units", True)
SERVICES_PART = BookPart("dich-vu", "Theo dịch vụ", "Hồ sơ và tỷ lệ của từng dịch vụ công", 2, "services", True)
INDICATORS_PART = BookPart("chi-tieu", "Chỉ tiêu", "Các chỉ tiêu chung: số đạt, tổng số, tỷ lệ", 3, "indicators", True)
STATUS_PART = BookPart(
    "tinh-hinh-nop",
    "Tình hình nộp",
    "Báo cáo phải nộp, đã duyệt, chờ duyệt, trả lại, chưa gửi của từng đơn vị",
    7,
    "status",
    True,
)
CHARTS_PART = BookPart("bieu-do", "Biểu đồ", "Tỷ lệ của các đơn vị, thấp nhất trước; diễn biến 12 tháng", 8, "charts")
COMPARISON_PART = BookPart("so-sanh", "So sánh", "Tăng, giảm so với kỳ trước và cùng kỳ năm trước", 4, "comparison")
COMMUNES_PART = BookPart("xa-theo-huyen", "Xã theo huyện", "Hồ sơ và tỷ lệ của từng xã, cộng theo huyện", 9, "communes")
INDICATORS_BY_UNIT_PART = BookPart(
    "chi-tieu-don-vi", "Chỉ tiêu theo đơn vị", "Từng chỉ tiêu của từng đơn vị trực thuộc", 10, "indicators_by_unit"
)
RANKS_PART = BookPart("xep-hang", "Xếp hạng", "Hạng của các đơn vị trực thuộc theo từng số chung", 11, "ranks")
TARGETS_PART = BookPart(
    "chi-tieu-giao", "Chỉ tiêu giao", "Chỉ tiêu được giao của đơn vị và cấp dưới, mức đạt", 12, "targets"
)
ASSIGNMENTS_PART = BookPart(
    "nhiem-vu", "Nhiệm vụ", "Nhiệm vụ được giao theo văn bản: đã xong, quá hạn", 13, "assignments"
)
TASK_FORCES_PART = BookPart(
    "to-cong-tac", "Tổ công tác", "Tổ công tác, Ban Chỉ đạo: quyết định, số thành viên", 14, "task_forces"
)
DIFFICULTIES_PART = BookPart("kho-khan", "Khó khăn", "Khó khăn, vướng mắc, kiến nghị và trả lời", 15, "difficulties")
NARRATIVES_PART = BookPart("loi-van", "Phần lời", "Phần lời trong báo cáo của các đơn vị", 16, "narratives")
MISSING_PART = BookPart("chua-bao-cao", "Chưa báo cáo", "Báo cáo phải nộp mà chưa có trong số liệu", 5, "missing")
SOURCES_PART = BookPart(
    "nguon-so-lieu", "Nguồn số liệu", "Từng đơn vị, từng dịch vụ: các dòng tạo nên số tổng", 6, "sources"
)
# In the order of the book
BOOK_PARTS = (
    UNITS_PART,
    SERVICES_PART,
    INDICATORS_PART,
    STATUS_PART,
    CHARTS_PART,
    COMPARISON_PART,
    COMMUNES_PART,
    INDICATORS_BY_UNIT_PART,
    RANKS_PART,
    TARGETS_PART,
    ASSIGNMENTS_PART,
    TASK_FORCES_PART,
    DIFFICULTIES_PART,
    NARRATIVES_PART,
    MISSING_PART,
    SOURCES_PART,
)
BEFORE, YEAR_AGO, YEAR_TO_DATE, TARGET, LIVE = "ky-truoc", "cung-ky", "luy-ke", "chi-tieu-giao", "toan-trinh"
BOOK_COLUMNS = {
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
        known = {part.key for part in BOOK_PARTS}
        if parts - known or columns - BOOK_COLUMNS.keys() or layout not in Layout.values:
            raise ValueError(f"no such choice: {parts - known or columns - BOOK_COLUMNS.keys() or layout}")
        chosen = tuple(part.key for part in BOOK_PARTS if part.key in parts)
        return cls(chosen, tuple(key for key in BOOK_COLUMNS if key in columns), layout)

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
    def sheets(self) -> list[BookPart]:
        return [part for part in BOOK_PARTS if part.key in self.parts]

    def has(self, part: BookPart) -> bool:
        return part.key in self.parts


SHORT = BookChoice.of(part.key for part in BOOK_PARTS if part.is_short)
# Every figure down to the rows behind it
FIGURES_IN_FULL = BookChoice.of(
    [part.key for part in (UNITS_PART, SERVICES_PART, INDICATORS_PART, COMPARISON_PART, MISSING_PART, SOURCES_PART)],
    [TARGET, LIVE],
)
