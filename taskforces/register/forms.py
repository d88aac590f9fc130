"""Forms of the register. They read what was typed; `registers` decides and its errors come back onto the form."""

import datetime as dt
import re

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q

from de_an_06.plain.moments import FIRST_DAY, LAST_DAY
from reporting.models.catalogue import Indicator, PublicService, ServiceTerms
from taskforces.models import AdministrativeUnit, Assignment, Document, Membership, Person, TaskForce, VillageTeam

from . import uploads
from .keeping import LONGEST_TEAM

LONGEST_TEXT = 5000  # characters
DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]


class DayField(forms.DateField):
    """A day, by the browser's date picker or typed as 09/08/2022; of the years the portal speaks of."""

    def __init__(self, **kwargs):
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "input day"})
        super().__init__(input_formats=DAY_FORMATS, widget=widget, **kwargs)
        self.error_messages["invalid"] = "Ngày này không có. Nhập ngày theo dạng 09/08/2022."

    def validate(self, value):
        super().validate(value)
        if value and not FIRST_DAY <= value <= LAST_DAY:
            raise ValidationError(f"Nhập ngày trong khoảng {FIRST_DAY.year}–{LAST_DAY.year}.")


def text_field(label, longest, required=False, **attrs):
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, max_length=longest, required=required, widget=widget)


def choice_field(label, choices, **kwargs):
    return forms.ChoiceField(label=label, choices=choices, widget=forms.Select(attrs={"class": "input"}), **kwargs)


def area_field(label, required=False, rows=4, longest=LONGEST_TEXT, **kwargs):
    widget = forms.Textarea(attrs={"class": "input", "rows": rows})
    return forms.CharField(label=label, required=required, max_length=longest, widget=widget, **kwargs)


def whole_field(label, least, most, required=True, **kwargs):
    """A whole number as officials type it: 1.250 or 1250."""
    return _WholeField(label=label, least=least, most=most, required=required, **kwargs)


class _WholeField(forms.IntegerField):
    def __init__(self, *, least, most, **kwargs):
        widget = forms.TextInput(attrs={"class": "input num count", "inputmode": "numeric", "autocomplete": "off"})
        super().__init__(min_value=least, max_value=most, widget=widget, **kwargs)
        message = f"Nhập số nguyên từ {least} đến {most:,}.".replace(",", ".")
        self.error_messages |= {"invalid": message, "min_value": message, "max_value": message}

    def to_python(self, value):
        if isinstance(value, str) and re.fullmatch(r"\s*\d{1,3}(\.\d{3})+\s*", value):
            value = value.replace(".", "")
        return super().to_python(value)


class UploadField(forms.FileField):
    """A file of a kind the portal keeps; what is inside is inspected when it is saved."""

    def __init__(self, **kwargs):
        kwargs.setdefault("required", False)
        kwargs.setdefault("help_text", f"{uploads.KINDS}; nặng nhất 20 MB.")
        widget = forms.FileInput(attrs={"class": "input", "accept": uploads.ACCEPT})
        super().__init__(widget=widget, **kwargs)
        self.error_messages["empty"] = "Tệp không có nội dung."


class RegisterForm(forms.Form):
    """What all forms of the register share: errors of `registers` put where they belong."""

    required_css_class = "is-required"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            field.error_messages["required"] = f"Ghi {str(field.label)[:1].lower()}{str(field.label)[1:]}."

    def take(self, error: ValidationError) -> None:
        """Show what a write function refused: at the field it names, else at the top."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields and name != NON_FIELD_ERRORS else None, errors)


class LookForm(forms.Form):
    """Which unit, and as of which day (none: today)."""

    don_vi = forms.IntegerField(required=False)
    ngay = DayField(required=False, label="Tính đến ngày")


class TaskForceForm(RegisterForm):
    kind = choice_field("Loại", TaskForce.Kind.choices)
    name = text_field("Tên", 200, required=True)
    valid_from = DayField(label="Thành lập ngày")
    last_meeting_on = DayField(label="Họp gần nhất ngày", required=False)


class NewTaskForceForm(TaskForceForm):
    """With the founding decision in the same step; it can also follow later as a document."""

    decision_number = text_field("Số quyết định thành lập", 60)
    decision_on = DayField(label="Ngày quyết định", required=False)
    decision_body = text_field("Cơ quan ban hành", 160)
    decision_file = UploadField(label="Tệp quyết định")

    def decision(self) -> dict | None:
        """What is known of the decision, or None when nothing was given."""
        data = self.cleaned_data
        if not (data["decision_number"] or data["decision_on"] or data["decision_file"]):
            return None
        return {
            "number": data["decision_number"],
            "issued_on": data["decision_on"],
            "issuing_body": data["decision_body"],
            "upload": data["decision_file"],
        }

    def take(self, error):
        """The decision's own errors belong to its fields."""
        if hasattr(error, "error_dict") and "upload" in error.error_dict:
            self.add_error("decision_file", error.error_dict["upload"])
            return
        super().take(error)


class EndForm(RegisterForm):
    on = DayField(label="Ngày cuối cùng")


class PersonChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj):
        return ", ".join(part for part in (obj.full_name, obj.staff_code, obj.post, obj.body) if part)


