"""What a form of a circular can be filled with: each placeholder once, with its meaning. The check of a form, the page
that lists them, the mapping and the values read it from here.

The same word stands as the name of a cell (`DVC09_tiep_nhan`) or in a cell between braces (`{{DVC09_tiep_nhan}}`).
Words of a list (`{{don_vi.ten}}`) stand in a row, which is repeated; words of `cot` over the columns of rows that the
form has typed, beside their codes.
"""

from dataclasses import dataclass, field
from functools import cached_property

from reporting.figures import FIGURES, OPENING, PENDING, RATES, RECEIVED, REJECTED, RESOLVED
from reporting.models import Indicator, PublicService

UNITS_LIST, SERVICES_LIST, INDICATORS_LIST, COLUMN_LIST = "don_vi", "dich_vu", "chi_tieu", "cot"
FORM_FACTS = (
    ("dv_ten", "Tên đơn vị"),
    ("dv_ma", "Mã đơn vị"),
    ("dv_cap_tren", "Tên đơn vị cấp trên; trống ở cấp cao nhất"),
    ("ky", "Kỳ báo cáo, ví dụ tháng 11/2026"),
    ("ky_thang", "Tháng, số; trống khi kỳ dài hơn một tháng"),
    ("ky_nam", "Năm, số"),
    ("ky_tu_ngay", "Ngày đầu của số liệu"),
    ("ky_den_ngay", "Ngày cuối của số liệu"),
    ("muc_do", "Số liệu chính thức hay tạm tính, của bao nhiêu đơn vị"),
    ("bc_phai_nop", "Báo cáo phải nộp"),
    ("bc_da_co", "Báo cáo có trong số liệu"),
    ("bc_chua_co", "Báo cáo chưa có trong số liệu"),
    ("bc_nop_tre", "Báo cáo nộp trễ"),
    ("nguoi_lap", "Họ tên người lập tệp"),
    ("ngay_lap", "Ngày lập tệp"),
    ("ma_kiem_tra", "Mã kiểm tra của tệp, để đối chiếu ở trang Kiểm tra số liệu"),
    ("ghi_chu", "Những chỗ không điền được, trong tệp đã lập; trống khi không có"),
)
# Figures of the one-stop table (figures.py) -> their word
_OF_FIGURE = {
    "opening": "ky_truoc",
    "received_online": "truc_tuyen",
    "received_in_person": "truc_tiep",
    "received_postal": "buu_chinh",
    "resolved_early": "truoc_han",
    "resolved_on_time": "dung_han",
    "resolved_overdue": "giai_quyet_qua_han",
    "rejected": "tu_choi",
    "pending_in_time": "dang_trong_han",
    "pending_overdue": "dang_qua_han",
}
_OF_SUM = {"received": "tiep_nhan", "resolved": "giai_quyet", "pending": "dang_giai_quyet"}
_OF_RATE = {"online_rate": "truc_tuyen", "in_time_rate": "dung_han"}
SHARE, PERCENT = "ty_le", "phan_tram"  # 0,9567 for a cell with format %; 95,67 for a column headed (%)
# word -> the figures that are added up
COUNTS = {
    _OF_FIGURE.get(name, name): names
    for group in (OPENING, RECEIVED, RESOLVED, REJECTED, PENDING)
    for name, names in [
        *((figure.name, (figure.name,)) for figure in group.figures),
        *([(_OF_SUM[group.name], group.fields)] if group.name in _OF_SUM else []),
    ]
}
RATE_WORDS = {f"{kind}_{_OF_RATE[rate.name]}": rate for rate in RATES for kind in (SHARE, PERCENT)}
_LABELS = {_OF_FIGURE[figure.name]: figure.label for figure in FIGURES}
_LABELS |= {_OF_SUM[group.name]: group.sum_label for group in (RECEIVED, RESOLVED, PENDING)}
DOSSIER_WORDS = (
    *((word, _LABELS[word]) for word in COUNTS),
    *(
        (word, f"{rate.label}, {'số từ 0 đến 1 cho ô định dạng %' if word.startswith(SHARE) else 'số phần trăm'}")
        for word, rate in RATE_WORDS.items()
    ),
)
REPORTING_UNITS = ("so_don_vi", "Số đơn vị có số liệu")
INDICATOR_WORDS = (
    ("tu_so", "Số đạt hoặc số lượng"),
    ("mau_so", "Tổng số"),
    (SHARE, "Tỷ lệ, số từ 0 đến 1 cho ô định dạng %"),
    (PERCENT, "Tỷ lệ, số phần trăm"),
)
LINE_WORDS = (("stt", "Số thứ tự"), ("ma", "Mã"), ("ten", "Tên"))
UNIT_WORDS_OF_ROW = (
    ("stt", "Số thứ tự"),
    ("ten", "Tên đơn vị"),
    ("bc_phai_nop", "Báo cáo phải nộp"),
    ("bc_da_co", "Báo cáo có trong số liệu"),
    *DOSSIER_WORDS,
)
SERVICE_WORDS_OF_ROW = (*LINE_WORDS, ("ten_ngan", "Tên ngắn"), *DOSSIER_WORDS, REPORTING_UNITS)
INDICATOR_WORDS_OF_ROW = (*LINE_WORDS, ("don_vi_tinh", "Đơn vị tính"), *INDICATOR_WORDS, REPORTING_UNITS)
# In a column beside codes of services or of indicators; `ten` would write over what the form has typed
COLUMN_WORDS = tuple(dict([*DOSSIER_WORDS, *INDICATOR_WORDS, REPORTING_UNITS]).items())
WORD_OF_ALL = "tong"


