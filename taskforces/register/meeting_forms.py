"""Forms of meetings and inspections. They read what was typed; the write functions decide."""

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError

from de_an_06.plain.vietnamese import one_line, search_key
from taskforces.models import AdministrativeUnit, Document, Meeting, TaskForce, UnitVersion
from taskforces.models.units import Level
from taskforces.units.tree import LEVEL_ORDER

from .assignment_forms import LEVEL_WORDS
from .forms import DayField, RegisterForm, UploadField, area_field, choice_field, text_field, whole_field
from .inspections import LONGEST_FINDING
from .meetings import LONGEST_MINUTES, MOST_DELEGATES, MOST_POINTS

ROWS_OFFERED = 5
MOST_ROWS = 100


class Receivers:
    """The units a text can mean: a unit and those below it on a day, by name or code; or all of one level.

    `labels` are what is offered while typing. The text is typed, not chosen, since a province has hundreds of them.
    """

    def __init__(self, unit: AdministrativeUnit, day: dt.date, *, whole_levels: bool):
        versions = list(UnitVersion.objects.on(day).under(unit.pk).select_related("unit"))
        versions.sort(key=lambda v: (LEVEL_ORDER.index(Level(v.unit.level)), v.sort_key))
        levels = [
            level for level in LEVEL_ORDER if level != unit.level and any(v.unit.level == level for v in versions)
        ]
        self.own = unit
        self._found: dict[str, set[tuple[AdministrativeUnit, str]]] = {}
        self.labels: list[str] = []
        for level in levels if whole_levels else []:
            self._offer(f"Tất cả đơn vị {LEVEL_WORDS[level]} trực thuộc", unit, level)
        for version in versions:
            self._offer(f"{version.name} ({version.unit.code})", version.unit)
            for text in (version.name, version.unit.code):
                self._found.setdefault(search_key(text), set()).add((version.unit, ""))

    def _offer(self, label: str, unit: AdministrativeUnit, level: str = "") -> None:
        self.labels.append(label)
        self._found.setdefault(search_key(label), set()).add((unit, level))

    def find(self, text: str) -> tuple[AdministrativeUnit, str]:
        """(unit, '') or (unit, level): every unit of that level below it. Nothing typed is the unit itself."""
        if not text:
            return self.own, ""
        found = self._found.get(search_key(text), set())
        if not found:
            raise ValidationError("Không có đơn vị này. Ghi tên hoặc mã như trong danh sách gợi ý.")
        if len(found) > 1:
            raise ValidationError("Có nhiều đơn vị cùng tên. Ghi mã đơn vị.")
        return next(iter(found))


def unit_text(label, **kwargs):
    """The name or code of a unit, with what `Receivers.labels` offers (the page's datalist `cac-don-vi`)."""
    return text_field(label, 160, list="cac-don-vi", **kwargs)


class TaskForceChoice(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        widget = forms.Select(attrs={"class": "input"})
        super().__init__(TaskForce.objects.none(), widget=widget, empty_label="Chọn tổ", **kwargs)


class MeetingForm(RegisterForm):
    kind = choice_field("Loại", Meeting.Kind.choices)
    held_on = DayField(label="Ngày họp")
    title = text_field("Nội dung họp", 200)
    chair = text_field("Chủ trì", 160, required=True, placeholder="Họ tên, chức vụ")
    points = whole_field("Số điểm cầu", 1, MOST_POINTS, required=False)
    delegates = whole_field("Số đại biểu", 1, MOST_DELEGATES, required=False)
    minutes = area_field(
        "Diễn biến",
        rows=6,
        longest=LONGEST_MINUTES,
        help_text="Kết luận giao việc ghi riêng ở trang cuộc họp. Không ghi tên, số định danh của người dân.",
    )


class NewMeetingForm(MeetingForm):
    task_force = TaskForceChoice(label="Của tổ")
    field_order = ["task_force"]

    def __init__(self, *args, unit: AdministrativeUnit, **kwargs):
        super().__init__(*args, **kwargs)
        forces = TaskForce.objects.filter(unit=unit).exclude(kind=TaskForce.Kind.INSPECTION_TEAM)
        self.fields["task_force"].queryset = forces.order_by("-valid_from", "pk")


class PaperForm(RegisterForm):
    kind = choice_field(
        "Loại văn bản",
        [
            (kind.value, kind.label)
            for kind in (Document.Kind.MINUTES, Document.Kind.REPORT, Document.Kind.PLAN, Document.Kind.OTHER)
        ],
    )
    number = text_field("Số, ký hiệu", 60)
    issued_on = DayField(label="Ngày văn bản")
    title = text_field("Trích yếu", 300, required=True)
    upload = UploadField(label="Tệp")


class ReasonForm(RegisterForm):
    reason = area_field("Lý do", required=True, rows=3, longest=1000)


class ConclusionForm(RegisterForm):
    """One conclusion, to whom, until when. `unit` becomes (unit, level), see `Receivers.find`."""

    text = area_field("Kết luận", required=True, rows=2)
    unit = unit_text("Đơn vị thực hiện")
    body = text_field("Cơ quan, bộ phận", 160)
    due_on = DayField(label="Hạn hoàn thành")

    def __init__(self, *args, receivers: Receivers, **kwargs):
        super().__init__(*args, **kwargs)
        self.receivers = receivers

    def clean_unit(self):
        return self.receivers.find(one_line(self.cleaned_data["unit"]))


class InspectionForm(RegisterForm):
    unit = unit_text("Đơn vị được kiểm tra", required=True)
    body = text_field("Bộ phận được kiểm tra", 160, placeholder="Để trống nếu kiểm tra cả đơn vị")
    held_on = DayField(label="Ngày kiểm tra")
    leader = text_field("Chủ trì kiểm tra", 160, required=True, placeholder="Họ tên, chức vụ")
    summary = area_field("Nhận xét chung", rows=5)

    def __init__(self, *args, receivers: Receivers, **kwargs):
        super().__init__(*args, **kwargs)
        self.receivers = receivers

    def clean_unit(self):
        unit, _ = self.receivers.find(one_line(self.cleaned_data["unit"]))
        return unit


class NewInspectionForm(InspectionForm):
    task_force = TaskForceChoice(label="Tổ kiểm tra")
    field_order = ["task_force"]

    def __init__(self, *args, unit: AdministrativeUnit, **kwargs):
        super().__init__(*args, **kwargs)
        teams = TaskForce.objects.filter(unit=unit, kind=TaskForce.Kind.INSPECTION_TEAM)
        self.fields["task_force"].queryset = teams.order_by("-valid_from", "pk")


class FindingForm(RegisterForm):
    text = area_field("Tồn tại", required=True, rows=2, longest=LONGEST_FINDING)
    due_on = DayField(label="Hạn khắc phục")


class RemedyForm(RegisterForm):
    on = DayField(label="Khắc phục xong ngày")
    remedy = area_field("Đã làm gì", required=True, rows=3)


def rows_of(form: type[RegisterForm], extra: int = ROWS_OFFERED) -> type[forms.BaseFormSet]:
    return forms.formset_factory(form, extra=extra, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
