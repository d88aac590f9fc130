"""What administrators edit: the catalogue with its dated terms, settings, holidays, participating areas, deadlines.

Reports and totals are not here: they change through workflow.py and rollup.py alone. What was reported on is never
deleted; it ends on a date instead.
"""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from import_export import resources
from import_export.admin import ImportExportModelAdmin

from taskforces.clock import now_for
from taskforces.people.quotas import OverQuota, take_file

from . import areas
from .imports.catalogue_file import CatalogueCsv, CatalogueXlsx
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


class CatalogueResource(resources.ModelResource):
    """A file in: each row is checked like a form, all or nothing, unchanged rows stay untouched."""

    class Meta:
        import_id_fields = ("code",)
        exclude = ("id",)
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        report_skipped = True


class ServiceResource(CatalogueResource):
    class Meta(CatalogueResource.Meta):
        model = PublicService


READ_BY = ["code", "kind", "over_time", "over_units"]  # of an indicator: how its figures of the past are read


class IndicatorResource(CatalogueResource):
    class Meta(CatalogueResource.Meta):
        model = Indicator

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """A file changes no more of what was reported on than the page does."""
        errors = dict(import_validation_errors or {})
        kept = Indicator.objects.filter(pk=instance.pk, figures__isnull=False).values(*READ_BY).first()
        for name, value in (kept or {}).items():
            if getattr(instance, name) != value:
                errors[name] = ValidationError(f"Chỉ tiêu đã có số liệu: giữ nguyên “{value}”.")
        super().validate_instance(instance, errors, validate_unique)


class CatalogueAdmin(KeptOnceReported, ImportExportModelAdmin):
    """A row of a file changes what stands there or adds what does not: who brings one in may do both (settings.py)."""

    import_formats = [CatalogueCsv, CatalogueXlsx]

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


@admin.register(PublicService)
class PublicServiceAdmin(CatalogueAdmin):
    resource_classes = [ServiceResource]
    list_display = ["code", "short_name", "reporter", "order"]
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
    list_display = ["code", "name", "kind", "over_time", "over_units", "owner", "order"]
    list_filter = ["group", "kind", "over_time", "over_units", "owner"]
    search_fields = ["code", "name"]
    inlines = [IndicatorTermsInline]

    def is_reported(self, obj):
        return IndicatorFigure.objects.filter(indicator=obj).exists()

    def get_readonly_fields(self, request, obj=None):
        """What decides how past figures are read stays once there are figures."""
        return READ_BY if obj and self.is_reported(obj) else []


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
class HolidayAdmin(admin.ModelAdmin):
    list_display = ["day", "name", "is_working_day"]
    list_filter = ["is_working_day"]
    date_hierarchy = "day"


@admin.register(ParticipatingArea)
class ParticipatingAreaAdmin(KeptOnceReported):
    """Whoever sets up or ends an area reads at once from which month it reports and what the open months got."""

    list_display = ["unit", "valid_from", "valid_to", "reports_from"]
    raw_id_fields = ["unit"]
    description = (
        "Đơn vị phải nộp báo cáo của những kỳ có ngày chốt số liệu nằm trong thời gian tham gia. "
        "Tham gia từ sau ngày chốt của kỳ đang báo cáo thì báo cáo từ kỳ sau."
    )
    fieldsets = [(None, {"fields": ["unit", "valid_from", "valid_to"], "description": description})]

    @admin.display(description="báo cáo từ kỳ")
    def reports_from(self, obj):
        first = areas.first_month(obj)
        return first.label if first and first.units else "không kỳ nào"

    def is_reported(self, obj):
        return Report.objects.under(obj.unit_id).exclude(saved_at=None, revision=0).exists()

    def save_model(self, request, obj, form, change):
        before = ParticipatingArea.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)
        now = now_for(request.user)
        for sentence in areas.settle_months(before, obj):
            self.message_user(request, sentence, messages.INFO)
        somebody_owes, sentence = areas.describe(obj, now)
        self.message_user(request, sentence, messages.INFO if somebody_owes else messages.WARNING)
        if late := areas.misses_current_month(obj, now):
            self.message_user(request, late, messages.WARNING)

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
