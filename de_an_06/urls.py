"""Root of the addresses; each app lists its own, and here stand the pages of the whole portal."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from taskforces.scope import may_enter_administration
from taskforces.views import own_email, set_password

from . import home
from .guide import guide
from .health import healthz, readyz

admin.site.site_header = admin.site.site_title = "Quản trị Cổng báo cáo Đề án 06"
admin.site.index_title = "Danh mục, đơn vị và tài khoản"
admin.site.login = secure_admin_login(home.administration)
admin.site.has_permission = lambda request: may_enter_administration(request.user)

urlpatterns = [
    path("", home.home, name="home"),
    path("phan-cong/<int:pk>/chon/", home.switch_posting, name="posting-switch"),
    path("", include("taskforces.urls")),
    path("", include("reporting.urls")),
    path("api/", include("reporting.api.urls")),
    path("tai-khoan/password/reset/", set_password.forgotten_password, name="account_reset_password"),
    path("tai-khoan/email/", own_email.change_email, name="account_email"),
    path("tai-khoan/confirm-email/<str:key>/", own_email.confirm_email, name="account_confirm_email"),
    path("tai-khoan/", include("allauth.account.urls")),
    path("tai-khoan/2fa/", include("allauth.mfa.urls")),
    path("quan-tri/", admin.site.urls),
    path("huong-dan/", guide, name="guide"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
handler400 = "de_an_06.errors.bad_request"
handler403 = "de_an_06.errors.forbidden"
handler404 = "de_an_06.errors.not_found"
handler500 = "de_an_06.errors.server_error"
