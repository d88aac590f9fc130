"""Vietnamese order and search keys, against words put in order by hand."""

import random

from django.db import connection

from de_an_06.plain.vietnamese import search_key, sort_key


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
