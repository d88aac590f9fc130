"""Words chosen for the interim reports of the demonstration, by its provincial staff as anybody would."""

from de_an_06.plain.spans import Span
from reporting.exports.interim import narratives
from taskforces.models import AdministrativeUnit, User

SCENES_OF_WORDS = (("tonghop.dongnai", "75", "2026-10"), ("tonghop.binhphuoc", "70", "2024-11"))
CHOSEN = 2  # of each section
EDITED = {  # the first of the section, rewritten by the staff
    "results": "Các đơn vị duy trì tiếp nhận hồ sơ trực tuyến tại bộ phận một cửa, hướng dẫn công dân tự nộp hồ sơ. "
    "Lời trình diễn, không phải của đơn vị.",
    "shortcomings": "Một số đơn vị còn hồ sơ đất đai trả kết quả chậm. Lời trình diễn, không phải của đơn vị.",
}


def load_interim_words(logins: dict[str, User]) -> None:
    for username, code, key in SCENES_OF_WORDS:
        by, span = logins[username], Span.parse(key)
        unit = AdministrativeUnit.objects.get(postings__user=by, code=code)
        version = 0
        for section, text in EDITED.items():
            for report in list(narratives.offered(unit.pk, span, section)[:CHOSEN]):
                _save(unit, span, section, by, version, narratives.TypedWords(choose=report.pk))
                version += 1
            first = narratives.chosen(narratives.of(unit.pk, span), section).first()
            if first is not None:
                _save(unit, span, section, by, version, narratives.TypedWords(texts={first.pk: text}))
                version += 1


def _save(unit, span: Span, section: str, by: User, version: int, typed: narratives.TypedWords) -> None:
    narratives.save(unit=unit, span=span, name=section, by=by, version=version, typed=typed)
