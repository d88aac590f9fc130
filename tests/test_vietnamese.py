"""Vietnamese order and search keys, against words put in order by hand."""

import random
import re
from pathlib import Path

import pytest
from django.db import connection

from de_an_06.plain.vietnamese import search_key, sort_key

ROOT = Path(__file__).resolve().parent.parent
# What officials do not say -> what they say. “Làm sạch dữ liệu” is a term of its own.
NOT_SAID = {
    r"ai đã nộp\b": "Tình hình nộp báo cáo",
    r"điều cần biết\b": "Vấn đề cần lưu ý",
    r"(?<!làm )\bsạch\b": "không có điểm bất thường",
    r"khác thường\b": "bất thường",
    r"hồ sơ trễ\b": "hồ sơ quá hạn",
    r"điểm %|\bđpt\b": "điểm phần trăm",
    r"mức giữa\b": "thường khoảng 159",
    r"(?:đánh dấu|báo) xong\b": "Chốt số liệu phần …",
    r"(?:cần|đã|lời) giải thích\b": "Cần giải trình",
    r"giải thích: “": "Giải trình: “…”",
    r"\bcơ quan (?:\{|[\"']|tỉnh |thành phố |thị xã |huyện |quận )": "UBND tỉnh Đồng Nai (cấp tỉnh)",
    r"tháng (?:[1-9][/–]|\{[^}]*month\}[/–])": "tháng 01/2026",
    r"\bnợ (?:báo cáo|bảo mật)": "phải nộp báo cáo, phải bật bảo mật hai lớp",
    r">thôi<": "Quay lại, không …",
}


def _said_to_people() -> list[Path]:
    """Every file whose words reach a person: code, templates, scripts, the user guide, and what tells of the words."""
    folders = {"de_an_06": "*.py", "reporting": "*.py", "taskforces": "*.py", "templates": "*", "static/js": "*.js"}
    found = [path for folder, names in folders.items() for path in (ROOT / folder).rglob(names) if path.is_file()]
    found += [ROOT / "docs/huong-dan-su-dung.md", ROOT / "README.md", ROOT / "CHANGELOG.md"]
    return [path for path in found if "migrations" not in path.parts and "__pycache__" not in path.parts]


@pytest.mark.parametrize("word", NOT_SAID)
def test_nobody_is_told_what_officials_do_not_say(word):
    pattern = re.compile(word, re.IGNORECASE)
    assert pattern.search(
        "Ai đã nộp · Điều cần biết · Sạch · khác thường · hồ sơ trễ · điểm % · mức giữa 159 · Đánh dấu "
        "xong · Cần giải thích: “ · Cơ quan Tỉnh Đồng Nai · tháng 1/2026 · nợ báo cáo · >Thôi<"
    )
    said = [
        f"{path.relative_to(ROOT)}: {found[0]!r}, officials say {NOT_SAID[word]!r}"
        for path in _said_to_people()
        for found in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert said == []


def test_terms_that_hold_such_a_word_stay():
    for term in ("Làm sạch dữ liệu dân cư", "cơ quan ban hành", "tháng 11/2026"):
        assert not any(re.search(word, term, re.IGNORECASE) for word in NOT_SAID)


def test_search_key_drops_marks_case_and_signs():
    assert search_key("Phường Phước Long") == "phuong phuoc long"
    assert search_key("  ĐẮK  Ơ ") == "dak o"
    assert search_key("Xã Ea M'Doal - Krông") == "xa ea m doal krong"
    assert search_key("Thừa Thiên Huế") == "thua thien hue"
    assert search_key("!?") == ""


def test_search_key_is_the_same_for_composed_and_decomposed_letters():
    assert search_key("Phu\u031bo\u031b\u0301c") == search_key("Phước") == "phuoc"


def test_letters_come_in_vietnamese_order():
    """Ă and Â after A, Đ after D, Ê after E, Ô and Ơ after O, Ư after U: a byte order would put them behind Z."""
    in_order = [
        "An",
        "Ăng",
        "Ân",
        "Ba",
        "Da",
        "Đa",
        "Đo",
        "Em",
        "Ên",
        "Op",
        "Ôn",
        "Ơn",
        "Pa",
        "Um",
        "Ưng",
        "Vang",
        "Yên",
    ]
    shuffled = random.Random(6).sample(in_order, len(in_order))
    assert sorted(shuffled, key=sort_key) == in_order


def test_tones_decide_only_between_equal_letters():
    in_order = ["ba", "bà", "bả", "bã", "bá", "bạ", "bác", "bạc"]
    shuffled = random.Random(6).sample(in_order, len(in_order))
    assert sorted(shuffled, key=sort_key) == in_order
    assert sorted(["Hòa Bình", "Hoa Lư", "Hóa An"], key=sort_key) == ["Hóa An", "Hòa Bình", "Hoa Lư"]


def test_a_shorter_word_comes_first_and_numbers_go_by_value():
    assert sorted(["Bao", "Ba", "An Bình", "An", "Anh"], key=sort_key) == ["An", "An Bình", "Anh", "Ba", "Bao"]
    wards = ["Phường 10", "Phường 2", "Phường 1", "Phường An"]
    assert sorted(wards, key=sort_key) == ["Phường 1", "Phường 2", "Phường 10", "Phường An"]


def test_case_and_signs_do_not_matter():
    assert sort_key("ĐẮK LẮK") == sort_key("Đắk Lắk") == sort_key("đắk-lắk")


def test_the_database_sorts_keys_as_python_does(db):
    """Only digits, so no collation, C or any other, can change the order."""
    words = [
        "An",
        "An Bình",
        "Anh",
        "Ba",
        "Bà",
        "Bao",
        "Đa",
        "Da",
        "Phường 10",
        "Phường 2",
        "Ăng",
        "Ơn",
        "Ô",
        "Ea H'leo",
    ]
    keys = [sort_key(word) for word in words]
    assert all(key.isdigit() and key.isascii() for key in keys)
    with connection.cursor() as cursor:
        union = " UNION ALL ".join(["SELECT CAST(%s AS VARCHAR(255)) AS k"] * len(keys))
        cursor.execute(f"SELECT k FROM ({union}) AS t ORDER BY k", keys)
        assert [row[0] for row in cursor.fetchall()] == sorted(keys)
