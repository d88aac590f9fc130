"""Word templates that people hand in: filled with plain data and nothing else, refused with a sentence."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from jinja2 import StrictUndefined, TemplateSyntaxError

from de_an_06.plain import word_files, word_filler
from de_an_06.plain.word_files import TOO_MUCH, TemplateRefused

pytestmark = pytest.mark.embedded

SHAPE = {"ten": 1, "nhom": {"ten": 1, "items": 1}, "bang": [{"so": 1}], "cau": [1], "anh": 1}
CONTEXT = {
    "ten": "Xã <Đông> & {{ 7 }}",
    "nhom": {"ten": "Nhóm", "items": "mục"},
    "bang": [{"so": "1"}, {"so": "2"}],
    "cau": ["Một.", "Hai."],
    "anh": "",
}
BOMB = word_files.WORD_LIMITS | {"unpacked": 1024 * 1024}


def template(tmp_path, *paragraphs, header="", title=""):
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.sections[0].header.paragraphs[0].text = header
    document.core_properties.title = title
    document.save(tmp_path / "mau.docx")
    return tmp_path / "mau.docx"


def fill(path, context=CONTEXT, limits=None):
    out = path.with_name("ra.docx")
    word_files.fill(path, out, context=context, pictures={}, shape=SHAPE, limits=limits)
    return [p.text for p in docx.Document(out).paragraphs]


def refused(path, **more):
    with pytest.raises(TemplateRefused) as error:
        fill(path, **more)
    assert not path.with_name("ra.docx").exists()
    return error.value.sentences


def changed(path, change):
    """The template with its parts changed: name -> content."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_texts_rows_and_conditions_are_filled(tmp_path):
    path = template(
        tmp_path, "{{ ten }}", "{{ nhom.items | upper }}", "{%p for c in cau %}", "{{ loop.index }}. {{ c }}",
        "{%p endfor %}", "{% if anh %}có{% else %}không{% endif %}", "{{ bang | length }}", header="{{ nhom.ten }}",
    )  # fmt: skip
    assert fill(path) == ["Xã <Đông> & {{ 7 }}", "MỤC", "1. Một.", "2. Hai.", "không", "2"]
    assert docx.Document(tmp_path / "ra.docx").sections[0].header.paragraphs[0].text == "Nhóm"


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ten.__class__ }}",
        "{{ ten.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''.__class__ }}",
        "{% for c in 'abc' %}{{ c }}{% endfor %}",
        "{{ nhom['__class__'] }}",
        "{{ nhom.keys }}",
        "{{ ten.upper() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum }}",
        "{% for i in range(10) %}{{ i }}{% endfor %}",
        "{% for c in cau %}{{ loop.previtem }}{% endfor %}",
        "{% for c in cau %}{{ loop.changed(c) }}{% endfor %}",
        "{{ ten | attr('__class__') }}",
        "{{ cau | map(attribute='__class__') | first }}",
        "{{ '%s' | format(ten) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ ten ~ ten }}",
        "{{ ten if ten else ten }}",
        "{% set x = ten %}{{ x }}",
        "{% macro m() %}{{ m() }}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{% for c in cau recursive %}{{ loop(cau) }}{% endfor %}",
        "{% filter upper %}a{% endfilter %}",
        "{{ {'a': 1} }}",
        "{{ ten is callable }}",
        "{{ loop }}",
    ],
)
def test_an_attack_is_refused_before_it_is_compiled(attack):
    with pytest.raises((word_filler.TemplateFault, TemplateSyntaxError)):
        word_filler._environment(SHAPE).from_string(attack)


@pytest.mark.parametrize("place", ["body", "header", "title"])
def test_an_attack_is_refused_wherever_it_stands(tmp_path, place):
    attack = "{{ ten.__class__ }}"
    where = {"body": {}, "header": {"header": attack}, "title": {"title": attack}}[place]
    path = template(tmp_path, attack if place == "body" else "{{ ten }}", **where)
    assert refused(path) == ["Chỗ điền “ten.__class__” không có trong danh mục."]


def test_behind_the_list_of_allowed_orders_nothing_gives_an_object_away():
    """The sandbox itself, without what looks at the template first."""
    found = word_filler._environment(SHAPE)
    for obj, name in (("a", "upper"), ("a", "__class__"), ({"a": 1}, "keys"), ([1], "append"), (found, "loader")):
        assert isinstance(found.getattr(obj, name), StrictUndefined)
    assert found.getattr({"keys": "x"}, "keys") == "x"
    assert isinstance(found.getitem({"a": 1}, "a"), StrictUndefined)
    assert not found.is_safe_callable(len)
    assert found.globals == {}
    assert set(found.filters) == {"upper", "lower", "first", "last", "length", "join", "capitalize"}
    with pytest.raises(word_filler.TemplateFault):
        found.call_binop(None, "*", "a", 10)


def test_all_unknown_placeholders_are_named_at_once(tmp_path):
    path = template(tmp_path, "{{ ten_don_vi }} {{ nhom.gi }}", "{% for d in bang %}{{ d.ti_le }}{% endfor %}")
    assert refused(path) == [
        "Chỗ điền “d.ti_le” không có trong danh mục.",
        "Chỗ điền “nhom.gi” không có trong danh mục.",
        "Chỗ điền “ten_don_vi” không có trong danh mục.",
    ]


