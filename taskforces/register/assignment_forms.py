"""Forms of assignments, pilot models and outreach. They read what was typed; the write functions decide."""

import datetime as dt

from django import forms

from taskforces.models import Assignment, Level, OutreachEvent, SourceDocument, SourceItem

from .activities import MOST_AUDIENCE, MOST_TIMES
from .assignment_counts import AssignmentState
from .assignments import LONGEST_PROGRESS
from .forms import DayField, RegisterForm, UploadField, area_field, choice_field, text_field, whole_field

UTILITY_GROUPS = {
    1: "1. Giải quyết thủ tục hành chính, dịch vụ công trực tuyến",
    2: "2. Phát triển kinh tế, xã hội",
    3: "3. Công dân số",
    4: "4. Hệ sinh thái dữ liệu dân cư",
    5: "5. Chỉ đạo, điều hành",
}
STATE_WORDS = {
    AssignmentState.OVERDUE: "Quá hạn",
    AssignmentState.NOT_STARTED: "Chưa thực hiện",
    AssignmentState.IN_PROGRESS: "Đang thực hiện",
    AssignmentState.DONE: "Đã hoàn thành",
    AssignmentState.DROPPED: "Thôi thực hiện",
}


def _utility_group():
    return forms.TypedChoiceField(
        label="Nhóm tiện ích",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Không thuộc nhóm nào"), *UTILITY_GROUPS.items()],
        widget=forms.Select(attrs={"class": "input"}),
    )


# --- the catalogue


class SourceForm(RegisterForm):
    number = text_field("Số, ký hiệu", 60, required=True)
    issued_on = DayField(label="Ngày ban hành")
    issuing_body = text_field("Cơ quan ban hành", 160, required=True)
    title = text_field("Trích yếu", 300, required=True)


class ItemForm(RegisterForm):
    code = text_field("Mã", 20, required=True)
    text = area_field("Nội dung nhiệm vụ", required=True, rows=2)
    task_group = text_field("Nhóm nhiệm vụ", 120)
    utility_group = _utility_group()


ItemRows = forms.formset_factory(ItemForm, extra=5, max_num=100)


# --- handing out


class ItemChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj):
        return f"{obj.code} {obj.text[:160]}"


