"""Whatever stands where a number belongs, in an address, a form or a name, gets an answer and never a broken page."""

import pytest
from django.urls import reverse

from de_an_06.plain.numbers import whole_number
from taskforces.register import assignments
from taskforces.views.source_documents import natural
from tests.test_access import DAY, ROWS, objects, undone  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.once]
SURROGATE = "\ud800"
ODD = ["²", "9" * 5000, "9" * 19, "9" * 30, "\0", "1\0", SURROGATE, "١٢", "-1", "1.5", " 1", "1\n", "", "%", "1e3"]
IDS = ["squared", "5000", "19", "30", "nul", "one-nul", "surrogate", "arabic", "minus", "part", "space", "line", "none"]
IDS += ["percent", "power"]
NUMBERS = {  # page: the parameters of its address that hold a number
    "review-list": ["don_vi", "tra_lai"],
    "dashboard": ["don_vi"],
    "dashboard-map": ["don_vi"],
    "dashboard-meeting": ["don_vi"],
    "dashboard-sheet": ["don_vi"],
    "dashboard-source": ["don_vi"],
    "export-list": ["don_vi"],
    "unit-list": ["don_vi", "q"],
    "people-list": ["don_vi"],
    "taskforce-list": ["don_vi"],
    "finding-list": ["don_vi", "trang"],
    "village-list": ["don_vi", "trang"],
    "document-list": ["don_vi", "trang"],
    "assignment-list": ["don_vi", "van_ban", "viec", "trang"],
    "meeting-list": ["don_vi", "to", "trang"],
    "inspection-list": ["don_vi", "to", "trang"],
    "agenda": ["don_vi"],
    "assign-bulk": ["don_vi", "van_ban", "nhiem_vu"],
    "source-list": ["don_vi"],
    "pilot-list": ["don_vi"],
    "outreach-list": ["don_vi", "trang"],
    "difficulty-list": ["don_vi", "trang"],
    "campaign-list": ["trang"],
    "campaign-add": ["don_vi"],
    "import-list": ["don_vi"],
    "api-units": ["parent", "limit", "offset", "q"],
    "api-reports": ["unit", "limit"],
    "api-summaries": ["unit"],
}


@pytest.fixture(autouse=True)
def _nothing_stays():
    with undone():
        yield


def percent(text) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("text", ["0", "7", "007", "9" * 18])
def test_whole_numbers_are_read(text):
    assert whole_number(text) == int(text)


@pytest.mark.parametrize("text", [*ODD, None, 1, True, 1.0, ["1"], {}])
def test_what_is_no_whole_number_is_nothing(text):
    assert whole_number(text) is None


@pytest.mark.parametrize("person", ["staff", "reviewer"])
@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_an_odd_number_in_an_address_breaks_no_page(name, person, objects, client):  # noqa: F811
    client.force_login(getattr(objects.world, person))
    client.raise_request_exception = False
    broken = []
    for parameter in NUMBERS[name]:
        for text, label in zip(ODD, IDS, strict=True):
            status = client.get(f"{reverse(name)}?{parameter}={percent(text)}").status_code
            if status >= 500:
                broken.append((parameter, label, status))
    assert not broken


@pytest.mark.parametrize("text", ["²", "x²", "9" * 100, "١٢", "Khu phố ²", "Khu phố 2²"])
def test_a_village_called_like_a_number_is_listed_for_everyone(text, objects, client):  # noqa: F811
    """Its name was stored before anybody sorted it, and the list of ward, province and nation broke on it."""
    client.force_login(objects.world.officer)
    address = reverse("village-add") + f"?don_vi={objects.world.phuoc_long.pk}"
    body = {"kind": "working_group", "valid_from": DAY, "dong-0-village": text, **ROWS}
    assert client.post(address, body).status_code == 302
    for person, unit in (("officer", "phuoc_long"), ("staff", "dong_nai"), ("administrator", "nation")):
        client.force_login(getattr(objects.world, person))
        page = client.get(reverse("village-list") + f"?don_vi={getattr(objects.world, unit).pk}")
        assert page.status_code == 200
        assert text in page.text


def test_tasks_with_odd_codes_stand_in_one_order(objects, client):  # noqa: F811
    codes = ["NV10", "NV2", "2²", "1²2", "²", "NV²", "NV١", "2", "N" + "9" * 19, "10"]
    items = [assignments.add_item(by=objects.world.staff, source_id=objects.source.pk, code=c, text="x") for c in codes]
    client.force_login(objects.world.officer)
    assert client.get(reverse("source-detail", args=[objects.source.pk])).status_code == 200
    in_order = [item.code for item in sorted(items, key=natural)]
    assert in_order.index("2") < in_order.index("10")
    assert in_order.index("NV2") < in_order.index("NV10")


@pytest.mark.parametrize("text", [text for text in ODD if text != SURROGATE])  # UTF-8 has no place for one in a form
def test_an_odd_number_in_a_form_breaks_nothing(text, objects, client):  # noqa: F811
    world = objects.world
    client.force_login(world.reviewer)
    if "\0" in text:  # no database keeps it: told so before any page (see below)
        assert client.post(reverse("review-approve-clean"), {"bao_cao": [text]}).status_code == 400
        return
    assert client.post(reverse("review-approve-clean"), {"bao_cao": [text]}).status_code == 302
    client.force_login(world.staff)
    for name in ("period-close", "period-reopen"):
        answer = client.post(reverse(name, args=[objects.sent.period_id]), {"don_vi": text, "ly_do": "x"})
        assert answer.status_code in {302, 403, 404}, name
    assert client.post(reverse("export-create"), {"don_vi": text, "ky": "2026-11"}).status_code < 500
    client.force_login(world.officer)
    body = {"cells": "{}", "seen": "{}", "upload": text}
    assert client.post(reverse("report-upload", args=[objects.draft.pk]), body).status_code == 302


