"""Who uses the system."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models

if TYPE_CHECKING:
    from django.db.models import Manager


class User(AbstractUser):
    """A person who works here. Warehouses name their staff and customers their rep: that is the person's scope."""

    if TYPE_CHECKING:
        warehouses: "Manager[models.Model]"
        customers: "Manager[models.Model]"

    def has_role(self, name: str) -> bool:
        return self.is_superuser or name in self.role_names

    @property
    def role_names(self) -> frozenset[str]:
        if not hasattr(self, "_role_names"):
            self._role_names = frozenset(self.groups.values_list("name", flat=True))
        return self._role_names

    def know_roles(self, names: Iterable[str]) -> None:
        """Take over roles that were read together with the person."""
        self._role_names = frozenset(names)

    @property
    def sees_everything(self) -> bool:
        """Whether no row scope applies: managers, accountants, buyers and superusers."""
        return self.is_superuser or bool(self.role_names & {"manager", "accountant", "buyer"})

    @property
    def sees_money(self) -> bool:
        """Pickers and packers never see prices, totals or balances."""
        return self.is_superuser or bool(self.role_names & {"manager", "accountant", "buyer", "rep"})
