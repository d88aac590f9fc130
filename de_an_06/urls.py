"""Root of the addresses; each app lists its own."""

from django.contrib import admin
from django.urls import include, path

from taskforces.views.health import healthz

urlpatterns = [
    path("", include("taskforces.urls")),
    path("", include("reporting.urls")),
    path("api/", include("reporting.api.urls")),
    path("tai-khoan/", include("allauth.account.urls")),
    path("tai-khoan/2fa/", include("allauth.mfa.urls")),
    path("quan-tri/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
]
handler403 = "taskforces.views.errors.forbidden"
handler404 = "taskforces.views.errors.not_found"
handler500 = "taskforces.views.errors.server_error"
