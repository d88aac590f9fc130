"""Numbers in free text that look like a citizen's."""

import pytest

from de_an_06.plain.personal_numbers import ID_CARD, PERSONAL_NUMBER, TELEPHONE, find_personal_numbers


@pytest.mark.parametrize(
    ("text", "typed", "kind"),
    [
        ("Ông A, căn cước 079203001234 chưa có chữ ký số", "079203001234", PERSONAL_NUMBER),
        ("079203001234.", "079203001234", PERSONAL_NUMBER),
        ("CCCD:079 203 001234", "079 203 001234", PERSONAL_NUMBER),
        ("079203001234-Nguyễn Văn A", "079203001234", PERSONAL_NUMBER),
        ("079203001234 5 người", "079203001234", PERSONAL_NUMBER),
        ("079.203.001.234", "079.203.001.234", PERSONAL_NUMBER),
        ("CMND 285123456", "285123456", ID_CARD),
        ("CMND 285 123 456 cấp năm 2010", "285 123 456", ID_CARD),
        ("gọi 0912345678", "0912345678", TELEPHONE),
        ("gọi 0912.345.678", "0912.345.678", TELEPHONE),
        ("+84 912 345 678", "+84 912 345 678", TELEPHONE),
        ("gọi (0251) 3822222", "(0251) 3822222", TELEPHONE),
        ("028 3822 2222 máy lẻ 12", "028 3822 2222", TELEPHONE),
    ],
)
def test_a_number_of_a_person_is_found_as_typed(text, typed, kind):
    (found,) = find_personal_numbers(text)
    assert (found.text, found.kind) == (typed, kind)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Máy quét hỏng từ ngày 21/11/2026, văn bản 1234/QĐ-UBND",
        "mã hồ sơ H19.12-241105-0007 và 000.00.12.H19-260101-0001",
        "1.234.567.890 lượt, 123.456.789 đồng",
        "kinh phí 250000000 đồng",
        "tháng 11 2026 có 1234567 lượt, 12 345 678",
        "năm 2025 2026 1 dịch vụ",
        "số 285123456/QĐ",
    ],
)
def test_codes_dates_and_quantities_pass(text):
    assert find_personal_numbers(text) == []


def test_all_are_named_in_the_order_typed():
    found = find_personal_numbers("0912345678, rồi 285123456, rồi 0987654321")
    assert [f.text for f in found] == ["0912345678", "285123456", "0987654321"]
    assert str(found[1]) == "“285123456” (số chứng minh nhân dân)"
