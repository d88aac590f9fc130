"""What a template of the interim report can be filled with: each placeholder once, with its meaning for those who write
templates. The check of a template, the page that lists them and the test of the content read it from here.

'a.b' is a text, 'a[]' a list of texts, 'a[].b' what each row of a list has. `PICTURES` are pictures.
"""

from typing import Any

HEAD_AND_END = (
    ("co_quan_cap_tren", "Tên cơ quan chủ quản, chữ in hoa"),
    ("co_quan", "Tên cơ quan ban hành, chữ in hoa"),
    ("ky_hieu", "Ký hiệu văn bản; số để trống chờ văn thư cấp"),
    ("dia_danh", "Địa danh"),
    ("ngay_thang", "Ngày để trống, tháng, năm lập báo cáo"),
    ("trich_yeu", "Trích yếu: nội dung, kỳ, địa bàn"),
    ("don_vi", "Tên đơn vị"),
    ("ky", "Kỳ báo cáo"),
    ("so_lieu_tu", "Ngày đầu của số liệu"),
    ("so_lieu_den", "Ngày cuối của số liệu"),
    ("muc_do", "Số liệu chính thức hay tạm tính, của bao nhiêu đơn vị"),
    ("mo_dau[]", "Các đoạn mở đầu"),
    ("ghi_chu[]", "Lưu ý về số liệu: địa giới thay đổi, đơn vị còn thiếu, cách so sánh"),
    ("noi_nhan[]", "Các dòng nơi nhận"),
    ("thay_mat", "Ký thay mặt"),
    ("chuc_vu", "Chức vụ người ký"),
    ("nguoi_ky", "Họ tên người ký, theo sổ Tổ công tác; trống khi chưa ghi"),
    ("ma_kiem_tra", "Mã kiểm tra số liệu của tệp"),
)
CONTENT = (
    ("to_chuc.cau[]", "Tổ công tác các cấp: các câu"),
    ("nop_bao_cao.cau[]", "Tình hình nộp báo cáo tháng: các câu"),
    ("hop.cau[]", "Các cuộc họp của Tổ công tác: các câu"),
    ("hop.bang[].stt", "Kết luận của các cuộc họp: số thứ tự"),
    ("hop.bang[].noi_dung", "Nội dung kết luận"),
    ("hop.bang[].cuoc_hop", "Cuộc họp, ngày họp"),
    ("hop.bang[].han", "Hạn hoàn thành"),
    ("hop.bang[].ket_qua", "Kết quả thực hiện"),
    ("nhiem_vu.cau[]", "Nhiệm vụ được giao: các câu"),
    ("nhiem_vu.bang[].van_ban", "Nhiệm vụ theo văn bản: số, ký hiệu"),
    ("nhiem_vu.bang[].duoc_giao", "Được giao"),
    ("nhiem_vu.bang[].hoan_thanh", "Đã hoàn thành"),
    ("nhiem_vu.bang[].dang_lam", "Đang thực hiện, còn hạn"),
    ("nhiem_vu.bang[].qua_han", "Quá hạn"),
    ("dich_vu_cong.cau[]", "Tiếp nhận, giải quyết hồ sơ: các câu"),
    ("dich_vu_cong.bang[].stt", "Theo dịch vụ công: số thứ tự"),
    ("dich_vu_cong.bang[].ma", "Mã dịch vụ"),
    ("dich_vu_cong.bang[].ten", "Tên dịch vụ"),
    ("dich_vu_cong.bang[].tiep_nhan", "Hồ sơ tiếp nhận"),
    ("dich_vu_cong.bang[].ty_le_truc_tuyen", "Tỷ lệ trực tuyến"),
    ("dich_vu_cong.bang[].giai_quyet", "Hồ sơ đã giải quyết"),
    ("dich_vu_cong.bang[].ty_le_dung_han", "Tỷ lệ trước và đúng hạn"),
    ("dich_vu_cong.bang[].qua_han", "Đang giải quyết, quá hạn"),
    ("chi_tieu_chung.nhom[].ten", "Tên nhóm chỉ tiêu"),
    ("chi_tieu_chung.nhom[].cau[]", "Các câu của nhóm"),
    ("chi_tieu_chung.bang[].stt", "Bảng chỉ tiêu: số thứ tự"),
    ("chi_tieu_chung.bang[].ma", "Mã chỉ tiêu"),
    ("chi_tieu_chung.bang[].ten", "Tên chỉ tiêu"),
    ("chi_tieu_chung.bang[].so_dat", "Số đạt hoặc số lượng"),
    ("chi_tieu_chung.bang[].tong_so", "Tổng số"),
    ("chi_tieu_chung.bang[].ty_le", "Tỷ lệ"),
    ("chi_tieu_chung.bang[].thay_doi", "Tăng, giảm so với kỳ trước"),
    ("chi_tieu_giao.cau[]", "Chỉ tiêu được giao: các câu"),
    ("chi_tieu_giao.bang[].noi_dung", "Chỉ tiêu được giao: nội dung"),
    ("chi_tieu_giao.bang[].chi_tieu", "Mức giao"),
    ("chi_tieu_giao.bang[].ket_qua", "Kết quả (chính thức)"),
    ("chi_tieu_giao.bang[].danh_gia", "Vượt, đạt, chưa đạt, không có số liệu"),
    ("cao_diem.cau[]", "Các đợt cao điểm: các câu"),
    ("don_vi_truc_thuoc.cau[]", "Các đơn vị trực thuộc: các câu"),
    ("don_vi_truc_thuoc.bang[].stt", "Bảng đơn vị, thấp nhất trước: số thứ tự"),
    ("don_vi_truc_thuoc.bang[].ten", "Tên đơn vị"),
    ("don_vi_truc_thuoc.bang[].bao_cao", "Báo cáo có trong số liệu trên báo cáo phải nộp"),
    ("don_vi_truc_thuoc.bang[].tiep_nhan", "Hồ sơ tiếp nhận"),
    ("don_vi_truc_thuoc.bang[].ty_le_truc_tuyen", "Tỷ lệ trực tuyến"),
    ("don_vi_truc_thuoc.bang[].giai_quyet", "Hồ sơ đã giải quyết"),
    ("don_vi_truc_thuoc.bang[].ty_le_dung_han", "Tỷ lệ trước và đúng hạn"),
    ("don_vi_truc_thuoc.bang[].qua_han", "Đang giải quyết, quá hạn"),
    ("don_vi_truc_thuoc.bang[].vneid", "Tỷ lệ kích hoạt VNeID"),
    ("luu_y.cau[]", "Vấn đề cần lưu ý, rút ra từ số liệu"),
    ("kho_khan.cau[]", "Khó khăn, vướng mắc: các câu"),
    ("kho_khan.bang[].stt", "Khó khăn, vướng mắc: số thứ tự"),
    ("kho_khan.bang[].don_vi", "Đơn vị nêu"),
    ("kho_khan.bang[].noi_dung", "Khó khăn, kiến nghị"),
    ("kho_khan.bang[].tra_loi", "Trả lời của cấp trên"),
    ("loi_van.results[]", "Kết quả nổi bật: các đoạn đã chọn"),
    ("loi_van.shortcomings[]", "Tồn tại, hạn chế: các đoạn đã chọn"),
    ("loi_van.causes[]", "Nguyên nhân: các đoạn đã chọn"),
    ("loi_van.proposals[]", "Kiến nghị, đề xuất: các đoạn đã chọn"),
    ("loi_van.plan[]", "Nhiệm vụ kỳ tới: các đoạn đã chọn"),
    ("ket_luan[]", "Dự thảo kết luận của chủ trì: các đoạn"),
)
PICTURES = (
    ("ma_qr", "Mã QR dẫn đến trang Kiểm tra số liệu"),
    ("bieu_do.xu_huong", "Biểu đồ 12 tháng: tỷ lệ trực tuyến, tỷ lệ trước và đúng hạn"),
    ("bieu_do.dich_vu", "Biểu đồ các dịch vụ có nhiều hồ sơ nhất"),
    ("bieu_do.don_vi", "Biểu đồ các đơn vị có tỷ lệ trước và đúng hạn thấp nhất"),
)


def shape() -> dict[str, Any]:
    """All placeholders as `word_files.fill` wants them: 1 for a text or a picture, [shape] for a list."""
    found: dict[str, Any] = {}
    for path, _ in (*HEAD_AND_END, *CONTENT, *PICTURES):
        _add(found, path.split("."))
    return found


def _add(into: dict[str, Any], steps: list[str]) -> None:
    name, rest = steps[0].removesuffix("[]"), steps[1:]
    if not rest:
        into[name] = [1] if steps[0].endswith("[]") else 1
    elif steps[0].endswith("[]"):
        _add(into.setdefault(name, [{}])[0], rest)
    else:
        _add(into.setdefault(name, {}), rest)
