"""Reminders of the person: the page behind the bell, reading them, how letters come; and what became of the letters."""

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from de_an_06.plain import mail
from de_an_06.plain.numbers import format_number
from reporting.reminders import letters
from reporting.reminders.channels import message_id, open_channels
from taskforces.clock import now_for
from taskforces.models import Delivery, Letter, Reminder, ReminderChoice
from taskforces.scope import is_administrator, require

A_PAGE = 50
ALL, UNREAD = "tat-ca", ""
State = Letter.State
LETTER_LOOKS = {
    State.WAITING: ("", "clock"),
    State.SENDING: ("info", "send"),
    State.HANDING: ("info", "send"),
    State.SENT: ("ok", "check"),
    State.DOUBTFUL: ("warn", "warn"),
    State.FAILED: ("bad", "x"),
}


# The bell ------------------------------------------------------------------------------------------------------------


@require_safe
def reminder_list(request: HttpRequest) -> HttpResponse:
    """The person's reminders, newest first: those not read, or all."""
    chosen = ALL if request.GET.get("loc") == ALL else UNREAD
    mine = request.user.reminders.all()
    page = Paginator(mine if chosen else mine.filter(read_at=None), A_PAGE).get_page(request.GET.get("trang"))
    context = {
        "page": page,
        "rows": list(page.object_list),
        "filters": [("Chưa đọc", "?", not chosen), ("Tất cả", f"?loc={ALL}", bool(chosen))],
        "chosen": chosen,
        "why_no_letters": why_no_letters(request.user),
        "may_read_letters": is_administrator(request.user),
    }
    return render(request, "reporting/reminder_list.html", context)


def why_no_letters(user) -> str:
    """Why no letter reaches this person, '' where one can."""
    channels = open_channels()
    if not mail.goes_out() and not channels:
        return "Cổng này không gửi thư: nhắc việc chỉ hiện trên cổng."
    if not any(channel.address_of(user) for channel in channels):
        return "Tài khoản chưa ghi thư công vụ: nhắc việc chỉ hiện trên cổng."
    return ""


@require_safe
def reminder_open(request: HttpRequest, pk: int) -> HttpResponse:
    """To the place to act; opened is read."""
    reminder = _own(request, pk)
    _read(request, pk=pk)
    is_here = url_has_allowed_host_and_scheme(reminder.path, allowed_hosts=None) and reminder.path.startswith("/")
    return redirect(reminder.path if is_here else "reminder-list")


@require_POST
def reminder_read(request: HttpRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    _read(request, pk=pk)
    return redirect(_back(request))


@require_POST
def reminder_read_all(request: HttpRequest) -> HttpResponse:
    """Those up to the newest that the page showed: what came since stays unread."""
    up_to = request.POST.get("den", "")
    count = _read(request, pk__lte=int(up_to)) if up_to.isdecimal() and len(up_to) < 19 else 0
    if count:
        messages.success(request, f"Đã đánh dấu {format_number(count)} nhắc việc là đã đọc.")
    return redirect(_back(request))


def _own(request: HttpRequest, pk: int) -> Reminder:
    """The one door to a reminder: another person's does not exist."""
    return get_object_or_404(request.user.reminders, pk=pk)


def _read(request: HttpRequest, **which) -> int:
    unread = request.user.reminders.filter(read_at=None, **which)
    return unread.update(read_at=now_for(request.user)) if unread.exists() else 0


def _back(request: HttpRequest) -> str:
    return reverse("reminder-list") + (f"?loc={ALL}" if request.POST.get("loc") == ALL else "")


# How letters come ----------------------------------------------------------------------------------------------------


class ChoiceForm(forms.ModelForm):
    """How and when letters come, and about what; the portal itself tells everything."""

    kinds = forms.MultipleChoiceField(
        label="Việc nào thì gửi thư",
        choices=Reminder.Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = ReminderChoice
        fields = ("how", "digest_at", "quiet_from", "quiet_to", "working_days_only")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        muted = self.instance.muted.split()
        self.fields["kinds"].initial = [kind for kind in Reminder.Kind.values if kind not in muted]
        self.fields["how"].widget = forms.RadioSelect(choices=ReminderChoice.How.choices)
        for name in ("digest_at", "quiet_from", "quiet_to"):
            self.fields[name].widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "input time"})
            self.fields[name].error_messages |= {"invalid": "Ghi giờ theo dạng 07:30.", "required": "Ghi giờ."}

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if "quiet_from" in cleaned and "quiet_to" in cleaned:
            if (start is None) != (end is None):
                name = "quiet_to" if end is None else "quiet_from"
                self.add_error(name, ValidationError("Ghi cả hai giờ, hoặc để trống cả hai."))
            elif start is not None and start == end:
                self.add_error("quiet_to", ValidationError("Hai giờ phải khác nhau."))
        return cleaned

    def save(self, commit=True):
        wanted = self.cleaned_data["kinds"]
        self.instance.muted = " ".join(kind for kind in Reminder.Kind.values if kind not in wanted)
        return super().save(commit)


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_choice(request: HttpRequest) -> HttpResponse:
    choice = ReminderChoice.objects.filter(person=request.user).first() or ReminderChoice(person=request.user)
    form = ChoiceForm(request.POST or None, instance=choice)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Đã lưu cách nhận nhắc việc.")
        return redirect("reminder-choice")
    context = {
        "form": form,
        "why_no_letters": why_no_letters(request.user),
        "channels": [channel.label for channel in open_channels() if channel.address_of(request.user)],
    }
    return render(request, "reporting/reminder_choice.html", context)


# The outbox, for administrators --------------------------------------------------------------------------------------


@require_safe
def letter_list(request: HttpRequest) -> HttpResponse:
    """Letters that are not through: waiting, tried in vain, doubtful; and how many of each state there are."""
    require(is_administrator(request.user))
    counts = dict(Letter.objects.order_by().values_list("state").annotate(n=Count("pk")))
    rows = Letter.objects.exclude(state=State.SENT).select_related("person").order_by("-made_at", "pk")
    told = Delivery.objects.select_related("reminder").order_by("pk")
    page = Paginator(rows.prefetch_related(Prefetch("deliveries", told)), A_PAGE).get_page(request.GET.get("trang"))
    context = {
        "page": page,
        "rows": [
            {
                "letter": letter,
                "about": [delivery.reminder.text for delivery in letter.deliveries.all()],
                "look": LETTER_LOOKS[State(letter.state)][0],
                "icon": LETTER_LOOKS[State(letter.state)][1],
                "message_id": message_id(letter) if letter.channel == "email" else str(letter.pk),
                "may_send_again": letter.state in {State.FAILED, State.DOUBTFUL},
            }
            for letter in page.object_list
        ],
        "counts": [(State(state).label, counts.get(state, 0)) for state in LETTER_LOOKS],
        "gathering": Delivery.objects.filter(letter=None).count(),
        "most_tries": letters.MOST_TRIES_OF_A_LETTER,
        "goes_out": bool(open_channels()),
    }
    return render(request, "reporting/letter_list.html", context)


@require_POST
def letter_again(request: HttpRequest, pk) -> HttpResponse:
    """Try once more what failed, or what is doubtful and did not arrive."""
    letter = get_object_or_404(Letter, pk=pk)
    require(is_administrator(request.user))
    if letters.send_again(letter):
        messages.success(request, "Đã xếp thư vào hàng chờ gửi lại.")
    else:
        messages.error(request, "Thư này đang chờ gửi, đang gửi hoặc đã gửi, không gửi lại.")
    return redirect("letter-list")
