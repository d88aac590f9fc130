"""Paths read as the journey: what is due, entry, check, submit, review, dashboard, export."""

from django.urls import path

from .views import (
    agenda,
    campaign_forms,
    campaigns,
    dashboard,
    difficulties,
    entry,
    exports,
    files,
    heat,
    outreach,
    review,
    sending,
    task_list,
)

urlpatterns = [
    # 1-3 entry, checking, submission
    path("viec-can-lam/", task_list.task_list, name="task-list"),
    path("bao-cao/<int:pk>/nhap/", entry.report_entry, name="report-entry"),
    path("bao-cao/<int:pk>/o/", entry.save_cells, name="report-save-cells"),
    path("bao-cao/<int:pk>/khong-phat-sinh/", entry.zero_fill, name="report-zero-fill"),
    path("bao-cao/<int:pk>/lay-so-nhat-ky/", outreach.take_from_log, name="report-take-outreach"),
    path("bao-cao/<int:pk>/xong/", entry.mark_ready, name="report-ready"),
    path("bao-cao/<int:pk>/kiem-tra/", sending.check_answers, name="report-check"),
    path("bao-cao/<int:pk>/gui/", sending.submit, name="report-submit"),
    path("bao-cao/<int:pk>/bien-nhan/", sending.receipt, name="report-receipt"),
    path("bao-cao/<int:pk>/bieu-mau/", files.template_download, name="report-template"),
    path("bao-cao/<int:pk>/nop-tep/", files.file_upload, name="report-upload"),
    # 3 review
    path("bao-cao/<int:pk>/", review.report_detail, name="report-detail"),
    path("bao-cao/<int:pk>/o/<str:cell>/lich-su/", review.cell_history, name="cell-history"),
    path("duyet/", review.review_list, name="review-list"),
    path("duyet/cac-bao-cao-sach/", review.approve_clean, name="review-approve-clean"),
    path("bao-cao/<int:pk>/duyet/", review.approve, name="report-approve"),
    path("bao-cao/<int:pk>/tra-lai/", review.send_back, name="report-send-back"),
    path("bao-cao/<int:pk>/mo-lai/", review.reopen, name="report-reopen"),
    path("bao-cao/<int:pk>/ky-truoc-da-sua/", review.accept_prior, name="report-accept-prior"),
    path("ky/<int:pk>/khoa/", review.close_period, name="period-close"),
    path("ky/<int:pk>/mo-khoa/", review.reopen_period, name="period-reopen"),
    # difficulties and proposals
    path("kho-khan/", difficulties.difficulty_list, name="difficulty-list"),
    path("bao-cao/<int:pk>/kho-khan/them/", difficulties.difficulty_add, name="difficulty-add"),
    path("kho-khan/<int:pk>/", difficulties.difficulty_detail, name="difficulty-detail"),
    path("kho-khan/<int:pk>/sua/", difficulties.difficulty_edit, name="difficulty-edit"),
    path("kho-khan/<int:pk>/tra-loi/", difficulties.difficulty_answer, name="difficulty-answer"),
    path("kho-khan/<int:pk>/da-giai-quyet/", difficulties.difficulty_resolve, name="difficulty-resolve"),
    path("kho-khan/<int:pk>/chuyen-cap-tren/", difficulties.difficulty_pass_up, name="difficulty-pass-up"),
    path("kho-khan/<int:pk>/neu-lai/", difficulties.difficulty_reopen, name="difficulty-reopen"),
    # campaigns
    path("cao-diem/", campaigns.campaign_list, name="campaign-list"),
    path("cao-diem/mo/", campaign_forms.campaign_add, name="campaign-add"),
    path("cao-diem/nhap/", campaign_forms.campaign_entry, name="campaign-entry"),
    path("cao-diem/<int:pk>/", campaigns.campaign_detail, name="campaign-detail"),
    path("cao-diem/<int:pk>/sua/", campaign_forms.campaign_edit, name="campaign-edit"),
    path("cao-diem/<int:pk>/khoa-ngay/", campaigns.campaign_lock, name="campaign-lock"),
    path("cao-diem/<int:pk>/ket-thuc/", campaigns.campaign_close, name="campaign-close"),
    path("cao-diem/<int:pk>/mo-lai/", campaigns.campaign_reopen, name="campaign-reopen"),
    # 5 reading
    path("tong-quan/", dashboard.dashboard, name="dashboard"),
    path("tong-quan/bang-nhiet/", heat.grid, name="dashboard-heat"),
    path("tong-quan/xu-huong/", heat.lines, name="dashboard-lines"),
    path("tong-quan/nop-bao-cao/", heat.board, name="dashboard-board"),
    path("chuong-trinh-hop/", agenda.agenda, name="agenda"),
    path("tong-quan/nguon/", dashboard.source_rows, name="dashboard-source"),
    # 6 out
    path("xuat/", exports.export_list, name="export-list"),
    path("xuat/lap/", exports.export_create, name="export-create"),
    path("xuat/<uuid:pk>/", exports.export_status, name="export-status"),
    path("xuat/<uuid:pk>/bo/", exports.export_drop, name="export-drop"),
    path("xuat/<uuid:pk>/tai-ve/", exports.export_download, name="export-download"),
]
