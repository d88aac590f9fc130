"""Campaigns of the demonstration: the published one of TP Thủ Dầu Một, and an invented one in each scene.

The published figures go the way of every number: the campaign is opened by a reviewer of the town, the town and the
ward that finished first enter theirs. The article has the sums of 24 November to 14 December and no day by itself, so
each number is a sum over those days.
"""

import datetime as dt
import random

from django.utils.timezone import make_aware

from de_an_06.plain.numbers import format_number
from reporting.campaigns import days, running
from reporting.campaigns.days import TypedDay
from reporting.campaigns.running import MeasureWanted
from reporting.models import Campaign, CampaignChange, CampaignDay, Indicator
from taskforces.models import AdministrativeUnit, Level, UnitVersion, User

from .cases import CASES, FIRST_TO_FINISH, THU_DAU_MOT, fact
from .notice import INVENTED
from .people import DAY_2024, DAY_2026

PUBLISHED_FROM = dt.date(2022, 11, 24)
PUBLISHED_TO = dt.date.fromisoformat(CASES[THU_DAU_MOT]["as_of"])
PUBLISHED_WORDS = {
    "name": "Cao điểm 45 ngày đêm nhập dữ liệu hộ tịch",
    "note": "Theo bài báo đã đăng: tổng từ ngày 24/11 đến ngày 14/12/2022, không nêu từng ngày và kết quả sau đó. Dòng "
    "của thành phố là 13 phường còn lại, bài báo không nêu từng phường. Bài báo gọi 24/11–14/12 là 15 ngày; đếm cả "
    "hai đầu là 21 ngày: để nguyên, không sửa.",
    "as_written": "“15 ngày”, từ ngày 24/11 đến ngày 14/12",
}
SCENES_OF_CAMPAIGNS = (  # code of the province, who opens it, first day, the day the scene lives on
    ("70", "tonghop.binhphuoc", dt.date(2024, 11, 18), DAY_2024),
    ("75", "tonghop.dongnai", dt.date(2026, 10, 20), DAY_2026),
)
INVENTED_LENGTH = 45
NOT_YET_TODAY = ("25217", "25216")  # units of the named logins still have to enter the day


def load_campaigns(logins: dict[str, User]) -> None:
    load_published_campaign()
    for code, username, first_day, today in SCENES_OF_CAMPAIGNS:
        _invent(code, logins[username], first_day, today, random.Random(int(code)))  # noqa: S311


def load_published_campaign() -> Campaign:
    """45 days from 24 November 2022; 101.000 and more of 184.683, Phường Phú Thọ 17.998 of 17.998."""
    town = UnitVersion.objects.on(PUBLISHED_TO).get(unit__code="718", unit__level=Level.DISTRICT).unit
    ward = UnitVersion.objects.on(PUBLISHED_TO).get(parent=town, short_name=FIRST_TO_FINISH).unit
    whole = next(one for one in CASES[THU_DAU_MOT]["facts"] if one["what"].startswith("campaign: "))
    first = next(one for one in CASES[THU_DAU_MOT]["facts"] if FIRST_TO_FINISH in one["what"])
    put_in = fact(THU_DAU_MOT, "resources")
    clerk, reviewer = (User.objects.get(username=f"bao-chi.{name}") for name in ("office", "review"))
    for person in (clerk, reviewer):
        person.demo_today = PUBLISHED_TO + dt.timedelta(days=1)
    campaign = running.make_campaign(
        by=reviewer,
        unit=town,
        first_day=PUBLISHED_FROM,
        last_day=PUBLISHED_FROM + dt.timedelta(days=fact(THU_DAU_MOT, "campaign length")["days"] - 1),
        measures=[MeasureWanted(1, "Dữ liệu hộ tịch đã nhập", "dữ liệu", Indicator.objects.get(code="HT01").pk)],
        goals={ward.pk: (first["denominator"],), town.pk: (whole["denominator"] - first["denominator"],)},
        **PUBLISHED_WORDS,
    )
    measure = campaign.measures.get()
    rest = whole["numerator"] - first["numerator"]
    texts = {"shifts": str(put_in["shifts_per_day"]), "machines": str(put_in["machines"])}
    for unit, number, word, resources in (
        (ward, first["numerator"], "", {}),
        (town, rest, whole["qualifier"], {campaign.pk: texts}),
    ):
        typed = TypedDay(format_number(number), word, since=PUBLISHED_FROM)
        days.enter_day(by=clerk, unit=unit, day=PUBLISHED_TO, values={measure.pk: typed}, resources=resources)
    return campaign


def _invent(code: str, by: User, first_day: dt.date, today: dt.date, rng: random.Random) -> None:
    """Every commune of the province; a few finish early, a few lag, some days and some of today are not entered."""
    tree = UnitVersion.objects.on(today)
    province = tree.get(unit__code=code, unit__level=Level.PROVINCE).unit
    communes = [v.unit for v in tree.under(province.pk).filter(unit__level=Level.COMMUNE).select_related("unit")]
    goals = {unit.pk: (rng.randrange(900, 4200, 50), rng.randrange(200, 900, 10)) for unit in communes}
    campaign = running.make_campaign(
        by=by,
        unit=province,
        name="Cao điểm 45 ngày đêm số hóa hồ sơ hộ tịch",
        first_day=first_day,
        last_day=first_day + dt.timedelta(days=INVENTED_LENGTH - 1),
        note=INVENTED,
        measures=[
            MeasureWanted(1, "Hồ sơ hộ tịch đã số hóa", "hồ sơ"),
            MeasureWanted(2, "Người được hướng dẫn nộp trực tuyến", "người"),
        ],
        goals=goals,
    )
    clerks = dict(
        User.objects.filter(username__startswith=f"vp.{code}.").values_list("postings__unit", "pk").order_by("pk")
    )
    measures = list(campaign.measures.all())
    rows = [
        CampaignDay(measure=m, unit=unit, day=day, value=value, by_id=clerks[unit.pk], at=_evening(day, rng))
        for unit in communes
        for i, m in enumerate(measures)
        for day, value in _days_of(unit, goals[unit.pk][i], first_day, today, rng)
    ]
    CampaignDay.objects.bulk_create(rows, batch_size=2000)
    names = {measure.pk: measure.name for measure in measures}
    CampaignChange.objects.bulk_create(
        (
            CampaignChange(
                campaign=campaign, what=CampaignChange.What.VALUE, unit_id=row.unit_id, day=row.day,
                measure_name=names[row.measure_id], new=days.said(row), by_id=row.by_id, at=row.at,
            )
            for row in rows
        ),
        batch_size=2000,
    )  # fmt: skip


def _evening(day: dt.date, rng: random.Random) -> dt.datetime:
    return make_aware(dt.datetime.combine(day, dt.time(rng.randint(14, 17), rng.randint(0, 59))))


def _days_of(unit: AdministrativeUnit, goal: int, first_day: dt.date, today: dt.date, rng: random.Random):
    """Its own speed, slower on Sundays; about one day in thirty is missing, of today about a third of the units."""
    speed = goal / INVENTED_LENGTH * rng.choice((0.7, 0.85, 0.95, 1.0, 1.05, 1.15, 1.8))
    for n in range((today - first_day).days + 1):
        day = first_day + dt.timedelta(days=n)
        if (day == today and (unit.code in NOT_YET_TODAY or rng.random() < 0.3)) or rng.random() < 0.03:
            continue
        yield day, round(speed * rng.uniform(0.7, 1.3) * (0.4 if day.weekday() == 6 else 1.1))
