"""Accounts, postings and a look at the units, for administrators. Every list is cut to the scope of who asks.

Nothing here is deleted: accounts are made inactive, postings end by a date, units come from `manage.py load_units`.

The posting "Quản trị" carries what its name says: every row of the portal's own two apps that anybody may add or change
here (`people/accounts.py`). It is given by a superuser and confirmed by a second person, asks for a second factor, and
ends by its last day. What makes more administrators stays with superusers: the flags of an account, groups, second
factors of others, passwords, postings of administrators.
"""

from allauth.account.admin import EmailAddress  # its admin is registered by this import
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from de_an_06.plain.numbers import format_number
from reporting.models.catalogue import Indicator

from .clock import today_for
from .models import AdministrativeUnit, BoundaryFile, Posting, PostingEvent, UnitSuccession, UnitVersion, User
from .models.units import NAMED_BY
from .people.postings import path_on
from .scope import may_change_posting, needs_second_person, path_in_scope, sees_everything
from .units.boundaries import LARGEST_MAP, MapRefused, keep_map, read_map, units_of

ADMIN_ONLY_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


def units_in_scope(user):
    """The units a person may post people to: their own and everything below, in any tree."""
    if sees_everything(user):
        return AdministrativeUnit.objects.all()
    return AdministrativeUnit.objects.filter(pk__in=UnitVersion.objects.filter(path_in_scope(user)).values("unit_id"))


class NothingIsDeleted:
    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnly(NothingIsDeleted):
    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


PERMITTED = {"add": "thêm", "change": "sửa", "delete": "xóa", "view": "xem"}


def say_permissions(field):
    """Permissions are stored with English names; here: 'Báo cáo tháng – dịch vụ công: sửa'."""

    def label(permission):
        kind = permission.content_type
        app, model = apps.get_app_config(kind.app_label).verbose_name, kind.model_class()
        act = PERMITTED.get(permission.codename.split("_")[0], permission.name)
        return f"{app} – {model._meta.verbose_name if model else kind.model}: {act}"

    field.queryset = field.queryset.filter(content_type__app_label__in=OPEN_TO_PERMISSIONS)
    field.label_from_instance = label
    return field


OPEN_TO_PERMISSIONS = ["taskforces", "reporting", "mfa", "auth"]  # of the apps that have pages here


class NewAccountForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["username", "full_name", "job_title", "work_phone", "email"]

    def save(self, commit=True):
        user = super().save(commit=False)
        user.set_unusable_password()
        user.must_change_password = True
        if commit:
            user.save()
        return user


@admin.register(User)
class UserAdmin(NothingIsDeleted, DjangoUserAdmin):
    """Only a superuser gives staff rights, touches a superuser or sets somebody's password.

    A new account has no password: its owner sets one by a link. The e-mail of an account, to which a forgotten password
    is answered, is its owner's to change.
    """

    list_display = ["username", "full_name", "job_title", "is_active", "is_staff", "demo_today"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["username", "full_name"]
    ordering = ["username"]
    fieldsets = [
        (None, {"fields": ["username", "password", "must_change_password", "is_active"]}),
        ("Liên hệ công vụ", {"fields": ["full_name", "job_title", "work_phone", "email"]}),
        ("Quyền quản trị", {"fields": list(ADMIN_ONLY_FIELDS)}),
        ("Theo dõi", {"fields": ["last_login", "date_joined", "demo_today"]}),
    ]
    add_fieldsets = [
        (None, {"classes": ["wide"], "fields": ["username", "full_name", "job_title", "work_phone", "email"]})
    ]
    add_form = NewAccountForm
    readonly_fields = ["last_login", "date_joined", "demo_today"]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return say_permissions(field) if db_field.name == "user_permissions" else field

    def get_queryset(self, request):
        people = super().get_queryset(request)
        if sees_everything(request.user):
            return people
        mine = Q(postings__unit__in=units_in_scope(request.user)) | Q(postings__isnull=True)  # not yet posted: may be
        return people.filter(mine).distinct()

    def get_readonly_fields(self, request, obj=None):
        fixed = [*super().get_readonly_fields(request, obj), *(["email"] if obj else [])]
        return fixed if request.user.is_superuser else [*fixed, *ADMIN_ONLY_FIELDS]

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def user_change_password(self, request, id, form_url=""):
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)