BAD_JSON = {
    "nested": '{"fields": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "digits": '{"fields": {"DVC01.opening": ' + "9" * 5000 + "}}",
    "half a surrogate": '{"fields": {"results": "\\ud800"}}',
    "half a surrogate as a key": '{"fields": {"\\udfff": "1"}}',
    "NUL": '{"fields": {"results": "a\\u0000b"}}',
    "no JSON": "{",
    "a list": "[]",
    "a word": '"x"',
}


@pytest.mark.parametrize("text", BAD_JSON.values(), ids=BAD_JSON)
def test_json_that_cannot_be_read_or_kept_is_answered_with_a_sentence(text, objects, client):  # noqa: F811
    """Typed cells, the same through the API, the file's preview: an answer, and nothing stored."""
    world, draft = objects.world, objects.draft
    client.force_login(world.officer)
    client.raise_request_exception = False
    own = text.replace('{"fields"', f'{{"user": {world.officer.pk}, "fields"', 1)
    answer = client.post(reverse("report-save-cells", args=[draft.pk]), own, content_type="application/json")
    assert answer.status_code in {400, 409}, answer.content[:300]
    assert answer.json()["message"]
    cells = text.replace('"fields"', '"cells"', 1)
    answer = client.patch(reverse("api-report-cells", args=[draft.pk]), cells, content_type="application/json")
    assert answer.status_code == 400, answer.content[:300]
    for name in ("cells", "seen"):
        body = {"cells": "{}", "seen": "{}", name: text}
        assert client.post(reverse("report-upload", args=[draft.pk]), body).status_code in {200, 302}
    body = {"seen": text, "DVC01.opening": ""}
    assert client.post(reverse("report-entry", args=[draft.pk]), body).status_code in {200, 302}
    draft.refresh_from_db()
    assert draft.results == ""


def test_a_form_where_json_belongs_is_told_so(objects, client):  # noqa: F811
    client.force_login(objects.world.officer)
    client.raise_request_exception = False
    assert client.post(reverse("report-save-cells", args=[objects.draft.pk]), {"fields": "{}"}).status_code == 400


def test_text_with_nul_is_told_so_and_never_reaches_the_database(objects, client):  # noqa: F811
    """PostgreSQL refuses it in the middle of a transaction; SQLite would keep half of the text."""
    client.raise_request_exception = False
    client.force_login(objects.world.reviewer)
    tries = [
        client.post(reverse("report-send-back", args=[objects.sent.pk]), {"ly_do": "sai\0số"}),
        client.get(reverse("unit-list") + "?q=a%00"),
        client.get("/don-vi/%00/"),
    ]
    assert [answer.status_code for answer in tries] == [400, 400, 400]
    assert "ký tự không hợp lệ" in tries[0].text
    objects.sent.refresh_from_db()
    assert objects.sent.status == "submitted"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "31/12/9999", "1989-12-31", "2101-01-01"])
@pytest.mark.parametrize("person", ["officer", "staff", "administrator"])
def test_a_day_outside_all_time_breaks_no_page(day, person, objects, client):  # noqa: F811
    client.force_login(getattr(objects.world, person))
    client.raise_request_exception = False
    unit = objects.world.phuoc_long.pk
    pages = ["unit-list", "unit-detail", "outreach-list", "assignment-list", "taskforce-list", "finding-list"]
    pages += ["village-list", "pilot-list", "people-list", "document-list"]
    broken = []
    for name in pages:
        address = reverse(name, args=[unit] if name == "unit-detail" else [])
        answer = client.get(f"{address}?ngay={day}&don_vi={unit}&tu={day}")
        if answer.status_code >= 500:
            broken.append((name, answer.status_code))
    assert not broken
    assert client.get(f"{reverse('api-units')}?on={day}").status_code == 400


@pytest.mark.parametrize("day", ["9999-12-31", "1989-12-31"])
def test_a_day_outside_all_time_is_refused_beside_its_field(day, objects, client):  # noqa: F811
    client.force_login(objects.world.officer)
    address = reverse("village-add") + f"?don_vi={objects.world.phuoc_long.pk}"
    answer = client.post(address, {"kind": "working_group", "valid_from": day, "dong-0-village": "Ấp 1", **ROWS})
    assert answer.status_code == 200
    assert "Nhập ngày trong khoảng 1990–2100." in answer.text


def test_reasons_have_a_longest_length_everywhere(objects, client):  # noqa: F811
    """1,000 letters are kept, one more is refused with a sentence; 2 MB were taken before."""
    world, sent = objects.world, objects.sent
    client.force_login(world.reviewer)
    send_back = reverse("report-send-back", args=[sent.pk])
    answer = client.post(send_back, {"ly_do": "ố" * 1001}, follow=True)
    assert "Lý do dài nhất 1.000 ký tự. Bạn đã nhập 1.001 ký tự." in answer.text
    sent.refresh_from_db()
    assert sent.status == "submitted"
    client.post(send_back, {"ly_do": "ố" * 1000})
    sent.refresh_from_db()
    assert sent.status == "returned"
    assert sent.events.last().reason == "ố" * 1000
