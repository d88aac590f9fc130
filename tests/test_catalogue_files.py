"""The catalogue by file: Vietnamese columns and values, errors by row and column, and what the file leads to."""

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from reporting.models import Holiday, Indicator, ParticipatingArea, PublicService, Report, ServiceTerms
from tests.test_account_pages import words_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]
D = dt.date


@pytest.fixture
def page(world, client, at, month):
    """`page(model)(header, *rows)` brings a file in: the answer of the first step, and what was said after the last."""
    at("2026-11-24 09:00")
    month("2026-11")
    client.force_login(world.administrator)

    def of(model):
        def bring(*rows, content=b"", kind="csv", separator=",", encoding="utf-8-sig"):
            if content:
                pass
            elif kind == "csv":
                text = io.StringIO()
                csv.writer(text, delimiter=separator).writerows(rows)
                content = text.getvalue().encode(encoding)
            else:
                book, file = openpyxl.Workbook(), io.BytesIO()
                for row in rows:
                    book.active.append(row)
                book.save(file)
                content = file.getvalue()
            body = {"resource": 0, "format": {"csv": 0, "xlsx": 1}[kind]}
            body["import_file"] = SimpleUploadedFile(f"tep.{kind}", content)
            seen = client.post(reverse(f"admin:reporting_{model}_import"), body)
            if "confirm_form" not in seen.context:
                return seen, []
            done = client.post(reverse(f"admin:reporting_{model}_process_import"), seen.context["confirm_form"].initial)
            assert done.status_code == 302, words_of(done.text)
            return seen, [(m.level_tag, str(m)) for m in get_messages(done.wsgi_request)]

        return bring

    return of


def exported(client, resource, model, *columns):
    body = {"resource": 0, "format": 0} | {f"{resource}_{column}": "on" for column in columns}
    answer = client.post(reverse(f"admin:reporting_{model}_export"), body)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv"
    return answer, list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_holidays_come_in_as_they_are_written_here(page, client):
    head = ["Ngày", "Tên", "Là ngày làm bù"]
    seen, said = page("holiday")(head, ["02/11/2026", "Nghỉ thử", "không"], ["07/11/2026", "Làm bù", "có"])
    assert "Nhập các dòng này" in seen.text
    assert said == [("success", "Đã nhập tệp: thêm 2, sửa 0, xóa 0, giữ nguyên 0 (ngày nghỉ, ngày làm bù).")]
    assert Holiday.objects.get(day=D(2026, 11, 2)).is_working_day is False  # never 11 February
    assert Holiday.objects.get(day=D(2026, 11, 7)).is_working_day is True
    seen, said = page("holiday")(head, ["02/11/2026", "Nghỉ khác", "không"], kind="xlsx")
    assert Holiday.objects.get(day=D(2026, 11, 2)).name == "Nghỉ khác"
    seen, said = page("holiday")(head, [D(2026, 11, 3), "Từ ô ngày", "không"], kind="xlsx")
    assert Holiday.objects.get(day=D(2026, 11, 3)).name == "Từ ô ngày"
    answer, rows = exported(client, "holidayresource", "holiday", "day", "name", "is_working_day")
    assert answer["Content-Disposition"] == 'attachment; filename="ngay-nghi-ngay-lam-bu-2026-11-24.csv"'
    assert rows[0] == head
    assert ["07/11/2026", "Làm bù", "có"] in rows


def test_what_is_wrong_is_said_by_row_and_column_and_nothing_is_stored(page):
    before = Holiday.objects.count()
    rows = [["ngày", "TÊN", "is_working_day"], ["05/11/2026", "Được", "không"], ["06/11/2026", "", "đôi khi"]]
    seen, _ = page("holiday")(*rows)
    text = " ".join(words_of(seen.text).split())
    assert "Dòng 2, cột Tên: Trường này không được để trắng." in text
    assert "Dòng 2, cột Là ngày làm bù: “đôi khi”: ghi có hoặc không." in text
    seen, _ = page("holiday")(["Ngày", "Tên"], ["31/02/2026", "Không có"])
    assert "“31/02/2026” không phải ngày; ghi ngày/tháng/năm." in words_of(seen.text)
    seen, _ = page("holiday")(["Tên"], ["Thiếu cột"])
    assert "Tệp thiếu cột: Ngày" in words_of(seen.text)
    assert Holiday.objects.count() == before


