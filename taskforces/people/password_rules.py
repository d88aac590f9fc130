"""What Django's validators let pass: the owner's full name, and passwords that are one short part again and again."""

from copy import copy

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.core.exceptions import ValidationError

from de_an_06.plain.vietnamese import search_key

FEWEST_CHARACTERS = 5  # different ones


class LikeOwnerValidator(UserAttributeSimilarityValidator):
    """Refuses 'tranquocbao1' to Trần Quốc Bảo too: a name is typed there without marks, spaces and signs."""

    def __init__(self):
        super().__init__(user_attributes=["username", "full_name", "email"])

    def validate(self, password, user=None):
        super().validate(password, user)
        if user is not None:
            unmarked = copy(user)
            unmarked.full_name = _bare(user.full_name)
            super().validate(_bare(password), unmarked)

    def get_help_text(self):
        return "Mật khẩu không được giống tên đăng nhập, họ và tên hoặc thư công vụ của bạn."


def _bare(text: str) -> str:
    return search_key(text).replace(" ", "")


class RepeatedPartsValidator:
    """Refuses 'aud-aud-aud', 'Aud1aud2aud3', 'matkhaumatkhau', 'aaaaaaaaab': long to look at, short to guess.

    Case and signs do not count; letters are looked at alone too, where they are at least half of the password.
    """

    def validate(self, password, user=None):
        signs = [c for c in password.casefold() if c.isalnum()]
        letters = [c for c in signs if c.isalpha()]
        texts = [list(password.casefold()), signs, *([letters] if len(letters) * 2 >= len(password) else [])]
        if any(_is_repeated(text) for text in texts) or len(set(password.casefold())) < FEWEST_CHARACTERS:
            raise ValidationError(self.get_help_text(), code="password_repeated")

    def get_help_text(self):
        return "Mật khẩu không được là một đoạn ngắn lặp lại (như aud-aud-aud)."


def _is_repeated(text: list[str]) -> bool:
    """Is the whole one part said at least twice, the last time perhaps cut short?"""
    return any(text[part:] == text[:-part] for part in range(1, len(text) // 2 + 1))