class AssignForm(RegisterForm):
    """Which tasks of one document, to which levels in and below a unit. `levels`: (level, words with the count)."""

    items = ItemChoice(SourceItem.objects.none(), label="Nhiệm vụ", widget=forms.CheckboxSelectMultiple, required=True)
    levels = forms.MultipleChoiceField(label="Giao cho", widget=forms.CheckboxSelectMultiple)
    part = choice_field("Vai trò", Assignment.Part.choices)
    body = text_field("Cơ quan thực hiện", 160)
    assigned_on = DayField(label="Giao ngày")
    due_on = DayField(label="Hạn hoàn thành", required=False)

    def __init__(self, *args, source: SourceDocument, levels, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["items"].queryset = SourceItem.objects.filter(source=source)
        self.fields["items"].error_messages["required"] = "Chọn ít nhất một nhiệm vụ."
        self.fields["levels"].choices = levels
        self.fields["levels"].error_messages["required"] = "Chọn ít nhất một cấp."
        self.fields["body"].help_text = "Ví dụ: Công an, Văn phòng UBND. Để trống nếu giao cho cả đơn vị."

    def hidden(self) -> str:
        """Everything chosen, carried through the preview."""
        return "".join(field.as_hidden() for field in self)


# --- following


BY_MEETING, BY_DOCUMENT = "hop", "van-ban"
GIVEN_BY = {BY_DOCUMENT: "Văn bản", BY_MEETING: "Kết luận họp"}


class FilterForm(forms.Form):
    """What the list of assignments shows. Words of the address are Vietnamese, as in all addresses."""

    tinh_trang = forms.ChoiceField(
        label="Tình trạng",
        required=False,
        choices=[("", "Tất cả"), *STATE_WORDS.items()],
        widget=forms.Select(attrs={"class": "input"}),
    )
    vai_tro = forms.ChoiceField(
        label="Vai trò",
        required=False,
        choices=[("", "Chủ trì và phối hợp"), *Assignment.Part.choices],
        widget=forms.Select(attrs={"class": "input"}),
    )
    van_ban = forms.ModelChoiceField(
        SourceDocument.objects.catalogue(),
        label="Văn bản",
        required=False,
        empty_label="Tất cả",
        widget=forms.Select(attrs={"class": "input"}),
    )
    theo = forms.ChoiceField(
        label="Giao theo",
        required=False,
        choices=[("", "Văn bản và kết luận họp"), *GIVEN_BY.items()],
        widget=forms.Select(attrs={"class": "input"}),
    )
    viec = forms.ModelChoiceField(SourceItem.objects.all(), required=False, widget=forms.HiddenInput)
    pham_vi = forms.ChoiceField(
        label="Của",
        required=False,
        choices=[("", "Cả đơn vị trực thuộc"), ("rieng", "Riêng đơn vị")],
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args, has_below: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["van_ban"].label_from_instance = lambda s: f"{s.number} ({s.issued_on:%d/%m/%Y})"
        if not has_below:
            del self.fields["pham_vi"]


class ProgressForm(RegisterForm):
    status = choice_field(
        "Tình trạng", [(s.value, s.label) for s in (Assignment.Status.NOT_STARTED, Assignment.Status.IN_PROGRESS)]
    )
    progress = area_field(
        "Tiến độ",
        longest=LONGEST_PROGRESS,
        help_text="Đã làm gì, đến đâu, còn vướng gì. Không ghi tên, số định danh của người dân.",
    )


class FinishForm(RegisterForm):
    on = DayField(label="Hoàn thành ngày")
    note = area_field("Kết quả", rows=3, longest=1000)
    upload = UploadField(label="Minh chứng")


class DropForm(RegisterForm):
    on = DayField(label="Thôi thực hiện từ ngày")
    reason = area_field("Lý do", required=True, rows=3, longest=1000)


class DueForm(RegisterForm):
    due_on = DayField(label="Hạn mới", required=False)
    reason = area_field("Lý do", required=True, rows=3, longest=1000)


class ResumeForm(RegisterForm):
    reason = area_field("Lý do", required=True, rows=3, longest=1000)


class EvidenceForm(RegisterForm):
    title = text_field("Trích yếu", 300, required=True)
    number = text_field("Số, ký hiệu", 60)
    issued_on = DayField(label="Ngày")
    upload = UploadField(label="Tệp", required=True)


# --- pilot models and outreach


class PilotModelForm(RegisterForm):
    name = text_field("Tên mô hình", 200, required=True)
    decision = text_field("Quyết định", 120, placeholder="Số, ngày, cơ quan ban hành")
    started_on = DayField(label="Bắt đầu ngày")
    ended_on = DayField(label="Kết thúc ngày", required=False)
    members = whole_field("Số thành viên", 0, 10_000, required=False)
    equipment = area_field("Trang thiết bị", rows=3)
    results = area_field("Kết quả", rows=4)
    replicated_in = area_field("Đã nhân rộng tại", rows=2)


class OutreachForm(RegisterForm):
    held_on = DayField(label="Ngày")
    channel = choice_field("Kênh", OutreachEvent.Channel.choices)
    utility_group = _utility_group()
    times = whole_field("Số lượt", 1, MOST_TIMES, initial=1)
    audience = whole_field("Số người được hướng dẫn nộp hồ sơ trực tuyến", 0, MOST_AUDIENCE, initial=0)
    note = text_field("Nội dung", 300)


class SpanForm(forms.Form):
    """Days of the log, both included."""

    tu = DayField(required=False, label="Từ ngày")
    den = DayField(required=False, label="Đến ngày")

    def span(self, default: tuple[dt.date, dt.date]) -> tuple[dt.date, dt.date]:
        """The days asked for; the default where one is missing or wrong, or the order is wrong."""
        self.is_valid()
        first = self.cleaned_data.get("tu") or default[0]
        last = self.cleaned_data.get("den") or max(default[1], first)
        return (first, last) if first <= last else default


LEVEL_WORDS = {
    Level.NATION: "trung ương",
    Level.PROVINCE: "cấp tỉnh",
    Level.DISTRICT: "cấp huyện",
    Level.COMMUNE: "cấp xã",
}
