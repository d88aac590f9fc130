"""Published figures in the Word report of the interim review: as the articles have them, read from the document."""

import docx
import pytest

from de_an_06.plain.spans import Span
from reporting.demo.cases import (
    LOOKS,
    NATION,
    OWN_INDICATORS,
    PHUOC_LONG,
    PLACES,
    PROVINCE_MONTH,
    THU_DAU_MOT,
    TOWN,
    _import_nation,
    fact,
)
from reporting.exports.interim.document import write_interim_report
from reporting.models import Indicator, Report
from reporting.review import workflow
from reporting.rollup import rollup
from taskforces.models import Membership, SourceDocument
from tests.test_published_cases import phuoc_long, province_month, thu_dau_mot  # noqa: F401 - fixtures
from tests.test_published_town import by_file  # noqa: F401 - fixture
from tests.test_register_pages import town  # noqa: F401 - fixture

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def paragraphs_of(path):
    """The paragraphs of the document in their order, those of cells among them; single spaces."""
    body = docx.Document(path).element.body
    word = f"{{{body.nsmap['w']}}}"
    texts = ("".join(t.text or "" for t in p.iter(f"{word}t")) for p in body.iter(f"{word}p"))
    return [" ".join(text.split()) for text in texts]


def report_on(case, tmp_path, unit=None, by=None):
    code, month = PLACES[case]
    unit = unit or Report.objects.get(unit__code=code, period__year=month.year, period__month=month.month).unit
    path = tmp_path / "so-ket.docx"
    write_interim_report(path, unit_id=unit.pk, span=Span.parse(month.key), basis="official", by=by)
    return paragraphs_of(path)


def test_thu_dau_mot(thu_dau_mot, tmp_path):  # noqa: F811
    said = report_on(THU_DAU_MOT, tmp_path, by=thu_dau_mot.reader)
    text = " | ".join(said)
    assert "Hồ sơ cấp căn cước đã thu nhận: 221.305/282.129 hồ sơ, đạt 78,44%." in text
    assert "thẻ BHYT: 16/16 cơ sở, đạt 100,00%." in text
    assert "không dùng tiền mặt: 16/16 cơ sở, đạt 100,00%." in text
    assert "Tài khoản định danh điện tử đã cấp, cả hai mức: gần 110.000 số." in text
    assert "Dịch vụ do Bộ Công an chủ trì đã thực hiện: 04/11 số, đạt 36,36%." in text
    assert "Dịch vụ của các ngành khác đã thực hiện: 14/14 số, đạt 100,00%." in text
    assert "Dữ liệu hộ tịch đã số hóa: hơn 101.000/184.683 trường hợp, đạt 54,69%." in text
    assert "Cao điểm 45 ngày đêm (từ ngày 24/11/2022 đến hết ngày 07/01/2023, 45 ngày):" in text
    assert "Dữ liệu hộ tịch đã nhập đến ngày 15/12/2022: hơn 101.000/184.683 dữ liệu, đạt 54,69%." in text
    assert "01/2 đơn vị đã về đích, về đích đầu tiên là Phường Phú Thọ (17.998/17.998)." in text
    assert "Nguồn lực ngày 14/12/2022: 3 ca, 16 máy." in text
    assert "Máy móc phục vụ nhập liệu: 16 máy." in text


def test_the_provinces_month(province_month, tmp_path):  # noqa: F811
    said = report_on(PROVINCE_MONTH, tmp_path, by=province_month.reader)
    assert "- Tiếp nhận 44.938 hồ sơ, trong đó 32.144 hồ sơ nộp trực tuyến, đạt 71,53%." in said
    assert any(line.startswith("- Đã giải quyết 32.378 hồ sơ") for line in said)
    assert "- Cuối kỳ còn 12.560 hồ sơ đang giải quyết, trong đó 07 hồ sơ quá hạn." in said


@pytest.mark.slow
def test_phuoc_long(phuoc_long, tmp_path):  # noqa: F811
    said = report_on(PHUOC_LONG, tmp_path, by=phuoc_long.district_chair)
    text = " | ".join(said)
    assert "Dịch vụ công thiết yếu thực hiện toàn trình: 08/11 dịch vụ, đạt 72,73%" in text
    assert "hồ sơ trước và đúng hạn, đạt 99,46%" in text
    assert "hồ sơ, cao thứ hai toàn tỉnh." in text
    assert "- Tỷ lệ hồ sơ trực tuyến tháng sau cao hơn tháng trước: từ tháng 03/2024" in text


def test_the_nation(world, month, at, tmp_path):
    at("2022-08-16 09:00")
    for position, ((case, _), (code, name)) in enumerate(OWN_INDICATORS.items()):
        if case == NATION:
            group, measure, over_time, owner = LOOKS[code[:2]]
            Indicator.objects.create(
                code=code, order=900 + position, group=group, name=name, unit_of_measure=measure, kind="ratio",
                over_time=over_time, direction="up", owner=owner,
            )  # fmt: skip
    _import_nation(month("2022-08"), world.administrator)
    rollup.drain()
    text = " | ".join(report_on(NATION, tmp_path, world.nation, world.administrator))
    assert "Nhiệm vụ của bộ, ngành trung ương đã hoàn thành: 21/89 nhiệm vụ, đạt 23,60%." in text
    assert "Nhiệm vụ chung của địa phương đã hoàn thành: 04/13 nhiệm vụ, đạt 30,77%." in text
    assert "Nhiệm vụ riêng của địa phương đã hoàn thành: 01/8 nhiệm vụ, đạt 12,50%." in text


def test_the_town_of_six(by_file, month, fill, at, tmp_path):  # noqa: F811
    for kind, what in (
        ("working_group", "town task force"),
        ("police_working_group", "police task force of the town"),
    ):
        heads = Membership.objects.filter(task_force__unit=by_file.tx_binh_long, task_force__kind=kind, role="head")
        assert heads.update(post=fact(TOWN, what)["head_post"]) == 1
    plan = fact(TOWN, "town task force")
    assert SourceDocument.objects.filter(number=plan["plan"]).update(issued_on=plan["plan_date"]) == 1
    period = month("2022-08")
    at("2022-08-16 09:00")
    reports = Report.objects.filter(period=period, unit__in=by_file.communes).select_related("unit", "period")
    for report in reports:
        fill(report, base=10, ready=True)
        report.indicator_figures.filter(indicator__owner="register").delete()
        clerk = by_file.clerks[by_file.communes.index(report.unit)]
        workflow.submit(report_id=report.pk, by=clerk)
        workflow.approve(report_id=report.pk, by=by_file.town_reviewer)
    rollup.drain()
    said = report_on(TOWN, tmp_path, by_file.tx_binh_long, by_file.town_chair)
    assert "- 06/6 đơn vị cấp xã đã thành lập Tổ công tác với tổng 58 thành viên." in said
    assert "- 54/54 thôn, ấp, khu phố đã thành lập Tổ công tác với tổng 328 thành viên." in said
    assert "- Tổ công tác Đề án 06 thị xã gồm 24 thành viên, do Chủ tịch UBND thị xã làm Tổ trưởng." in said
    assert "- Tổ công tác Công an thị xã gồm 12 thành viên, do Trưởng Công an thị xã làm Tổ trưởng." in said
    line = next(line for line in said if line.startswith("- Theo văn bản số 57/KH-UBND ngày 15/3/2022:"))
    assert "chủ trì 06 nhiệm vụ và phối hợp 18 nhiệm vụ, thuộc 02 nhóm nhiệm vụ và 05 nhóm tiện ích" in line
