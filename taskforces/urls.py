from django.urls import path

from .views import home, units

urlpatterns = [
    path("", home.home, name="home"),
    path("phan-cong/<int:pk>/chon/", home.switch_posting, name="posting-switch"),
    path("don-vi/", units.unit_list, name="unit-list"),
    path("don-vi/<int:pk>/", units.unit_detail, name="unit-detail"),
]
