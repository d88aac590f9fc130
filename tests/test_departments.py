"""Departments: a posting that names a body of a unit, and what its holder may do and must not (docs/decisions/0015)."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from de_an_06.plain.bodies import is_lead
from reporting import target_workflow
from reporting.entry import ready, saving
from reporting.exports.form_file import write_entry_form
from reporting.models import FigureChange, Indicator, PublicService, Report, Target
from reporting.review import workflow
from reporting.target_workflow import Aim
from taskforces.models import ImportJob, Posting, Role, SourceDocument, SourceItem, User
from taskforces.people import postings
from taskforces.register import assignments
from tests.conftest import make_person
from tests.import_sheets import bring_in, said, totals, write, xlsx
from tests.test_taskforces_admin import posting_data

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 16)
BODY = {"role": Role.DEPARTMENT, "body": "Trạm Y tế"}


@pytest.fixture(autouse=True)
def now(at):
    at("2026-11-16 09:00")


@pytest.fixture
def station(world):
    return make_person("tram", "Mai Y Tế", world.phuoc_long, groups="health", **BODY)


@pytest.fixture
def justice(world):
    return make_person(
        "hotich", "Lưu Tư Pháp", world.phuoc_long, Role.DEPARTMENT, body="Tư pháp", groups="civil_status"
    )


@pytest.fixture
def department(world):
    return make_person("soyte", "Tạ Y Tế", world.dong_nai, Role.DEPARTMENT, body="Sở Y tế", groups="health")


@pytest.fixture
def draft(world, month, fill):
    return fill(Report.objects.get(unit=world.phuoc_long, period=month("2026-11")), ready=True)


def hand_out(by, unit, bodies, due_on=None):
    source = SourceDocument.objects.create(
        number="9/KH-UBND", issued_on=dt.date(2026, 1, 5), issuing_body="UBND", title="Kế hoạch"
    )
    item = SourceItem.objects.create(source=source, code="NV1", text="Rà soát")
    return [
        assignments.assign(
            by=by, item=item, unit=unit, part="lead", assigned_on=dt.date(2026, 1, 15), due_on=due_on, body=body
        )
        for body in bodies
    ]


def of(code):
    return Aim(2026, indicator=Indicator.objects.get(code=code))


# The posting ---------------------------------------------------------------------------------------------------------


def test_a_posting_names_the_body_and_waits_for_a_second_person(world):
    user = User.objects.create(username="moi", full_name="Người Mới")
    given = postings.give(
        by=world.staff, user=user, unit=world.dong_nai, role="department", valid_from=TODAY,
        body="  Sở  Y tế ", groups=["social_security", "health", "khong-co"],
    )  # fmt: skip
    assert (given.body, given.groups, given.waits) == ("Sở Y tế", "health social_security", True)
    assert not Posting.objects.on(TODAY).filter(pk=given.pk).exists()
    with pytest.raises(ValidationError, match="người khác"):
        postings.confirm(by=world.staff, posting_id=given.pk)
    other = make_person("ha2", "Người Thứ Hai", world.dong_nai, Role.PROVINCIAL_STAFF)
    postings.confirm(by=other, posting_id=given.pk)
    assert Posting.objects.on(TODAY).filter(pk=given.pk).exists()
    words = "Cán bộ ban, ngành (Sở Y tế), Tỉnh Đồng Nai, chỉ tiêu y tế, an sinh xã hội"
    assert [words in event.note for event in given.events.all()] == [True, True]


def test_a_person_may_serve_two_bodies_but_each_once(world, station):
    give = {"by": world.staff, "user": station, "unit": world.phuoc_long, "role": "department", "valid_from": TODAY}
    with pytest.raises(ValidationError, match="đã giữ Cán bộ ban, ngành"):
        postings.give(**give, body="Trạm Y tế", groups=["outreach"])
    assert postings.give(**give, body="Văn hóa – Xã hội", groups=["outreach"]).pk


@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("department", {}),
        ("department", {"body": " "}),
        ("leader", {"body": "Sở Y tế"}),
        ("chair", {"groups": ["health"]}),
    ],
)
def test_only_a_department_names_a_body_and_it_must(world, role, more):
    user = User.objects.create(username="moi", full_name="Người Mới")
    with pytest.raises(ValidationError) as refused:
        postings.give(by=world.staff, user=user, unit=world.dong_nai, role=role, valid_from=TODAY, **more)
    assert list(refused.value.message_dict) == ["body"]
    assert not user.postings.exists()


@pytest.mark.parametrize(
    "wrong", [{"role": "department"}, {"role": "chair", "body": "Sở Y tế"}, {"role": "chair", "groups": "health"}]
)
def test_the_database_refuses_it_too(world, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.create(user=world.chair, unit=world.dong_nai, valid_from=TODAY, **wrong)


def test_who_stands_in_or_takes_over_gets_body_and_indicators(world, station):
    main = station.postings.get()
    for_a_week = {"valid_from": TODAY, "valid_to": TODAY + dt.timedelta(days=7)}
    standing_in = postings.delegate(by=world.staff, posting_id=main.pk, user=world.neighbour, **for_a_week)
    assert (standing_in.body, standing_in.groups) == ("Trạm Y tế", "health")
    later = TODAY + dt.timedelta(days=30)
    place = {"unit": world.phuoc_long, "role": "department", "body": "Trạm Y tế", "valid_from": later}
    with pytest.raises(ValidationError, match="Chưa đổi gì"):
        postings.transfer(by=world.staff, posting_id=main.pk, user=station, groups=["health"], **place)
    new = postings.transfer(by=world.staff, posting_id=main.pk, user=station, groups=["health", "outreach"], **place)
    assert (new.body, new.groups, new.waits) == ("Trạm Y tế", "outreach health", True)


def test_it_is_given_on_the_page_with_errors_beside_the_field(world, client):
    client.force_login(world.staff)
    User.objects.create(username="moi", full_name="Người Mới")
    data = {
        "user": "moi",
        "unit": world.dong_nai.pk,
        "role": "department",
        "valid_from": "2026-11-16",
        "groups": ["health"],
    }
    page = client.post(reverse("posting-give"), data)
    assert "Ghi ban, ngành nào" in page.context["form"].errors["body"][0]
    assert 'value="health" class="check" id="id_groups_' in page.content.decode()
    assert client.post(reverse("posting-give"), data | {"groups": ["identity"], "body": "Sở Y tế"}).status_code == 200
    assert client.post(reverse("posting-give"), data | {"body": "Sở Y tế"}).status_code == 302
    html = client.get(reverse("people-list")).content.decode()
    assert "Cán bộ ban, ngành (Sở Y tế)" in html


def test_the_administration_gives_it(world, client):
    world.administrator.is_staff = world.administrator.is_superuser = True
    world.administrator.save()
    client.force_login(world.administrator)
    url = reverse("admin:taskforces_posting_add")
    new = User.objects.create(username="moi", full_name="Người Mới")
    data = posting_data(new, world.dong_nai, role=Role.DEPARTMENT, branch="", groups=["health", "outreach"])
    assert client.post(url, data).status_code == 200
    assert not new.postings.exists()
    assert client.post(url, data | {"body": "Sở Y tế"}).status_code == 302
    given = new.postings.get()
    assert (given.body, set(given.groups.split()), given.waits) == ("Sở Y tế", {"health", "outreach"}, True)


ACCOUNT = ["Tên đăng nhập", "Họ và tên", "Mã đơn vị", "Vai trò", "Ban, ngành", "Nhóm chỉ tiêu phụ trách", "Từ ngày"]


def account(name="moi", role="Cán bộ ban, ngành", body="Sở Y tế", groups="Y tế; An sinh xã hội", unit="75"):
    return [name, "Người Mới", unit, role, body, groups, "01/12/2026"]


def test_a_file_of_accounts_gives_it_and_takes_it_back(world, client):
    sheet = xlsx(ACCOUNT, account())
    job = write(bring_in(world.staff, ImportJob.Kind.USERS, sheet))
    assert totals(job) == (1, 0, 0, 0)
    given = User.objects.get(username="moi").postings.get()
    assert (given.body, given.groups, given.waits) == ("Sở Y tế", "health social_security", True)
    assert totals(write(bring_in(world.staff, ImportJob.Kind.USERS, xlsx(ACCOUNT, account())))) == (0, 0, 1, 0)
    Posting.objects.filter(pk=given.pk).update(waits=False, valid_from=dt.date(2026, 11, 1))
    client.force_login(world.staff)
    out = openpyxl.load_workbook(
        io.BytesIO(b"".join(client.get(reverse("register-export", args=["tai-khoan"]))))
    ).worksheets[0]
    cells = [[str(cell.value) for cell in row] for row in out.iter_rows()]
    row = next(row for row in cells if "moi" in row)
    assert {"Cán bộ ban, ngành", "Sở Y tế", "Y tế; An sinh xã hội"} <= set(row)


def test_a_file_of_accounts_says_what_is_wrong_with_a_department(world, station):
    since = f"{station.postings.get().valid_from:%d/%m/%Y}"
    rows = [
        account(body=None),
        account("nguoi2", role="Người duyệt"),
        account("nguoi3", role="Người duyệt", body=None),
        account("nguoi4", groups="Y tế; Khai sinh"),
        ["tram", "Mai Y Tế", "25217", "Cán bộ ban, ngành", "Trạm Y tế", "Y tế; Hộ tịch", since],
    ]
    lines = said(bring_in(world.staff, ImportJob.Kind.USERS, xlsx(ACCOUNT, *rows)))
    assert lines == [
        "2 Ban, ngành: Cán bộ ban, ngành phải ghi ban, ngành nào.",
        "3 Ban, ngành: Chỉ ghi ban, ngành và nhóm chỉ tiêu cho Cán bộ ban, ngành.",
        "4 Ban, ngành: Chỉ ghi ban, ngành và nhóm chỉ tiêu cho Cán bộ ban, ngành.",
        "5 Nhóm chỉ tiêu phụ trách: Không có nhóm chỉ tiêu “Khai sinh”.",
        "6 Nhóm chỉ tiêu phụ trách: Đang phụ trách Y tế; đổi bằng điều chuyển.",
    ]


# Entry ---------------------------------------------------------------------------------------------------------------


def test_a_department_types_its_indicators_and_nothing_else(world, draft, station):
    cells = {"YT01.numerator": "7", "HT01.numerator": "7", "DVC09.rejected": "7", "DD02.numerator": "7"}
    result = saving.save_cells(report_id=draft.pk, by=station, cells=cells)
    assert result.changed == ["YT01.numerator"]
    assert result.refused == {
        "HT01.numerator": "Ô này do Văn phòng HĐND và UBND nhập.",
        "DVC09.rejected": "Ô này do Văn phòng HĐND và UBND nhập.",
        "DD02.numerator": "Ô này do Công an nhập.",
    }
    change = FigureChange.objects.get(report=draft, cell="YT01.numerator", new=7)
    assert change.by == station
    assert result.unmarked == ["office"]  # the office said its part was complete: it looks again
    saving.save_cells(report_id=draft.pk, by=world.officer, cells={"YT01.numerator": "8"})  # the office types them too


def test_it_marks_sends_zeroes_and_tells_nothing_of_the_report(draft, station):
    acts = (
        lambda: saving.fill_zero(report_id=draft.pk, service_code="DVC09", by=station),
        lambda: saving.save_narrative(report_id=draft.pk, by=station, texts={"results": "Tốt"}),
        lambda: saving.describe_figure(report_id=draft.pk, by=station, code="HT01", qualifier="hơn"),
    )
    for act in acts:
        with pytest.raises(PermissionDenied):
            act()
    assert not ready.may_mark(draft, "office", station)
    assert workflow.why_not_submit(draft, station)


def test_it_explains_its_own_doubtful_figures_only(world, month, draft, station, justice):
    saving.save_cells(report_id=draft.pk, by=station, cells={"YT03.numerator": "100", "YT03.denominator": "100"})
    saving.save_cells(report_id=draft.pk, by=justice, cells={"HT01.numerator": "100", "HT01.denominator": "100"})
    month("2026-12")
    december = Report.objects.get(unit=world.phuoc_long, period__month=12)
    Report.objects.filter(pk=draft.pk).update(status="submitted", submitted_at="2026-11-16T03:00Z")
    form = saving.save_cells(
        report_id=december.pk, by=justice, cells={"HT01.numerator": "50", "HT01.denominator": "60"}
    ).form
    soft = next(p for p in form.problems if p.row == "HT01" and p.severity == "soft")
    about = {"report_id": december.pk, "check_code": soft.code, "cell": soft.cell, "reason": "Rà soát lại sổ"}
    for person in (station, world.neighbour):
        with pytest.raises(PermissionDenied):
            saving.explain(by=person, **about)
    assert saving.explain(by=justice, **about).by == justice


def test_its_excel_form_opens_its_cells_only(world, draft, station):
    book = openpyxl.load_workbook(io.BytesIO(write_entry_form(draft, station)))
    unlocked = {
        str(row[0].value)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if not cell.protection.locked
    }
    assert unlocked == {"YT01", "YT02", "YT03"}


def test_its_entry_page_sends_nothing_and_reads_in_fifteen_queries(
    client, draft, station, django_assert_max_num_queries
):
    client.force_login(station)
    with django_assert_max_num_queries(15):
        html = client.get(reverse("report-entry", args=[draft.pk])).content.decode()
    assert 'value="check"' not in html
    assert reverse("body-work") in html
    assert html.count("<textarea") == html.count("readonly\n")
    assert client.get(reverse("report-check", args=[draft.pk])).status_code == 403


# Where the day starts ------------------------------------------------------------------------------------------------


def test_the_first_page_holds_what_is_the_bodys_own(world, client, draft, station, django_assert_max_num_queries):
    client.force_login(station)
    late = dt.date(2026, 11, 1)
    hand_out(world.staff, world.phuoc_long, ["TRẠM  y tế", "Tư pháp", ""], due_on=late)
    target_workflow.set_target(by=world.staff, unit=world.phuoc_long, aim=of("YT01"), value=Decimal(90))
    target_workflow.set_target(by=world.staff, unit=world.phuoc_long, aim=of("HT01"), value=Decimal(90))
    saving.save_cells(report_id=draft.pk, by=station, cells={"YT02.numerator": ""})
    assert client.get("/").headers["Location"] == reverse("body-work")
    with django_assert_max_num_queries(40):
        page = client.get(reverse("body-work"))
    assert page.context["headline"] == "Trạm Y tế: 1 nhiệm vụ quá hạn, 1 chỉ tiêu chưa nhập"
    assert [row["assignment"].body for row in page.context["left"]] == ["TRẠM y tế"]
    assert [line.code for line, *_ in page.context["lines"]] == ["YT01", "YT02", "YT03"]
    assert [words for _, _, _, words, _, _ in page.context["lines"]] == ["Đã nhập", "Nhập dở", "Đã nhập"]
    assert [row["target"].key for row in page.context["targets"]] == ["YT01"]
    assert page.context["nav"][0] == ("body-work", "Việc của ban, ngành")
    assert client.get(reverse("body-work"), {"ky": "2026-10"}).status_code == 404  # no such month


def test_a_body_without_indicators_or_months_has_a_page(world, client):
    client.force_login(make_person("noivu", "Phùng Nội Vụ", world.dong_nai, Role.DEPARTMENT, body="Sở Nội vụ"))
    page = client.get(reverse("body-work"))
    assert page.status_code == 200
    assert "Đơn vị chưa có kỳ báo cáo nào" in page.content.decode()


# Assignments and targets ---------------------------------------------------------------------------------------------


def test_a_body_tells_of_its_own_assignments_alone(world, station, justice):
    own, others, whole = hand_out(world.staff, world.phuoc_long, ["Trạm y tế", "Tư pháp", ""])
    assignments.update_progress(by=station, assignment_id=own.pk, status="in_progress", progress="Đã rà soát")
    assignments.finish(by=station, assignment_id=own.pk, on=TODAY)
    assignments.resume(by=station, assignment_id=own.pk, reason="Còn một việc")
    for assignment in (others, whole):
        with pytest.raises(PermissionDenied):
            assignments.finish(by=station, assignment_id=assignment.pk, on=TODAY)
    for act in (assignments.drop, assignments.change_due):
        day = {"on": TODAY} if act is assignments.drop else {"due_on": TODAY}
        with pytest.raises(PermissionDenied):
            act(by=station, assignment_id=own.pk, reason="Trùng", **day)


def test_a_department_proposes_for_its_unit_and_settles_those_below(world, department, station):
    proposed = target_workflow.propose(by=department, unit=world.dong_nai, aim=of("YT01"), value=Decimal(95))
    with pytest.raises(PermissionDenied):  # its own unit's are the staff's to accept
        target_workflow.accept(by=department, target_id=proposed.pk, asked=Decimal(95))
    of_ward = target_workflow.propose(by=station, unit=world.phuoc_long, aim=of("YT01"), value=Decimal(80))
    target_workflow.send_back(by=department, target_id=of_ward.pk, reason="Thấp", value=Decimal(90))
    again = target_workflow.propose(
        by=station, unit=world.phuoc_long, aim=of("YT01"), value=Decimal(90), reason="Theo Sở"
    )
    assert target_workflow.accept(by=department, target_id=again.pk, asked=Decimal(90)).value == 90
    rate = Aim(2026, rate="online_rate")
    for act, unit, aim in (
        (target_workflow.set_target, world.phuoc_long, of("HT01")),
        (target_workflow.set_target, world.phuoc_long, rate),
        (target_workflow.set_target, world.da_huoai, of("YT01")),
        (target_workflow.propose, world.dong_nai, of("HT01")),
        (target_workflow.propose, world.phuoc_long, of("YT02")),
    ):
        with pytest.raises(PermissionDenied):
            act(by=department, unit=unit, aim=aim, value=Decimal(50))
    assert not Target.objects.filter(value=50).exists()


def test_its_pages_offer_its_indicators_and_its_answers(world, client, department, station):
    target_workflow.propose(by=station, unit=world.phuoc_long, aim=of("YT01"), value=Decimal(80))
    target_workflow.propose(by=world.officer, unit=world.phuoc_long, aim=of("TT01"), value=Decimal(80))
    target_workflow.propose(by=department, unit=world.dong_nai, aim=of("YT02"), value=Decimal(80))
    client.force_login(department)
    province = {"don_vi": world.dong_nai.pk}
    page = client.get(reverse("target-proposals"), province)
    assert [row["target"].key for row in page.context["rows"]] == ["YT01"]
    assert client.get(reverse("target-list"), province).context["waiting"] == "1"
    table = client.get(reverse("target-table"), province)
    assert [key for _, options in table.context["things"] for key, *_ in options] == ["YT01", "YT02", "YT03"]
    for other in ("HT01", "in_time_rate", "DVC09.online_rate"):
        assert client.get(reverse("target-table"), province | {"nd": other}).status_code == 404
    client.post(reverse("target-table") + "?nd=YT02", {f"value_{world.phu_rieng.pk}": "90"})
    assert Target.objects.get(unit=world.phu_rieng).key == "YT02"
    client.force_login(world.staff)  # who sees all of them
    assert len(client.get(reverse("target-proposals"), province).context["rows"]) == 3


# Rates of the services that it leads ---------------------------------------------------------------------------------


def rate_of(code, rate="online_rate"):
    return Aim(2026, service=PublicService.objects.get(code=code), rate=rate)


@pytest.fixture
def province_justice(world):
    return make_person("sotp", "Tô Tư Pháp", world.dong_nai, Role.DEPARTMENT, body="Sở Tư pháp", groups="civil_status")


@pytest.mark.parametrize(
    ("body", "agency", "leads"),
    [
        ("Sở Tư pháp", "Bộ Tư pháp", True),
        ("phòng  TƯ PHÁP", "Bộ Tư pháp", True),
        ("Tư pháp", "Bộ Tư pháp", True),
        ("Bộ Tư pháp", "Bộ Tư pháp", True),
        ("Công an tỉnh Đồng Nai", "Bộ Công an", True),
        ("Công an xã", "Bộ Công an", True),
        ("Bảo hiểm xã hội tỉnh", "Bảo hiểm xã hội Việt Nam", True),
        ("Sở Lao động – Thương binh và Xã hội", "Bộ Lao động - Thương binh và Xã hội", True),
        ("Sở Tư pháp", "Bộ Công an", False),
        ("Phòng Văn hóa – Xã hội", "Bảo hiểm xã hội Việt Nam", False),
        ("Sở Y tế", "", False),
        ("Bộ", "", False),
    ],
)
def test_a_body_leads_what_the_agency_of_its_sector_leads(body, agency, leads):
    assert is_lead(body, agency) == leads


def test_a_department_settles_rates_of_the_services_it_leads_and_no_others(world, province_justice, justice, station):
    by = province_justice
    births, police, all_together = rate_of("DVC09"), rate_of("DVC01"), Aim(2026, rate="online_rate")
    assert target_workflow.set_target(by=by, unit=world.phuoc_binh, aim=births, value=Decimal(99)).value == 99
    units = {world.phu_rieng.pk: (world.phu_rieng, f"/{world.nation.pk}/{world.dong_nai.pk}/{world.phu_rieng.pk}/")}
    values = {world.phu_rieng.pk: Decimal(98)}
    assert target_workflow.set_targets(by=by, units=units, aim=births, values=values, reason="") == 1
    asked = target_workflow.propose(by=justice, unit=world.phuoc_long, aim=births, value=Decimal(90))
    target_workflow.send_back(by=by, target_id=asked.pk, reason="Thấp", value=Decimal(97))
    asked = target_workflow.propose(by=justice, unit=world.phuoc_long, aim=births, value=Decimal(97), reason="Theo Sở")
    assert target_workflow.accept(by=by, target_id=asked.pk, asked=Decimal(97)).value == 97
    target_workflow.drop(by=by, target_id=asked.pk, reason="Thôi")
    own = target_workflow.propose(by=by, unit=world.dong_nai, aim=births, value=Decimal(96))
    with pytest.raises(PermissionDenied):  # its own unit's are the staff's to accept
        target_workflow.accept(by=by, target_id=own.pk, asked=Decimal(96))
    for act, who, unit, aim in (
        (target_workflow.set_target, by, world.phuoc_long, police),
        (target_workflow.set_target, by, world.phuoc_long, all_together),
        (target_workflow.set_target, by, world.da_huoai, births),  # of another province
        (target_workflow.propose, by, world.phuoc_long, births),  # the ward's own people propose
        (target_workflow.propose, justice, world.phuoc_long, police),
        (target_workflow.propose, justice, world.phuoc_binh, births),  # the next ward
        (target_workflow.propose, station, world.phuoc_long, births),
        (target_workflow.set_target, justice, world.phuoc_long, births),
    ):
        with pytest.raises(PermissionDenied):
            act(by=who, unit=unit, aim=aim, value=Decimal(50))
    with pytest.raises(PermissionDenied):
        target_workflow.set_targets(by=by, units=units, aim=police, values=values, reason="")
    assert not Target.objects.filter(value=50).exists()


def test_who_leads_is_asked_of_the_day(world, province_justice, at):
    """Criminal records went from Bộ Tư pháp to Bộ Công an on 1 March 2025."""
    police = make_person("catinh", "Cù Công An", world.dong_nai, Role.DEPARTMENT, body="Công an tỉnh")
    with pytest.raises(PermissionDenied):
        target_workflow.set_target(by=province_justice, unit=world.phuoc_long, aim=rate_of("DVC22"), value=Decimal(9))
    assert target_workflow.set_target(by=police, unit=world.phuoc_long, aim=rate_of("DVC22"), value=Decimal(9)).value


def test_its_pages_offer_the_rates_of_its_services(world, client, province_justice, justice, month, fill):
    period = month("2026-10")
    fill(Report.objects.get(unit=world.phuoc_long, period=period), services=["DVC09"], status="approved")
    target_workflow.propose(by=justice, unit=world.phuoc_long, aim=rate_of("DVC09"), value=Decimal(80))
    target_workflow.propose(by=world.officer, unit=world.phuoc_long, aim=rate_of("DVC01"), value=Decimal(80))
    target_workflow.set_target(by=world.staff, unit=world.dong_nai, aim=rate_of("DVC10"), value=Decimal(99))
    target_workflow.set_target(by=world.staff, unit=world.dong_nai, aim=rate_of("DVC01"), value=Decimal(99))
    client.force_login(province_justice)
    province = {"don_vi": world.dong_nai.pk}
    page = client.get(reverse("target-proposals"), province)
    assert [row["target"].key for row in page.context["rows"]] == ["DVC09.online_rate"]
    things = [
        key for _, options in client.get(reverse("target-table"), province).context["things"] for key, *_ in options
    ]
    assert [key for key in things if "." in key] == [
        f"{code}.{rate}"
        for code in ("DVC09", "DVC10", "DVC11", "DVC15", "DVC16")
        for rate in ("online_rate", "in_time_rate")
    ]
    assert client.get(reverse("target-table"), province | {"nd": "DVC10.in_time_rate"}).status_code == 200
    for other in ("in_time_rate", "DVC01.online_rate"):
        assert client.get(reverse("target-table"), province | {"nd": other}).status_code == 404
    answered = client.post(
        reverse("target-answer", args=[page.context["rows"][0]["target"].pk]), {"viec": "nhan", "asked": "80"}
    )
    assert answered.status_code == 302
    others = Target.objects.get(service__code="DVC01", unit=world.phuoc_long)
    assert client.post(reverse("target-answer", args=[others.pk]), {"viec": "nhan", "asked": "80"}).status_code == 403
    page = client.get(reverse("body-work"))
    assert [row["target"].key for row in page.context["targets"]] == ["DVC10.online_rate"]
    rows = {row["service"].code: row["cells"] for row in page.context["services"]}
    assert sorted(rows) == ["DVC09", "DVC10", "DVC11", "DVC15", "DVC16"]
    (online, url, _), _ = rows["DVC09"]
    behind = client.get(url).context["source"]
    assert (online, behind.value, behind.of) == ("100,00%", 10, 10)
    assert rows["DVC10"][0][2]["target"].value == 99


def test_a_body_that_leads_services_and_has_no_indicators_proposes_too(world, client):
    client.force_login(make_person("catinh", "Cù Công An", world.dong_nai, Role.DEPARTMENT, body="Công an tỉnh"))
    page = client.get(reverse("target-add"), {"don_vi": world.dong_nai.pk})
    assert page.status_code == 200
    assert "DVC01" in page.content.decode()
    assert client.get(reverse("body-work")).context["proposes"]