@dataclass
class Vocabulary:
    """With the codes of the catalogue as it is now."""

    services: list[PublicService] = field(default_factory=lambda: list(PublicService.objects.all()))
    indicators: list[Indicator] = field(default_factory=lambda: list(Indicator.objects.all()))

    @cached_property
    def cells(self) -> dict[str, str]:
        """Placeholder that stands alone -> its meaning."""
        found = dict(FORM_FACTS)
        found |= {f"{WORD_OF_ALL}_{word}": f"Mọi dịch vụ công: {_small(text)}" for word, text in DOSSIER_WORDS}
        for service in self.services:
            for word, text in (*DOSSIER_WORDS, REPORTING_UNITS):
                found[f"{service.code}_{word}"] = f"{service.code} {service.short_name}: {_small(text)}"
        for indicator in self.indicators:
            for word, text in (*INDICATOR_WORDS, REPORTING_UNITS):
                found[f"{indicator.code}_{word}"] = f"{indicator.code} {indicator.name}: {_small(text)}"
        return found

    @cached_property
    def lists(self) -> dict[str, dict[str, str]]:
        """List -> word -> meaning, of one row of it."""
        of_units = dict(UNIT_WORDS_OF_ROW)
        for service in self.services:
            for word, text in DOSSIER_WORDS:
                of_units[f"{service.code}_{word}"] = f"{service.code} {service.short_name}: {_small(text)}"
        return {
            UNITS_LIST: of_units,
            SERVICES_LIST: dict(SERVICE_WORDS_OF_ROW),
            INDICATORS_LIST: dict(INDICATOR_WORDS_OF_ROW),
        }

    @cached_property
    def codes(self) -> dict[str, PublicService | Indicator]:
        found: dict[str, PublicService | Indicator] = {one.code: one for one in self.services}
        return found | {one.code: one for one in self.indicators}

    def code(self, written: str) -> str:
        """The code as the catalogue spells it, '' where it has none like it."""
        return next((code for code in self.codes if code.casefold() == written.casefold()), "")

    def known(self) -> dict:
        """As `form_filler` wants it."""
        return {
            "cells": list(self.cells),
            "lists": {name: list(words) for name, words in self.lists.items()},
            "columns": [word for word, _ in COLUMN_WORDS],
            "codes": list(self.codes),
        }

    def meaning(self, key: str) -> str:
        """Of a placeholder as the form writes it; '' of one that the catalogue lost since."""
        name, _, word = key.partition(".")
        return self.lists[name].get(word, "") if name in self.lists else self.cells.get(key, "")


def code_of(key: str, codes: dict) -> str:
    """'DVC09' of 'DVC09_tiep_nhan' and 'don_vi.DVC09_tiep_nhan'; '' where it is of no code."""
    head = key.rpartition(".")[2].partition("_")[0]
    return head if head in codes else ""


def _small(text: str) -> str:
    return text[0].lower() + text[1:]
