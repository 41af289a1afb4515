"""Our accounts with shops and marketplaces."""

import json
import secrets as random
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from oms.core import secrets
from oms.core.locking import LockRank
from oms.core.secrets import SealedField
from orders.channels.connectors import Account
from orders.models import Channel, Customer


def new_door() -> str:
    """A path that nobody guesses: 128 random bits."""
    return random.token_urlsafe(16)


class ChannelAccount(models.Model):
    """The account of a channel with its provider: where it is, what we may do, and which way what goes."""

    class LastUnits(models.TextChoices):
        PRIORITY = "priority", _("the channel with the lowest preference number")
        MARGIN = "margin", _("the channel that leaves most of the price")

    lock_rank = LockRank.CHANNEL

    channel = models.OneToOneField(Channel, on_delete=models.PROTECT, related_name="account")
    provider = models.CharField(max_length=30)
    address = models.CharField(
        max_length=200,
        blank=True,
        help_text=_("The shop's address, such as https://shop.example.com."),
    )
    version = models.CharField(_("API version"), max_length=20, blank=True, editable=False)
    sealed = SealedField(editable=False)
    settings = models.JSONField(default=dict, blank=True)
    stages = models.JSONField(
        _("states"),
        default=dict,
        blank=True,
        help_text=_("What the shop's own states mean here. States that aren't listed go on hold."),
    )
    warehouses = models.ManyToManyField(
        Warehouse,
        blank=True,
        related_name="+",
        help_text=_("Whose stock is shown there. Empty: all warehouses of the company."),
    )
    guest = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer for guests"),
        help_text=_("Under whom orders of buyers without an account are entered."),
    )
    door = models.CharField(max_length=40, default=new_door, unique=True, editable=False)
    subscriptions = models.JSONField(default=list, editable=False)
    pulls_orders = models.BooleanField(_("import orders"), default=True)
    pushes_stock = models.BooleanField(_("publish stock"), default=True)
    tells_back = models.BooleanField(_("report shipments, cancellations and refunds"), default=True)
    notifies_buyer = models.BooleanField(
        default=False,
        help_text=_("The shop emails buyers about shipments, cancellations and refunds."),
    )
    confirms = models.BooleanField(
        _("confirm automatically"),
        default=True,
        help_text=_("Orders without a hold are confirmed as they come in."),
    )
    buffer = models.PositiveIntegerField(
        default=0, help_text=_("Units that are kept back from this channel.")
    )
    cap = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The most units that are shown. Empty: no limit.")
    )
    last_units = models.PositiveIntegerField(
        default=0,
        help_text=_(
            "When so many units or fewer are left, only one channel shows them. 0: all channels do."
        ),
    )
    last_units_by = models.CharField(max_length=8, choices=LastUnits, default=LastUnits.PRIORITY)
    preference = models.PositiveSmallIntegerField(
        default=100, help_text=_("Lower numbers show the last units first.")
    )
    cursor = models.DateTimeField(null=True, editable=False)  # orders changed until here were seen
    pulled_at = models.DateTimeField(null=True, editable=False)  # the last look that went well
    swept_at = models.DateTimeField(null=True, editable=False)  # open orders were read again
    compared_at = models.DateTimeField(null=True, editable=False)  # all quantities were read
    pull_at = models.DateTimeField(null=True, editable=False)  # the next look
    wait_until = models.DateTimeField(null=True, editable=False)  # throttled
    token_ends_at = models.DateTimeField(null=True, editable=False)
    authorized_until = models.DateTimeField(null=True, editable=False)  # by a person, once more
    pushing_until = models.DateTimeField(null=True, editable=False)  # the lease of its one sender
    bulk_at = models.DateTimeField(null=True, editable=False)  # the next request of many quantities
    stock_wait_until = models.DateTimeField(null=True, editable=False)
    tokens = models.FloatField(default=0, editable=False)  # requests of stock that it may make now
    tokens_at = models.DateTimeField(null=True, editable=False)
    differences = models.JSONField(default=list, editable=False)  # that the last comparison found
    failures = models.PositiveIntegerField(default=0, editable=False)  # looks in a row that failed
    trouble = models.CharField(max_length=300, blank=True, editable=False)
    troubled_at = models.DateTimeField(null=True, editable=False)
    stopped_at = models.DateTimeField(null=True, editable=False)  # until a person connects it again
    connected_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["channel__code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(connected_at=None)
                | Q(sealed__isnull=False)
                | Q(stopped_at__isnull=False),
                name="connected_account_has_credentials",
            )
        ]

    def __str__(self) -> str:
        return str(self.channel)

    @property
    def credentials(self) -> dict[str, str]:
        """The secrets of the account. Raises KeyLost."""
        known: dict[str, str] = json.loads(secrets.unseal(self.sealed)) if self.sealed else {}
        return known

    @credentials.setter
    def credentials(self, values: dict[str, str]) -> None:
        self.sealed = secrets.seal(json.dumps(values)) if values else None

    @property
    def is_running(self) -> bool:
        """Whether it is connected, and no person must look at it first."""
        return self.connected_at is not None and self.stopped_at is None

    def plain(self) -> Account:
        """What its connector is told. Raises KeyLost."""
        return Account(
            self.address, self.credentials, self.settings, self.version, self.notifies_buyer
        )


class ChannelLocation(models.Model):
    """A place of a shop that has stock of its own, and the warehouse of ours that it stands for."""

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="locations")
    external_id = models.CharField(max_length=80)
    name = models.CharField(max_length=120, blank=True)
    warehouse = models.ForeignKey(
        Warehouse,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: its stock isn't set by us."),
    )

    class Meta:
        ordering = ["name", "external_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "external_id"], name="location_once_per_account"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.external_id


class ChannelSignal(models.Model):
    """What a channel told by itself: stored before it is answered, and acted on by a worker."""

    class Kind(models.TextChoices):
        ORDER = "order", _("order")
        LISTING = "listing", _("listing")
        ACCOUNT = "account", _("account")
        ERASURE = "erasure", _("erasure of a buyer")

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="signals")
    kind = models.CharField(max_length=8, choices=Kind)
    external_id = models.CharField(max_length=120, blank=True)
    key = models.CharField(max_length=120, null=True)  # of its delivery
    received_at = models.DateTimeField(auto_now_add=True)
    next_at = models.DateTimeField(null=True, auto_now_add=True)  # None: done
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="signal_once_per_key")
        ]
        indexes = [
            models.Index(
                fields=["account", "id"], condition=~Q(next_at=None), name="signals_that_wait"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


def sealed_json(value: Any) -> bytes:
    """A JSON value, encrypted."""
    return secrets.seal(json.dumps(value, default=str))
