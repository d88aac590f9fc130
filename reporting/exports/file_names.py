"""Names of files: plain letters, so that every mail and chat programme keeps them."""

from de_an_06.plain.spans import Span, months_label
from de_an_06.plain.vietnamese import file_part
from reporting.models import Basis

from .book.frame import Written


def span_and_basis(written: Written, span: Span, basis: str, *, is_joined: bool = False) -> str:
    """'2026-11_tam-tinh'. Months of a stretch that is not whole are named: '2026-Q4_thang-10-den-11-2026_tam-tinh'."""
    words = span.key.replace("..", "_den_")
    if written.months != span.months:
        words += "_" + file_part(months_label(written.months).replace("–", " đến ").replace("/", " ").replace(",", ""))
    kind = "chinh-thuc" if basis == Basis.OFFICIAL else "tam-tinh"
    return f"{words}_{kind}{'_noi-dia-gioi' if is_joined else ''}"
