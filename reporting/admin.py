"""What administrators edit: the catalogue with its dated terms, settings, holidays, participating areas, deadlines.

Reports and totals are not here: they change through workflow.py and rollup.py alone. What was reported on is never
deleted; it ends on a date instead.
"""

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from import_export.admin import ImportExportModelAdmin
from import_export.forms import SelectableFieldsExportForm

from de_an_06.plain.vietnamese import search_key
from taskforces.clock import now_for, today_for
from taskforces.models.units import NAMED_BY
from taskforces.people.quotas import OverQuota, take_file

from . import areas
from .imports.catalogue_file import CatalogueCsv, CatalogueXlsx
from .imports.catalogue_rows import (
    READ_BY,
    AreaResource,
    HolidayResource,
    IndicatorResource,
    IndicatorTermsResource,
    ServiceResource,
    ServiceTermsResource,
    owed_by_nobody,
)
from .models import (
    Holiday,
    Indicator,
    IndicatorFigure,
    IndicatorTerms,
    LevelSetting,
    ParticipatingArea,
    Period,
    PeriodClosure,
    PeriodDeadline,
    PublicService,
    Report,
    ReportingSettings,
    ServiceFigures,
    ServiceTerms,
)


class KeptOnceReported(admin.ModelAdmin):
    """No deletion once figures exist; without an object (actions on many) no deletion at all."""

    def is_reported(self, obj) -> bool:
        raise NotImplementedError

    def has_delete_permission(self, request, obj=None):
        return obj is not None and super().has_delete_permission(request, obj) and not self.is_reported(obj)


class TermsInline(admin.TabularInline):
    """Dated rows; rows of a thing already reported on stay, a change begins with a new row."""

    extra = 0
    ordering = ["valid_from"]

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.figures.exists())


class ServiceTermsInline(TermsInline):
    model = ServiceTerms


class IndicatorTermsInline(TermsInline):
    model = IndicatorTerms


class ExportColumnsForm(SelectableFieldsExportForm):
    """Columns are called as in the file."""

    def _get_field_label(self, resource, field_name):
        return resource.fields[field_name].column_name


class ByFile(ImportExportModelAdmin):
    """A row of a file changes what stands there or adds what does not: who brings one in may do both (settings.py)."""

    formats = [CatalogueCsv, CatalogueXlsx]
    export_form_class = ExportColumnsForm
    import_template_name = "admin/reporting/import.html"
    export_template_name = "admin/reporting/export.html"

    def add_data_read_fail_error_to_form(self, form, e):
        if isinstance(e, ValidationError):
            form.add_error("import_file", e)
        else:
            super().add_data_read_fail_error_to_form(form, e)

    def get_export_data(self, file_format, request, queryset, **kwargs):
        try:
            take_file(request.user)
        except OverQuota as error:
            raise ValueError(error.message) from None  # what the library says above its form
        return super().get_export_data(file_format, request, queryset, **kwargs)

    def has_import_permission(self, request):
        return super().has_import_permission(request) and self.has_add_permission(request)

    def get_import_data_kwargs(self, **kwargs):
        return super().get_import_data_kwargs(**kwargs) | {"rollback_on_validation_errors": True}

    def _create_log_entry(self, user_pk, rows, import_type, action_flag):
        """The package writes "new through import_export" into the history."""
        if rows:
            said = "Thêm bằng tệp." if action_flag == ADDITION else "Sửa bằng tệp."
            LogEntry.objects.log_actions(user_pk, rows, action_flag, change_message=said, single_object=len(rows) == 1)

    def get_export_filename(self, request, queryset, file_format):
        name = search_key(self.opts.verbose_name_plural).replace(" ", "-")
        return f"{name}-{today_for(request.user):%Y-%m-%d}.{file_format.get_extension()}"


class CatalogueAdmin(KeptOnceReported, ByFile):
    """Services and indicators: what has no terms is owed by nobody, which the list and every way of adding one say."""

    @admin.display(description="cấp báo cáo")
    def reported_by(self, obj):
        """The levels of today, else those from a later day on."""
        day = timezone.localdate()
        lasting = [t for t in obj.terms.all() if (t.valid_to is None or t.valid_to >= day) and t.levels]
        if not lasting:
            return format_html("<strong>{}</strong>", "chưa cấp nào")
        first = min(lasting, key=lambda t: t.valid_from)
        since = f" (từ {first.valid_from:%d/%m/%Y})" if first.valid_from > day else ""
        return ", ".join(level.label.removeprefix("Cấp ") for level in first.levels) + since

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("terms")

    def process_result(self, result, request):
        self.say_owed_by_nobody(request, [row.object_id for row in result.rows])
        return super().process_result(result, request)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        self.say_owed_by_nobody(request, [form.instance.pk])

    def say_owed_by_nobody(self, request, ids):
        codes = list(owed_by_nobody(self.model).filter(pk__in=ids).values_list("code", flat=True))
        if codes:
            sentence = (
                f"Chưa cấp nào phải báo cáo {', '.join(codes)}: thêm quy định theo thời gian (từ ngày nào, cấp nào)."
            )
            self.message_user(request, sentence, messages.WARNING)


