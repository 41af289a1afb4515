"""Orders as channels know them, and what is told back about them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.models.money import AmountField
from oms.core.secrets import SealedField
from orders.channels.connectors import Stage
from orders.models import Channel, Order, OrderLine


class ChannelOrder(models.Model):
    """An order of a channel, and ours that it became. What the channel answered is kept, encrypted, until a day."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="channel_orders")
    external_id = models.CharField(max_length=80)
    number = models.CharField(max_length=80)
    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, related_name="channel_order"
    )
    state = models.CharField(max_length=40)  # as the channel calls it
    stage = models.CharField(max_length=10, choices=[(each.value, each.value) for each in Stage])
    fingerprint = models.CharField(max_length=64)
    is_open = models.BooleanField(default=True)  # it is read again each hour
    placed_at = models.DateTimeField()
    looked_at = models.DateTimeField()
    ship_by = models.DateTimeField(null=True)
    link = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=80, blank=True)
    partner = models.CharField(max_length=80, blank=True)
    gross = AmountField(db_default=0)  # what the buyer pays in all, as it was taken over last
    tax_remitted = AmountField()
    gift_message = models.TextField(blank=True)
    raw = SealedField()
    raw_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="channel_order_once_per_channel"
            )
        ]
        indexes = [
            models.Index(
                fields=["channel", "looked_at"],
                condition=Q(is_open=True),
                name="channel_orders_open",
            ),
            models.Index(fields=["channel", "placed_at"], name="channel_orders_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.channel})"


class ChannelLine(models.Model):
    """A line of a channel's order, and ours that it became; of an edited order the newest."""

    channel_order = models.ForeignKey(ChannelOrder, on_delete=models.CASCADE, related_name="lines")
    external_id = models.CharField(max_length=80)
    variant = models.CharField(max_length=80, blank=True)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, null=True, related_name="+")
    quantity = models.PositiveIntegerField()  # as it was taken over last, in listed pieces
    factor = models.PositiveIntegerField(default=1)
    net = AmountField()  # of all its pieces, as it was taken over last
    tax = AmountField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel_order", "external_id"], name="line_once_per_channel_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} of {self.channel_order}"


class ChannelCall(models.Model):
    """What a channel is told of an order: written first, then said, then recorded.

    After an unknown outcome it is asked what became of it, before it is said again.
    """

    class Kind(models.TextChoices):
        SHIP = "ship", _("shipment")
        CANCEL = "cancel", _("cancellation")
        REFUND = "refund", _("refund")

    class State(models.TextChoices):
        ASKED = "asked", _("to be told")
        CALLED = "called", _("being told")
        PENDING = "pending", _("being processed there")
        DONE = "done", _("told")
        FAILED = "failed", _("refused")

    channel_order = models.ForeignKey(ChannelOrder, on_delete=models.PROTECT, related_name="calls")
    kind = models.CharField(max_length=8, choices=Kind)
    key = models.CharField(max_length=80, unique=True)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    reference = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, auto_now_add=True)
    error = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=~Q(next_at=None), name="channel_calls_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"
