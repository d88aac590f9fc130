"""A draft of what the chair concludes, made from what stands out in the figures; people edit it before it is used."""

from collections.abc import Sequence

from de_an_06.plain.spans import Month
from reporting.reading.finding_parts import Finding
from reporting.reading.overview import Overview

from .wording import lower_first

# What is asked for where a rule of findings.py found something.
ASKED = {
    "missing": "Các đơn vị chưa nộp báo cáo hoàn thành ngay; người đứng đầu đơn vị chịu trách nhiệm về việc nộp chậm.",
    "late_running": "Đơn vị nhiều tháng liền nộp chậm rà soát việc phân công, bố trí người thay, không để tái diễn.",
    "slow_service": "Cơ quan chủ trì dịch vụ rà soát quy trình, nêu rõ nguyên nhân quá hạn, khắc phục trong kỳ tới.",
    "slow_cell": "Đơn vị nêu trên giải quyết dứt điểm hồ sơ chậm, xin lỗi người dân khi trả kết quả quá hạn.",
    "fall": "Đơn vị có tỷ lệ giảm báo cáo nguyên nhân và biện pháp khắc phục.",
    "overdue": "Giải quyết dứt điểm hồ sơ đang quá hạn, không để phát sinh mới.",
    "overdue_assignments": "Đơn vị có nhiệm vụ quá hạn hoàn thành, hoặc báo cáo lý do và thời hạn hoàn thành.",
    "overdue_conclusions": "Đơn vị còn kết luận họp quá hạn hoàn thành ngay, báo cáo lý do chậm.",
    "overdue_remedies": "Đơn vị khắc phục dứt điểm các tồn tại sau kiểm tra đã quá hạn.",
    "copied": "Đơn vị nêu trên kiểm tra lại số liệu, đề nghị đính chính nếu chưa đúng.",
    "waiting": "Cơ quan được giao trả lời các khó khăn, vướng mắc còn chờ.",
    "out_of_reach": "Cơ quan chủ trì xây dựng biện pháp, tiến độ từng tháng để đạt chỉ tiêu năm.",
}
_LETTERS = "abcdefghijklmnop"


def sentence_of(finding: Finding) -> str:
    """'Còn hồ sơ đang quá hạn: 12 hồ sơ ở 3 đơn vị; nhiều nhất: …'"""
    return (
        f"{finding.title}. {finding.text}" if ":" in finding.title else f"{finding.title}: {lower_first(finding.text)}"
    )


def draft(seen: Overview, found: Sequence[Finding], head: Sequence[str]) -> list[str]:
    """Paragraphs: what was reached (`head`: sentences of the report), who did well, what is to be put right."""
    if not head and not found:
        return []
    good = [finding for finding in found if finding.tone == "ok"]
    others = [finding for finding in found if finding.tone != "ok"]
    parts = [f"Đánh giá chung: {' '.join(head)}"] if head else []
    if good:
        parts.append(f"Ghi nhận, biểu dương: {' '.join(sentence_of(finding) for finding in good)}")
    if others:
        parts.append("Tập trung khắc phục những việc sau:")
    paragraphs = ["Sau khi nghe báo cáo và ý kiến các đại biểu, chủ trì hội nghị kết luận:"]
    paragraphs += [f"{number}. {text}" for number, text in enumerate(parts, start=1)]
    paragraphs += [
        f"{letter}) {sentence_of(finding)} {ASKED.get(finding.kind, '')}".rstrip()
        for letter, finding in zip(_LETTERS, others, strict=False)
    ]
    if others:
        last = Month(seen.periods[-1].year, seen.periods[-1].month).plus(1)
        paragraphs.append(f"{len(parts) + 1}. Các đơn vị báo cáo kết quả thực hiện trong báo cáo {last.label}.")
    return paragraphs
