"""Names of bodies (ban, ngành, bộ), as people read them."""

import re

from .vietnamese import one_line

_RANK = re.compile(r"^(bộ|sở|phòng|ban) ")
_PLACE = re.compile(r" (việt nam|xã|(tỉnh|thành phố|huyện|quận|thị xã|phường|đặc khu)( .*)?)$")


def is_same_body(one: str, other: str) -> bool:
    """Compared as people read them, case and spaces apart (in Python: SQLite knows no Đ and đ)."""
    return one_line(one).casefold() == one_line(other).casefold()


def is_lead(body: str, agency: str) -> bool:
    """Does this body lead the services of the agency: is it that agency, or the one of its sector in a unit?

    So Sở Tư pháp and Phòng Tư pháp lead those of Bộ Tư pháp, Công an tỉnh those of Bộ Công an.
    """
    return bool(_sector(agency)) and _sector(body) == _sector(agency)


def _sector(name: str) -> str:
    """What is left of a body's name without its rank and its place; dashes are written in several ways."""
    plain = one_line(name).casefold().replace("–", "-")
    return _PLACE.sub("", _RANK.sub("", plain))
