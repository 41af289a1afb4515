"""What people may do, and with which rows: roles, made of Django's groups and permissions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Value
from django.db.models.functions import Concat, JSONObject
from django.utils.translation import gettext_lazy as _


class Reach(models.TextChoices):
    """Whose rows a role's permissions hold for."""

    EVERYTHING = "everything", _("everything")
    COMPANIES = "companies", _("own companies")
    CUSTOMERS = "customers", _("own customers")
    WAREHOUSES = "warehouses", _("own warehouses")


class OutsideReach(StrEnum):
    """Whose rows an actor that is no user reaches: those of the one record to which it is tied."""

    ORDER = "order"
    CHANNEL = "channel"


class Role(Group):
    """A group whose permissions hold within a reach. Built-in roles follow the program; a copy can be changed."""

    description = models.CharField(max_length=200, blank=True)
    reach = models.CharField(max_length=10, choices=Reach, default=Reach.WAREHOUSES)
    is_built_in = models.BooleanField(default=False, editable=False)

    objects: ClassVar["models.Manager[Role]"] = models.Manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name"]


@dataclass(frozen=True)
class Grant:
    """A person's role: its permissions (as `app.codename`), and the rows for which they hold."""

    role: str
    reach: str
    permissions: frozenset[str]


def grants_of(user: str) -> ArraySubquery:
    """The roles of the user to whose key a lookup leads, each with its reach and permissions."""
    codes = (
        Permission.objects.filter(group=OuterRef("pk"))
        .order_by()
        .annotate(code=Concat("content_type__app_label", Value("."), "codename"))
        .values("code")
    )
    row = JSONObject(role=F("name"), reach=F("role__reach"), permissions=ArraySubquery(codes))
    return ArraySubquery(
        Group.objects.filter(user=OuterRef(user)).order_by().annotate(grant=row).values("grant")
    )


def read_grants(rows: list[dict[str, Any]]) -> tuple[Grant, ...]:
    """Grants as `grants_of` selects them. A group without a role grants nothing."""
    return tuple(
        Grant(row["role"], row["reach"] or "", frozenset(row["permissions"])) for row in rows
    )