def test_a_group_is_no_text_and_a_text_no_list(tmp_path):
    assert refused(template(tmp_path, "{{ nhom }}")) == [
        "“nhom” là một nhóm, không điền thẳng được; chọn một mục trong nhóm."
    ]
    (sentence,) = refused(template(tmp_path, "{% for d in ten %}{{ d }}{% endfor %}"))
    assert sentence == "“ten” không phải danh sách, không dùng được sau “for … in”."


def test_broken_syntax_is_told_with_its_place(tmp_path):
    (sentence,) = refused(template(tmp_path, "Kết quả chung", "{% if ten %}Đơn vị {{ ten }}"))
    assert sentence.startswith("Mẫu viết sai cú pháp: gần “")
    assert "Đơn vị" in sentence


def link(parts):
    parts["word/_rels/document.xml.rels"] = parts["word/_rels/document.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" '
        b'Target="http://192.0.2.1/a.png" TargetMode="External"/></Relationships>',
    )


def attached(parts):
    parts["word/_rels/settings.xml.rels"] = (
        b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        b'attachedTemplate" Target="file:///c:/a.dotm" TargetMode="External"/></Relationships>'
    )


def embedded(parts):
    parts["word/embeddings/oleObject1.bin"] = b"\xd0\xcf\x11\xe0"


def doctype(parts):
    head, _, rest = parts["word/document.xml"].partition(b"?>")
    parts["word/document.xml"] = head + b'?><!DOCTYPE d [<!ENTITY a "aaaa">]>' + rest


def broken(parts):
    parts["word/document.xml"] = parts["word/document.xml"][:-40]


def empty(parts):
    del parts["word/document.xml"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (link, "liên kết ra ngoài: “http://192.0.2.1/a.png”"),
        (attached, "mẫu kèm theo"),
        (embedded, "đối tượng nhúng"),
        (doctype, word_filler.NOT_A_WORD_FILE),
        (broken, word_filler.NOT_A_WORD_FILE),
        (empty, word_filler.NOT_A_WORD_FILE),
    ],
)
def test_what_a_file_may_not_hold_is_said(tmp_path, change, words):
    (sentence,) = refused(changed(template(tmp_path, "{{ ten }}"), change))
    assert words in sentence


@pytest.mark.parametrize("cut", [False, True])
def test_a_field_that_fetches_is_refused_also_in_pieces(tmp_path, cut):
    document = docx.Document()
    run = document.add_paragraph("{{ ten }}").add_run()
    pieces = ["DDEA", "UTO c:\\\\a.exe"] if cut else [" INCLUDEPICTURE http://192.0.2.1/a "]
    for xml in (
        '<w:fldChar {} w:fldCharType="begin"/>',
        *(f"<w:instrText {{}}>{piece}</w:instrText>" for piece in pieces),
        '<w:fldChar {} w:fldCharType="end"/>',
    ):
        run._r.append(parse_xml(xml.format(nsdecls("w"))))
    document.save(tmp_path / "mau.docx")
    (sentence,) = refused(tmp_path / "mau.docx")
    assert "lấy nội dung từ nơi khác" in sentence


def test_a_bomb_is_not_unpacked(tmp_path):
    def bomb(parts):
        parts["word/media/a.png"] = b"\0" * (2 * 1024 * 1024)

    path = changed(template(tmp_path, "{{ ten }}"), bomb)
    assert refused(path, limits=BOMB) == [word_filler.TEMPLATE_TOO_LARGE]


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path):
    path = template(tmp_path, "{{ ten }}")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/a.png", b"\0" * (2 * 1024 * 1024))
    content = path.read_bytes().replace((2 * 1024 * 1024).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(content)
    assert refused(path, limits=BOMB) in ([word_filler.TEMPLATE_TOO_LARGE], [word_filler.NOT_A_WORD_FILE])


def test_loops_without_end_are_stopped(tmp_path):
    loops = "".join(f"{{% for {x} in cau %}}" for x in "abcdefgh")
    path = template(tmp_path, loops + "{{ a }}" + "{% endfor %}" * 8)
    limits = word_files.WORD_LIMITS | {"seconds": 3}
    assert refused(path, context=CONTEXT | {"cau": ["a"] * 60}, limits=limits) == [TOO_MUCH]


def test_a_template_that_takes_too_much_memory_is_stopped(tmp_path):
    path = template(tmp_path, "{% for a in cau %}{% for b in cau %}{{ a }}{% endfor %}{% endfor %}")
    limits = word_files.WORD_LIMITS | {"memory": 300 * 1024 * 1024}
    assert refused(path, context=CONTEXT | {"cau": ["a" * 5000] * 400}, limits=limits) == [TOO_MUCH]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_word_file_is_said(tmp_path, content):
    path = tmp_path / "mau.docx"
    path.write_bytes(content)
    assert refused(path) == [word_filler.NOT_A_WORD_FILE]


def test_a_password_is_said(tmp_path):
    path = template(tmp_path, "{{ ten }}")
    content = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(content) as archive:
        at = archive.start_dir
    data = bytearray(content.getvalue())
    data[at + 8] |= 1  # the flag of the first entry of the directory
    path.write_bytes(bytes(data))
    assert refused(path) == ["Tệp có mật khẩu. Bỏ mật khẩu, lưu lại rồi gửi."]