# Registered by those imported above, who say them in English. Addresses have no page any more: a reset link would go to
# whatever was added there, and an account's e-mail is changed by its owner alone (people/own_email.py).
admin.site.unregister([Authenticator, Group, EmailAddress])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        return say_permissions(field) if db_field.name == "permissions" else field


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnly, AuthenticatorAdmin):
    """Who lost the second factor gets it taken away here; its secret is shown to nobody."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    search_fields = ["user__username", "user__full_name"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_delete_permission(self, request, obj=None):
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


class PostingForm(forms.ModelForm):
    """Asks the same right as the portal's own pages; `by` is who fills it in."""

    by: User
    groups = forms.MultipleChoiceField(
        label="Nhóm chỉ tiêu phụ trách",
        choices=Indicator.Group.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Chỉ cán bộ ban, ngành.",
    )

    def clean_groups(self) -> str:
        return " ".join(self.cleaned_data["groups"])

    def clean(self):
        data = super().clean()
        self._ask_right(data.get("unit") or (self.instance.unit_id and self.instance.unit), data)
        unit, first, last = data.get("unit"), data.get("valid_from"), data.get("valid_to")
        if unit and first and first < unit.opened_on:
            self.add_error("valid_from", f"Đơn vị này chỉ có từ ngày {unit.opened_on:%d/%m/%Y}.")
        if unit and unit.closed_on and last and last > unit.closed_on:
            self.add_error("valid_to", f"Đơn vị này kết thúc ngày {unit.closed_on:%d/%m/%Y}.")
        return data

    def _ask_right(self, unit, data) -> None:
        user, role = data.get("user") or (self.instance.user_id and self.instance.user), data.get("role")
        if not unit or not user:
            return
        if user == self.by:
            raise forms.ValidationError("Không ai tự phân công cho mình, cũng không tự kết thúc phân công của mình.")
        if not may_change_posting(self.by, role or self.instance.role, path_on(unit, today_for(self.by))):
            raise forms.ValidationError("Bạn không phân công được vai trò này ở đơn vị này.")


