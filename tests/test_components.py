"""The parts that pages share: a tag, the head of a table, pages of a list, a field of a form."""

from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory


def drawn(source, **values):
    return " ".join(Template(source).render(Context(values)).split())


def test_tag_escapes_its_label_and_may_go_without_tone_and_icon():
    assert drawn("{% tag label %}", label="<b>") == '<span class="tag">&lt;b&gt;</span>'
    whole = drawn('{% tag "Đã duyệt" "ok" "check" %}')
    assert whole.startswith('<span class="tag tag--ok"><svg')
    assert whole.endswith("</svg>Đã duyệt</span>")


def test_table_head_of_plain_columns():
    head = drawn('{% table_head "Tên" "# Hạn" shown|yesno:"Loại," "(Việc)" %}', shown=False)
    assert head == (
        '<thead> <tr> <th scope="col"> Tên </th> <th scope="col" class="num"> Hạn </th>'
        ' <th scope="col"> <span class="visually-hidden">Việc</span> </th> </tr> </thead>'
    )
    assert "Loại" in drawn('{% table_head "Tên" shown|yesno:"Loại," %}', shown=True)


def test_table_head_with_columns_in_groups():
    groups = [("Tiếp nhận", ["# Trực tuyến", "# Trực tiếp"]), ("", ["# Từ chối"])]
    upper, lower = drawn('{% table_head "Dịch vụ" groups=groups %}', groups=groups).split(" </tr> <tr> ")
    assert upper == (
        '<thead> <tr> <th scope="col" rowspan="2"> Dịch vụ </th> <th scope="colgroup" colspan="2">Tiếp nhận</th>'
        ' <th scope="col" rowspan="2" class="num"> Từ chối </th>'
    )
    numbers = '<th scope="col" class="num"> Trực tuyến </th> <th scope="col" class="num"> Trực tiếp </th>'
    assert lower == f"{numbers} </tr> </thead>"


def test_pages_of_a_list_keep_the_address_and_lead_both_ways():
    def foot(number, rows):
        request = RequestFactory().get("/", {"don_vi": 5, "trang": number})
        context = {"page": Paginator(range(rows), 1000).get_page(number), "note": "; hết."}
        return " ".join(render_to_string("components/pagination.html", context, request).split())

    middle = foot(2, 2500)
    assert (
        'Dòng <span class="num">1.001</span>–<span class="num">2.000</span> trong <span class="num">2.500</span>; hết.'
        in middle
    )
    assert 'href="?don_vi=5&amp;trang=1">Trang trước' in middle
    assert 'href="?don_vi=5&amp;trang=3">Trang sau' in middle
    assert "Trang trước" not in foot(1, 2500)
    assert "Trang sau" not in foot(3, 2500)
    assert "<nav" not in foot(1, 3)


def test_field_of_a_form_ties_hint_and_errors_to_it():
    class Form(forms.Form):
        name = forms.CharField(label="Tên", help_text="Tên đầy đủ.")
        note = forms.CharField(label="Ghi chú", required=False)

    form = Form({})
    name, note = (" ".join(form[key].as_field_group().split()) for key in ("name", "note"))
    assert '<div class="field has-error">' in name
    assert '<label for="id_name"> Tên </label>' in name
    assert '<small id="id_name_helptext">Tên đầy đủ.</small>' in name
    assert 'aria-describedby="id_name_helptext' in name
    assert '<p class="field-error" id="id_name_error">' in name
    assert '<div class="field">' in note
    assert "(có thể để trống)" in note
    assert "field-error" not in note