def service(code="DVC99", reporter="Công an"):
    head = ["Mã", "Thứ tự", "Tên", "Tên ngắn", "Bộ phận nhập"]
    return head, [code, "99", "Dịch vụ công mới", "Dịch vụ mới", reporter]


def test_an_imported_service_is_owed_by_nobody_until_it_has_terms(page, client):
    _, said = page("publicservice")(*service())
    assert PublicService.objects.get(code="DVC99").reporter == "police"
    nobody = "Chưa cấp nào phải báo cáo DVC99: thêm quy định theo thời gian (từ ngày nào, cấp nào)."
    assert ("warning", nobody) in said
    text = " ".join(words_of(client.get(reverse("admin:reporting_publicservice_changelist")).text).split())
    assert text.count("chưa cấp nào") == 1
    head = ["Mã dịch vụ công", "Từ ngày", "Cấp xã báo cáo", "Cấp tỉnh báo cáo", "Cơ quan chủ trì"]
    _, said = page("serviceterms")(head, ["DVC99", "01/12/2026", "có", "không", "Bộ Công an"])
    assert [level for level, _ in said] == ["success"]
    terms = ServiceTerms.objects.get(service__code="DVC99")
    assert (terms.valid_from, terms.at_commune, terms.at_province) == (D(2026, 12, 1), True, False)
    text = words_of(client.get(reverse("admin:reporting_publicservice_changelist")).text)
    assert "chưa cấp nào" not in text
    assert "xã (từ 01/12/2026)" in text
    _, said = page("publicservice")(*service(reporter="Văn phòng HĐND và UBND"))
    assert [level for level, _ in said] == ["success"]
    assert PublicService.objects.get(code="DVC99").reporter == "office"
    logged = LogEntry.objects.filter(object_repr__startswith="DVC99").order_by("pk")
    assert [entry.get_change_message() for entry in logged] == ["Thêm bằng tệp.", "Thêm bằng tệp.", "Sửa bằng tệp."]


def test_a_service_added_on_the_page_without_terms_says_so_too(page, client):
    body = {"code": "DVC98", "order": "98", "name": "Mới", "short_name": "Mới", "reporter": "office"}
    body |= {"terms-TOTAL_FORMS": 0, "terms-INITIAL_FORMS": 0}
    answer = client.post(reverse("admin:reporting_publicservice_add"), body)
    assert any("Chưa cấp nào phải báo cáo DVC98" in str(m) for m in get_messages(answer.wsgi_request))


def test_terms_of_something_unknown(page):
    seen, _ = page("serviceterms")(["Mã dịch vụ công", "Từ ngày"], ["DVC77", "01/12/2026"])
    assert "Không có dịch vụ công mã “DVC77”." in words_of(seen.text)
    seen, _ = page("publicservice")(*service(reporter="ai đó"))
    assert "cột Bộ phận nhập: “ai đó”: ghi một trong Văn phòng HĐND và UBND, Công an." in words_of(seen.text)


def test_a_file_changes_no_more_of_an_indicator_with_figures_than_the_page(page, world, fill):
    fill(Report.objects.get(unit=world.phuoc_long))
    kept = Indicator.objects.get(code="TT01")
    seen, _ = page("indicator")(["Mã", "Theo thời gian"], ["TT01", "Cuối kỳ"])
    assert "cột Theo thời gian: Chỉ tiêu đã có số liệu: giữ nguyên “Trong kỳ”." in words_of(seen.text)
    assert Indicator.objects.get(code="TT01").over_time == kept.over_time


