"""Who uses the system."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.core.models.coded import LanguageField
from oms.core.models.role import Grant, grants_of, read_grants

if TYPE_CHECKING:
    from django.db.models import Manager


class User(AbstractUser):
    """A person who works here. Companies and warehouses name their staff, customers their rep: the person's scope."""

    language = LanguageField(
        blank=True,
        default="",
        db_default="",
        help_text=_("Of notices and emails, such as en or de; empty for the installation's."),
    )

    if TYPE_CHECKING:
        companies: "Manager[models.Model]"
        warehouses: "Manager[models.Model]"
        customers: "Manager[models.Model]"

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The person's roles, read once."""
        if not hasattr(self, "_grants"):
            self.know_grants(
                *User.objects.filter(pk=self.pk).values_list(grants_of("pk"), flat=True)
            )
        return self._grants

    def know_grants(self, rows: list[dict[str, object]]) -> None:
        """Take over roles that were read together with the person."""
        self._grants = read_grants(rows)

    @property
    def role_names(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    @property
    def sees_money(self) -> bool:
        """Whether prices, totals and balances are shown to this person."""
        return self.is_superuser or any(
            "core.see_money" in grant.permissions for grant in self.grants
        )