class MemberForm(RegisterForm):
    """One seat: role, time, contact and what the person answers for."""

    role = choice_field("Vai trò", Membership.Role.choices, initial=Membership.Role.MEMBER)
    post = text_field("Chức vụ", 120)
    body = text_field("Cơ quan", 160)
    work_phone = text_field("Điện thoại cơ quan", 30, inputmode="tel")
    work_email = forms.EmailField(
        label="Thư công vụ", required=False, widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "off"})
    )
    valid_from = DayField(label="Từ ngày")
    valid_to = DayField(label="Đến hết ngày", required=False)
    duties = forms.CharField(
        label="Nhiệm vụ được phân công",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
    )
    services = forms.ModelMultipleChoiceField(
        PublicService.objects.none(),
        label="Dịch vụ công phụ trách",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    indicator_groups = forms.MultipleChoiceField(
        label="Nhóm chỉ tiêu phụ trách",
        required=False,
        choices=Indicator.Group.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    assignments = forms.ModelMultipleChoiceField(
        Assignment.objects.none(),
        label="Nhiệm vụ Đề án 06 phụ trách",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, task_force: TaskForce, day: dt.date, **kwargs):
        super().__init__(*args, **kwargs)
        unit: AdministrativeUnit = task_force.unit
        terms = ServiceTerms.objects.owed_by(unit.level, day) if unit.level != "nation" else ServiceTerms.objects.none()
        answered = self.initial.get("services", [])  # also what the unit no longer handles, so that it can be unticked
        self.fields["services"].queryset = PublicService.objects.filter(
            Q(pk__in=terms.values("service")) | Q(pk__in=answered)
        )
        assignments = Assignment.objects.filter(unit=unit).exclude(status=Assignment.Status.DROPPED)
        self.fields["assignments"].queryset = assignments.select_related("item").order_by("item__source", "item__code")
        self.fields["assignments"].label_from_instance = lambda a: f"{a.item.code} {a.item.text[:120]}"

    @staticmethod
    def initial_of(seat: Membership) -> dict:
        """What the form shows of an existing seat."""
        person, answers = seat.person, list(seat.responsibilities.all())
        return {
            "role": seat.role,
            "post": seat.post,
            "body": person.body,
            "work_phone": person.work_phone,
            "work_email": person.work_email,
            "valid_from": seat.valid_from,
            "valid_to": seat.valid_to,
            "duties": seat.duties,
            "services": [a.service_id for a in answers if a.service_id],
            "indicator_groups": [a.indicator_group for a in answers if a.indicator_group],
            "assignments": [a.assignment_id for a in answers if a.assignment_id],
        }


class NewMemberForm(MemberForm):
    """A person already in the unit's register, or a new one by name."""

    person = PersonChoice(
        Person.objects.none(),
        label="Người đã có trong sổ",
        required=False,
        empty_label="Người mới, ghi họ tên bên cạnh",
        widget=forms.Select(attrs={"class": "input"}),
    )
    full_name = text_field("Họ và tên người mới", 100)
    staff_code = text_field("Mã cán bộ", 30)

    field_order = ["person", "full_name", "staff_code"]

    def __init__(self, *args, task_force: TaskForce, **kwargs):
        super().__init__(*args, task_force=task_force, **kwargs)
        persons = Person.objects.filter(unit=task_force.unit).order_by("full_name", "staff_code")
        self.fields["person"].queryset = persons
        self.fields["staff_code"].help_text = "Chỉ cần khi trùng họ tên."

    def clean(self):
        data = super().clean()
        if data.get("person") and data.get("full_name"):
            self.add_error("full_name", "Đã chọn người trong sổ thì để trống ô này.")
        return data


class VillageTeamForm(RegisterForm):
    """One village's row."""

    village = text_field("Thôn, ấp, khu phố", 120, required=True)
    head_name = text_field("Tổ trưởng", 100)
    members = forms.IntegerField(
        label="Số thành viên",
        min_value=0,
        max_value=LONGEST_TEAM,
        required=False,
        widget=forms.TextInput(attrs={"class": "input num", "inputmode": "numeric", "autocomplete": "off"}),
        error_messages={
            "invalid": "Số thành viên là số nguyên từ 0.",
            "min_value": "Số thành viên là số nguyên từ 0.",
            "max_value": f"Số thành viên từ 0 đến {LONGEST_TEAM}.",
        },
    )
    founded_on = DayField(label="Thành lập ngày", required=False)

    def values(self) -> dict:
        return self.cleaned_data | {"members": self.cleaned_data.get("members") or 0}


class EditVillageTeamForm(VillageTeamForm):
    valid_from = DayField(label="Có trong sổ từ ngày")


class VillageBatchForm(RegisterForm):
    """What the rows added together share."""

    kind = choice_field("Loại", VillageTeam.Kind.choices)
    valid_from = DayField(label="Có trong sổ từ ngày")


VillageRows = forms.formset_factory(VillageTeamForm, extra=8, max_num=100)


class DocumentForm(RegisterForm):
    kind = choice_field("Loại văn bản", Document.Kind.choices)
    number = text_field("Số, ký hiệu", 60)
    issued_on = DayField(label="Ngày ban hành")
    issuing_body = text_field("Cơ quan ban hành", 160)
    title = text_field("Trích yếu", 300, required=True)
    upload = UploadField(label="Tệp")


class NewDocumentForm(DocumentForm):
    """`task_force` empty: the document is the unit's own."""

    task_force = forms.ModelChoiceField(
        TaskForce.objects.none(),
        label="Của tổ",
        required=False,
        empty_label="Chung của đơn vị",
        widget=forms.Select(attrs={"class": "input"}),
    )

    field_order = ["task_force"]

    def __init__(self, *args, unit: AdministrativeUnit, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["task_force"].queryset = TaskForce.objects.filter(unit=unit).order_by("-valid_from")
