"""What Django's validators let pass: passwords that are one short part again and again."""

from django.core.exceptions import ValidationError

FEWEST_CHARACTERS = 5  # different ones


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
