from django.urls import path

from .views import documents, home, members, taskforces, units, villages

urlpatterns = [
    path("", home.home, name="home"),
    path("phan-cong/<int:pk>/chon/", home.switch_posting, name="posting-switch"),
    path("don-vi/", units.unit_list, name="unit-list"),
    path("don-vi/<int:pk>/", units.unit_detail, name="unit-detail"),
    # the register: task forces, members, villages, documents
    path("to-cong-tac/", taskforces.taskforce_list, name="taskforce-list"),
    path("to-cong-tac/con-thieu/", taskforces.finding_list, name="finding-list"),
    path("to-cong-tac/lap/", taskforces.taskforce_create, name="taskforce-create"),
    path("to-cong-tac/<int:pk>/", taskforces.taskforce_detail, name="taskforce-detail"),
    path("to-cong-tac/<int:pk>/sua/", taskforces.taskforce_edit, name="taskforce-edit"),
    path("to-cong-tac/<int:pk>/ket-thuc/", taskforces.taskforce_end, name="taskforce-end"),
    path("to-cong-tac/<int:pk>/thanh-vien/them/", members.member_add, name="member-add"),
    path("thanh-vien/<int:pk>/sua/", members.member_edit, name="member-edit"),
    path("thanh-vien/<int:pk>/ket-thuc/", members.member_end, name="member-end"),
    path("to-thon/", villages.village_list, name="village-list"),
    path("to-thon/them/", villages.village_add, name="village-add"),
    path("to-thon/<int:pk>/sua/", villages.village_edit, name="village-edit"),
    path("to-thon/<int:pk>/ket-thuc/", villages.village_end, name="village-end"),
    path("van-ban/", documents.document_list, name="document-list"),
    path("van-ban/them/", documents.document_upload, name="document-upload"),
    path("van-ban/<int:pk>/sua/", documents.document_edit, name="document-edit"),
    path("van-ban/<int:pk>/tai-ve/", documents.document_download, name="document-download"),
]