def test_an_area_by_file_makes_the_open_months_follow(page, world):
    ParticipatingArea.objects.all().delete()
    Report.objects.all().delete()
    head = ["Mã đơn vị", "Từ ngày", "Đến hết ngày"]
    seen, _ = page("participatingarea")(head, ["99999", "01/07/2025", ""])
    assert "Không có đơn vị mã “99999” vào ngày bắt đầu của dòng này." in words_of(seen.text)
    seen, said = page("participatingarea")(head, ["75", "01/07/2025", ""])
    assert "Tỉnh Đồng Nai" in seen.text
    assert Report.objects.count() == 4  # the province and its three communes, nothing from the look before
    assert ("info", "Đã thêm báo cáo phải nộp: tháng 11/2026 (4).") in said
    # 25217 was Phường Long Thủy until 30 June 2025, and is Phường Phước Long since
    page("participatingarea")(head, ["25217", "01/01/2024", "30/06/2025"], ["25217", "01/07/2025", ""])
    units = ParticipatingArea.objects.filter(unit__code="25217").order_by("valid_from").values_list("unit", flat=True)
    assert list(units) == [world.long_thuy.pk, world.phuoc_long.pk]


def all_of(client, model, kind) -> bytes:
    """The file of every row with every column."""
    form = client.get(reverse(f"admin:reporting_{model}_export")).context["form"]
    columns = {name: "on" for name, field in form.fields.items() if getattr(field, "is_selectable_field", False)}
    body = {"resource": 0, "format": {"csv": 0, "xlsx": 1}[kind]} | columns
    return client.post(reverse(f"admin:reporting_{model}_export"), body).content


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "model", ["publicservice", "indicator", "serviceterms", "indicatorterms", "holiday", "participatingarea"]
)
def test_what_goes_out_comes_in_unchanged(page, client, model, kind):
    count = apps.get_model("reporting", model).objects.count()
    assert count
    _, said = page(model)(content=all_of(client, model, kind), kind=kind)
    assert [(level, f"giữ nguyên {count} " in text) for level, text in said] == [("success", True)]


# What a spreadsheet would run, in a cell of its own or where Excel cuts at a semicolon.
FORMULAS = ["=1+1", "+84", "-2+3", "@SUM(A1)", "Nghỉ; =1+1", "Nghỉ;=1+1;@SUM(A1)"]


def test_a_name_that_looks_like_a_formula_goes_out_as_text_and_comes_back(page, client):
    Holiday.objects.all().delete()
    for i, name in enumerate(FORMULAS, 1):
        Holiday.objects.create(day=D(2027, 3, i), name=name)
    files = {kind: all_of(client, "holiday", kind) for kind in ("csv", "xlsx")}
    rows = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    held = ["'=1+1", "'+84", "'-2+3", "'@SUM(A1)", "Nghỉ; '=1+1", "Nghỉ;'=1+1;'@SUM(A1)"]
    assert sorted(row[1] for row in rows[1:]) == sorted(held)
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).active
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert sorted((cell.value, cell.data_type) for cell in cells) == sorted((name, "s") for name in FORMULAS)
    for kind, content in files.items():
        Holiday.objects.all().delete()
        page("holiday")(content=content, kind=kind)
        assert sorted(Holiday.objects.values_list("name", flat=True)) == sorted(FORMULAS), kind


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_csv_as_excel_writes_it_here_is_read(page, separator):
    """With a Vietnamese Windows the list separator is a semicolon, for the comma stands in numbers."""
    rows = [["Ngày", "Tên", "Là ngày làm bù"], ["02/11/2026", "Nghỉ thử, bù; sau", "không"], []]
    _, said = page("holiday")(*rows, separator=separator)
    assert [level for level, _ in said] == ["success"]
    assert Holiday.objects.get(day=D(2026, 11, 2)).name == "Nghỉ thử, bù; sau"


@pytest.mark.parametrize(
    ("encoding", "name", "sentence"),
    [
        ("utf-16", "Nghỉ", "Tệp CSV mã hóa UTF-16."),
        ("cp1258", "Nghi lê", "Tệp CSV không phải mã UTF-8 (từ dòng 1)"),
        ("utf-8-sig", "=1+1", "Dòng 2, cột B: ô này là công thức (=1+1)."),
    ],
)
def test_a_csv_that_cannot_be_taken_says_why(page, encoding, name, sentence):
    before = Holiday.objects.count()
    seen, _ = page("holiday")(["day", "Tên"], ["02/11/2026", name], encoding=encoding)
    assert sentence in " ".join(words_of(seen.text).split())
    assert Holiday.objects.count() == before
