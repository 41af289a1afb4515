"""Which rows a person may see: the one rule behind every list, search, export and call."""

from typing import Self, TypeVar

from django.db import models

from oms.core.models.user import User

Row = TypeVar("Row", bound=models.Model, covariant=True)
EVERY_ROW = "*"


class ScopedQuerySet(models.QuerySet[Row]):
    """Rows that a rep sees by `of_rep`, and others by `of_staff`: lookups that lead to a user. Empty means none."""

    of_rep = ""
    of_staff = ""

    def visible_to(self, user: User) -> Self:
        """The rows in a person's scope."""
        if user.sees_everything:
            return self
        lookup = self.of_rep if user.has_role("rep") else self.of_staff
        if lookup == EVERY_ROW:
            return self
        return self.filter(**{lookup: user}) if lookup else self.none()