@admin.register(Posting)
class PostingAdmin(NothingIsDeleted, admin.ModelAdmin):
    """Rights move only by a new posting: of a stored one only the last day can be changed."""

    form = PostingForm
    list_display = ["user", "unit", "role", "branch", "body", "valid_from", "valid_to", "waits"]
    list_filter = ["role", "branch"]
    search_fields = ["user__username", "user__full_name", "body", "unit__code", "unit__versions__name"]
    autocomplete_fields = ["user", "unit"]
    fields = ["user", "unit", "role", "branch", "body", "groups", "valid_from", "valid_to"]
    list_select_related = ["user", "unit"]

    class Media:
        js = ["js/autocomplete.js"]

    def get_queryset(self, request):
        postings = super().get_queryset(request).prefetch_related(f"unit__{NAMED_BY}")
        return postings.filter(unit__in=units_in_scope(request.user))

    def get_form(self, request, obj=None, **kwargs):
        return type("PostingForm", (super().get_form(request, obj, **kwargs),), {"by": request.user})

    def get_readonly_fields(self, request, obj=None):
        return ["user", "unit", "role", "branch", "body", "groups", "valid_from"] if obj else []

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "unit":
            kwargs["queryset"] = units_in_scope(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.waits = needs_second_person(obj.role)
        super().save_model(request, obj, form, change)
        action = PostingEvent.Action.ENDED if change else PostingEvent.Action.GIVEN
        if form.has_changed():
            PostingEvent.objects.create(
                posting=obj, action=action, by=request.user, at=timezone.now(), note="trang quản trị"
            )


class VersionInline(ReadOnly, admin.TabularInline):
    model = UnitVersion
    fk_name = "unit"
    extra = 0
    ordering = ["-valid_from"]
    fields = ["name", "unit_type", "parent", "valid_from", "valid_to", "valid_from_is_exact", "source"]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(f"parent__{NAMED_BY}")


class SuccessionInline(ReadOnly, admin.TabularInline):
    model = UnitSuccession
    extra = 0
    fields = ["predecessor", "successor", "effective_on", "is_partial", "legal_basis"]

    def get_queryset(self, request):
        between = super().get_queryset(request)
        return between.prefetch_related(f"predecessor__{NAMED_BY}", f"successor__{NAMED_BY}")


class SuccessionIn(SuccessionInline):
    fk_name = "successor"
    verbose_name_plural = "tiền thân"


class SuccessionOut(SuccessionInline):
    fk_name = "predecessor"
    verbose_name_plural = "kế thừa"


@admin.register(AdministrativeUnit)
class AdministrativeUnitAdmin(ReadOnly, admin.ModelAdmin):
    """To read only: the shipped files and `manage.py load_units` are where a unit is corrected."""

    list_display = ["code", "name_now", "level", "opened_on", "closed_on"]
    list_filter = ["level"]
    search_fields = ["code", "versions__name", "versions__search_key"]
    ordering = ["code", "opened_on"]
    inlines = [VersionInline, SuccessionIn, SuccessionOut]

    @admin.display(description="tên")
    def name_now(self, unit):
        day = today_for(None)
        begun = [v for v in unit.versions.all() if v.valid_from <= day] or list(unit.versions.all())
        return max(begun, key=lambda version: version.valid_from).name

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(NAMED_BY)


class BoundaryForm(forms.ModelForm):
    """A map file, read and checked before anything is kept; `by` is who brings it."""

    by: User
    file = forms.FileField(
        label="Tệp GeoJSON",
        help_text=(
            "FeatureCollection, hệ WGS 84; mỗi đơn vị một Polygon hoặc MultiPolygon, mã đơn vị ở thuộc tính “ma”. "
            f"Không quá {LARGEST_MAP // 1024 // 1024} MB. Đơn vị đã có ranh giới thì tệp mới thay tệp cũ."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".geojson,.json"}),
    )

    class Meta:
        model = BoundaryFile
        fields = ()

    def clean_file(self):
        upload = self.cleaned_data["file"]
        try:
            self.content = upload.read(LARGEST_MAP + 1)
            self.shapes = read_map(self.content)
            self.units = units_of(self.shapes.keys(), units_in_scope(self.by).open_on(today_for(self.by)))
        except MapRefused as refused:
            raise forms.ValidationError(refused.faults) from refused
        return upload


@admin.register(BoundaryFile)
class BoundaryFileAdmin(admin.ModelAdmin):
    """Outlines of units come in by file. A file is never changed; taken away, the one before counts again."""

    form = BoundaryForm
    list_display = ["name", "uploaded_at", "uploaded_by", "units"]
    readonly_fields = ["name", "sha256", "uploaded_at", "uploaded_by", "units"]

    @admin.display(description="số đơn vị")
    def units(self, file):
        return format_number(file.boundaries.count())

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("uploaded_by")

    def has_delete_permission(self, request, obj=None):
        """Who brought a file takes it away, and whoever keeps the whole nation."""
        is_own = obj is None or obj.uploaded_by_id == request.user.pk or sees_everything(request.user)
        return is_own and super().has_delete_permission(request, obj)

    def get_fields(self, request, obj=None):
        return self.readonly_fields if obj else ["file"]

    def get_readonly_fields(self, request, obj=None):
        return self.readonly_fields if obj else ()

    def has_change_permission(self, request, obj=None):
        return False

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.by = request.user
        return form

    def save_model(self, request, obj, form, change):
        obj.name, obj.uploaded_by = form.cleaned_data["file"].name[:200], request.user
        keep_map(obj, form.content, form.shapes, form.units)
