"""Programs that call the API, and the tokens that they show."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

AREAS = (
    "customers",
    "catalog",
    "stock",
    "orders",
    "shipments",
    "invoices",
    "returns",
    "events",
    "webhooks",
)
SCOPES = tuple(f"{area}:{right}" for area in AREAS for right in ("read", "write"))


def every_scope() -> list[str]:
    return list(SCOPES)


class ApiClient(models.Model):
    """A program that acts for a person: it may do what they may, as far as its scopes go."""

    name = models.CharField(max_length=80, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="api_clients",
        help_text=_("Acts with this user's roles and access."),
    )
    scopes = ArrayField(models.CharField(max_length=24), default=every_scope)
    calls_per_minute = models.PositiveIntegerField(default=600)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("API client")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A client's secret, kept as its hash. Two may be valid at once, so that one can be changed without a gap."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(
        max_length=12, editable=False, help_text=_("First characters of the token.")
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("API token")

    def __str__(self) -> str:
        return f"{self.hint}…"