@admin.register(PublicService)
class PublicServiceAdmin(CatalogueAdmin):
    resource_classes = [ServiceResource]
    list_display = ["code", "short_name", "reporter", "reported_by", "order"]
    list_filter = ["reporter"]
    search_fields = ["code", "name", "short_name"]
    inlines = [ServiceTermsInline]

    def is_reported(self, obj):
        return ServiceFigures.objects.filter(service=obj).exists()

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj and self.is_reported(obj) else []


@admin.register(Indicator)
class IndicatorAdmin(CatalogueAdmin):
    resource_classes = [IndicatorResource]
    list_display = ["code", "name", "kind", "over_time", "over_units", "owner", "reported_by", "order"]
    list_filter = ["group", "kind", "over_time", "over_units", "owner"]
    search_fields = ["code", "name"]
    inlines = [IndicatorTermsInline]

    def is_reported(self, obj):
        return IndicatorFigure.objects.filter(indicator=obj).exists()

    def get_readonly_fields(self, request, obj=None):
        """What decides how past figures are read stays once there are figures."""
        return READ_BY if obj and self.is_reported(obj) else []


class TermsAdmin(KeptOnceReported, ByFile):
    """The dated rows of all services, or indicators, in one list; a file brings in many."""

    thing: str
    date_hierarchy = "valid_from"
    list_filter = ["at_commune", "at_district", "at_province", "valid_from"]

    def get_list_display(self, request):
        return ["code", "name", "valid_from", "valid_to", "at_commune", "at_district", "at_province"]

    @admin.display(description="mã")
    def code(self, obj):
        return getattr(obj, self.thing).code

    @admin.display(description="tên")
    def name(self, obj):
        return getattr(obj, self.thing).name

    def get_autocomplete_fields(self, request):
        return [self.thing]

    def get_search_fields(self, request):
        return [f"{self.thing}__code", f"{self.thing}__name"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(self.thing)

    def is_reported(self, obj):
        return getattr(obj, self.thing).figures.exists()


@admin.register(ServiceTerms)
class ServiceTermsAdmin(TermsAdmin):
    resource_classes = [ServiceTermsResource]
    thing = "service"
    list_filter = [*TermsAdmin.list_filter, "in_headline"]

    def get_list_display(self, request):
        return [*super().get_list_display(request), "in_headline"]


@admin.register(IndicatorTerms)
class IndicatorTermsAdmin(TermsAdmin):
    resource_classes = [IndicatorTermsResource]
    thing = "indicator"


@admin.register(ReportingSettings)
class ReportingSettingsAdmin(admin.ModelAdmin):
    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(LevelSetting)
class LevelSettingAdmin(admin.ModelAdmin):
    list_display = ["level", "deadline_days", "deadline_time", "reports"]

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Holiday)
class HolidayAdmin(ByFile):
    resource_classes = [HolidayResource]
    list_display = ["day", "name", "is_working_day"]
    list_filter = ["is_working_day"]
    date_hierarchy = "day"


@admin.register(ParticipatingArea)
class ParticipatingAreaAdmin(KeptOnceReported, ByFile):
    """Whoever sets up or ends an area reads at once from which month it reports and what the open months got."""

    resource_classes = [AreaResource]
    list_display = ["unit", "valid_from", "valid_to", "reports_from"]
    search_fields = ["unit__code", "unit__versions__name", "unit__versions__search_key"]
    autocomplete_fields = ["unit"]
    description = (
        "Đơn vị phải nộp báo cáo của những kỳ có ngày chốt số liệu nằm trong thời gian tham gia. "
        "Tham gia từ sau ngày chốt của kỳ đang báo cáo thì báo cáo từ kỳ sau."
    )
    fieldsets = [(None, {"fields": ["unit", "valid_from", "valid_to"], "description": description})]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(f"unit__{NAMED_BY}")

    @admin.display(description="báo cáo từ kỳ")
    def reports_from(self, obj):
        first = areas.first_month(obj)
        return first.label if first and first.units else "không kỳ nào"

    def is_reported(self, obj):
        return Report.objects.under(obj.unit_id).exclude(saved_at=None, revision=0).exists()

    def save_model(self, request, obj, form, change):
        before = ParticipatingArea.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        for well, sentence in areas.follow(before, obj, now_for(request.user)):
            self.message_user(request, sentence, messages.INFO if well else messages.WARNING)

    def delete_model(self, request, obj):
        before = ParticipatingArea.objects.get(pk=obj.pk)
        super().delete_model(request, obj)
        for sentence in areas.settle_months(before, None):
            self.message_user(request, sentence, messages.INFO)


class PeriodDeadlineInline(admin.TabularInline):
    model = PeriodDeadline
    extra = 0
    can_delete = False


class PeriodClosureInline(admin.TabularInline):
    """Who closed and reopened the month; done on the review page, read here."""

    model = PeriodClosure
    extra = 0
    can_delete = False

    def get_queryset(self, request):
        closures = super().get_queryset(request).select_related("closed_by", "reopened_by")
        return closures.prefetch_related(f"province__{NAMED_BY}")

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


@admin.register(Period)
class PeriodAdmin(KeptOnceReported):
    """Months are opened by `open_period`, by hand or every night; here their deadlines can be moved."""

    list_display = ["label", "data_from", "data_to"]
    readonly_fields = ["year", "month", "data_from", "data_to"]
    inlines = [PeriodDeadlineInline, PeriodClosureInline]

    def is_reported(self, obj):
        return obj.reports.exists()

    def has_add_permission(self, request):
        return False
