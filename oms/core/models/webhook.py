"""Who is called when something happens, and how the calls went."""

import base64
import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core.models.checked import AddressField, EventNameField
from oms.core.models.company import Company
from oms.core.models.event import Event


def new_secret() -> str:
    """A secret as the Standard Webhooks scheme writes it: 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookEndpoint(models.Model):
    """An address that is told of a company's events, as far as its person may see them."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="webhooks")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="webhooks",
        help_text=_("Events are limited to what this user can see."),
    )
    url = AddressField(_("URL"), max_length=500)
    events = ArrayField(
        EventNameField(max_length=40),
        default=list,
        blank=True,
        help_text=_("Event types, for example order.confirmed or order.*. Leave empty for all."),
    )
    secret = models.CharField(max_length=80, default=new_secret, editable=False)
    old_secret = models.CharField(max_length=80, blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=120, blank=True, editable=False)
    position = models.BigIntegerField(
        default=0,
        editable=False,
        help_text=_("Position of the last event queued for this endpoint."),
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """An event's way to an endpoint: delivered, to be tried again, or given up."""

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="webhook_deliveries")
    subject = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event"], name="one_delivery_per_endpoint")
        ]
        indexes = [
            models.Index(fields=["next_at"], condition=~models.Q(next_at=None), name="webhook_due"),
            models.Index(
                fields=["endpoint", "subject", "event"],
                condition=~models.Q(next_at=None),
                name="webhook_waiting_of_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class WebhookAttempt(models.Model):
    """One call: what was answered, and how long it took."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(null=True)
    response = models.CharField(max_length=500, blank=True)
    took_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)

    def __str__(self) -> str:
        return f"{self.status or gettext('no response')} at {self.at:%Y-%m-%d %H:%M:%S}"
