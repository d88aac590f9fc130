"""Addresses of the API; `schema/` describes them."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import IsAuthenticated

from . import unit_lists, views

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]), name="api-schema"),
    path("units/", views.unit_list, name="api-units"),
    path("periods/", views.period_list, name="api-periods"),
    path("reports/", views.report_list, name="api-reports"),
    path("reports/<int:pk>/", views.report_detail, name="api-report"),
    path("reports/<int:pk>/cells/", views.report_cells, name="api-report-cells"),
    path("reports/<int:pk>/submit/", views.report_submit, name="api-report-submit"),
    path("summaries/", views.summary, name="api-summaries"),
    path("targets/", unit_lists.target_list, name="api-targets"),
    path("live-services/", unit_lists.live_service_list, name="api-live-services"),
]
