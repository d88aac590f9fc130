"""Django's own Vietnamese stands in the administration, and what nobody translates is translated here."""

import ast
import gettext as files
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.utils.translation import gettext, ngettext, override
from django.utils.translation.trans_real import DjangoTranslation

# Said the same in Vietnamese: names and signs.
SAME = {"Email", "IPv4", "IPv6", ", ", ":", ":?.!", "%(class_name)s %(instance)s"}
DJANGO = {"django": "conf", "django.contrib.admin": "", "django.contrib.auth": "", "django.contrib.sessions": ""}
# Of Django's core only what forms, fields and pages say: the rest are pages of its own development server.
SAID_BY_CORE = ("core/validators.py", "forms/", "db/models/base.py", "db/models/constraints.py", "utils/timesince.py")


def folder(package, below="") -> Path:
    return Path(find_spec(package).submodule_search_locations[0]) / below / "locale"


def texts(path) -> list[tuple[str, str, str]]:
    """Of a .po file: each text, its plural ('' for none) and where it is said. Texts with a context are left out."""
    found = []
    for entry in path.read_text(encoding="utf-8").split("\n\n"):
        said = dict(re.findall(r'^(msgctxt|msgid|msgid_plural) ((?:".*"\n?)+)', entry, re.MULTILINE))
        said = {name: "".join(map(ast.literal_eval, lines.splitlines())) for name, lines in said.items()}
        if said.get("msgid") and "msgctxt" not in said and "#~" not in entry:
            found.append((said["msgid"], said.get("msgid_plural", ""), " ".join(re.findall(r"^#: (.*)", entry, re.M))))
    return found


def said(one, many="", translation=None) -> str:
    if translation is not None:
        return translation.ngettext(one, many, 1) if many else translation.gettext(one)
    return ngettext(one, many, 1) if many else gettext(one)


def test_words_of_the_administration_and_of_accounts():
    """By hand: what an administrator and a person at the pages of accounts read."""
    with override("vi"):
        for english, vietnamese in {
            "Add": "Thêm vào",
            "Are you sure?": "Bạn có chắc chắn không?",
            "Save": "Lưu lại",
            "Remove": "Gỡ bỏ",
            "Password": "Mật khẩu",
            "Set password": "Đặt mật khẩu",
            "Add Security Key": "Thêm khóa bảo mật",
            "Incorrect code.": "Mã chưa đúng.",
            "The username and/or password you specified are not correct.": "Tên đăng nhập hoặc mật khẩu chưa đúng.",
            "Import": "Nhập tệp",
            "Export": "Xuất tệp",
            "Select all": "Chọn tất cả",
            "Confirm import": "Nhập các dòng này",
        }.items():
            assert gettext(english) == vietnamese
        one = "This password is too short. It must contain at least %d character."
        many = "This password is too short. It must contain at least %d characters."
        assert ngettext(one, many, 10) % 10 == "Mật khẩu quá ngắn. Phải có ít nhất 10 ký tự."


def test_what_django_says_in_vietnamese_is_said_so():
    """Words of ours go before Django's, on every page: one for a page of allauth would stand in the administration."""
    others = [
        files.translation("django", folder(*place), ["vi"]) for place in (DJANGO | {"rest_framework": ""}).items()
    ]
    for package, below in DJANGO.items():
        catalogue = files.translation("django", folder(package, below), ["vi"])
        for one, many, _ in texts(folder(package, below) / "en/LC_MESSAGES/django.po"):
            if (vietnamese := said(one, many, catalogue)) not in {one, many}:
                with override("vi"):
                    assert said(one, many) in {vietnamese, *(said(one, many, other) for other in others)}, one


@pytest.mark.parametrize(
    ("package", "below", "language", "where"),
    [
        ("django", "conf", "en", SAID_BY_CORE),
        ("django.contrib.admin", "", "en", ("",)),
        ("django.contrib.auth", "", "en", ("",)),
        ("import_export", "", "de", ("",)),
    ],
)
def test_nothing_is_left_in_english(package, below, language, where):
    found = [
        (one, many)
        for one, many, place in texts(folder(package, below) / language / "LC_MESSAGES/django.po")
        if any(part in place for part in where) and one not in SAME
    ]
    assert len(found) > 30
    with override("vi"):
        assert [one for one, many in found if said(one, many) in {one, many}] == []


def test_nothing_is_left_in_english_by_the_scripts_of_the_administration():
    place = folder("django.contrib.admin")
    catalogue = DjangoTranslation("vi", domain="djangojs", localedirs=[str(place)])
    found = texts(place / "en/LC_MESSAGES/djangojs.po")
    assert len(found) > 30
    left = [one for one, many, _ in found if said(one, many, catalogue) in {one, many}]
    assert left == []
    assert catalogue.pgettext("abbrev. day Monday", "Mon") == "T2"


def test_what_is_shipped_is_what_stands_in_the_source():
    """Somebody may write a text and not compile it."""
    for domain in ("django", "djangojs"):
        source = Path(__file__).parents[1] / "locale/vi/LC_MESSAGES" / f"{domain}.po"
        compiled = files.translation(domain, source.parents[2], ["vi"])
        for entry in source.read_text(encoding="utf-8").split("\n\n"):
            got = re.search(r'^msgid (".*")$(?:\nmsgid_plural (".*")$)?\nmsgstr(?:\[0\])? (".*")$', entry, re.M)
            if got and "msgctxt" not in entry and ast.literal_eval(got[1]):
                one, many, text = (ast.literal_eval(part) if part else "" for part in got.groups())
                assert said(one, many, compiled) == text
