"""What the demonstration says about its figures: which are made up, which were published."""

INVENTED = "Số liệu trình diễn, không phải số liệu thật của đơn vị."
NOTES = (
    "Giả định, không phải số liệu thật: mọi báo cáo, người, việc, cuộc họp, kiểm tra của Bình Phước (tháng 12/2023 đến "
    "12/2024) và Đồng Nai (tháng 11/2025 đến 11/2026); tháng 01 đến 10/2025 chỉ có Phường Phước Long, Xã Xuân Hòa và "
    "các xã, phường cũ nhập vào hai đơn vị này.",
    "Theo bài báo: TX Phước Long tháng 04/2024 (8/11 dịch vụ, 99,46% trước và đúng hạn, đứng thứ hai; số hồ sơ là giả "
    "định), TX Bình Long và cả nước tháng 08/2022, TP Thủ Dầu Một tháng 12/2022 (cả cao điểm 45 ngày đêm; hai cao điểm "
    "của Bình Phước và Đồng Nai là giả định).",
    "Tháng 09/2023: bài báo không nêu tên tỉnh, đặt ở Bình Dương; số theo kênh và theo hạn ngoài số đã nêu là "
    "giả định.",
)
