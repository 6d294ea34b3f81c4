"""What a password must be, where Django's own words have no Chinese."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LengthValidator(MinimumLengthValidator):
    """A least length, refused in the language of the page."""

    def get_error_message(self) -> str:
        """The refusal, with the length that is wanted."""
        return ngettext(
            "This password is too short: it takes at least %(n)d character.",
            "This password is too short: it takes at least %(n)d characters.",
            self.min_length,
        ) % {"n": self.min_length}
