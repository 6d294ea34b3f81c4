"""Login by name and password of an active person."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from .models import Person
from .selectors import person_with_rights


class PersonBackend(ModelBackend):
    """Django's own check; rights come from posts, not from here."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:  # fmt: skip
        """The person, or None; the time taken does not tell whether the login exists."""
        person = Person.objects.filter(
            login=username or kwargs.get("login", ""), is_system=False
        ).first()
        if person is None:
            Person().set_password(password or "")
            return None
        if person.check_password(password or "") and person.is_active:
            return person
        return None

    def get_user(self, user_id: int) -> Person | None:
        return person_with_rights(user_id)
