"""What a customer wants to give back."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Document
from oms.core.numbering import number_field
from orders.models import Order, OrderLine


class ReturnRequest(Document):
    """Goods of an order that the customer wants to give back, and what they want for them."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        RECEIVED = "received", _("received")
        INSPECTED = "inspected", _("inspected")
        SETTLED = "settled", _("settled")
        CANCELED = "canceled", _("canceled")

    class Resolution(models.TextChoices):
        REFUND = "refund", _("Refund")
        CREDIT = "credit", _("Store credit")
        EXCHANGE = "exchange", _("Exchange")

    TRANSITIONS = {
        Status.REQUESTED: (Status.APPROVED, Status.REJECTED, Status.CANCELED),
        Status.APPROVED: (Status.RECEIVED, Status.CANCELED),
        Status.RECEIVED: (Status.INSPECTED,),
        Status.INSPECTED: (Status.SETTLED,),
    }
    DEAD = (Status.REJECTED, Status.CANCELED)
    lock_rank = LockRank.SUPPLY
    subject_type = "return"
    lock_select_related = ("order", "warehouse")

    number = number_field("RMA")
    status = models.CharField(
        max_length=10, choices=Status, default=Status.REQUESTED, editable=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="returns")
    resolution = models.CharField(max_length=8, choices=Resolution, default=Resolution.REFUND)
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("return")

    @property
    def order_number(self) -> str:
        return str(self.order.number)


class ReturnLine(models.Model):
    """Units of an order line that come back, why, and what came."""

    class Reason(models.TextChoices):
        DAMAGED = "damaged", _("arrived damaged")
        WRONG = "wrong", _("wrong item")
        UNWANTED = "unwanted", _("no longer wanted")
        FAULTY = "faulty", _("faulty")
        LATE = "late", _("arrived too late")
        OTHER = "other", _("other")

    request = models.ForeignKey(ReturnRequest, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="return_lines")
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.UNWANTED)
    component = models.ForeignKey(
        SKU,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Pieces of this component came back, not whole kits."),
    )
    share_percent = models.DecimalField(
        _("share of the kit's price (%)"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("What one piece of the component is worth."),
    )
    exchange_for = models.ForeignKey(
        SKU, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    good = models.PositiveIntegerField(default=0, editable=False)
    damaged = models.PositiveIntegerField(default=0, editable=False)
    missing = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "order_line", "component"],
                nulls_distinct=False,
                name="order_line_once_per_return",
            ),
            models.CheckConstraint(
                condition=Q(component=None) | Q(share_percent__gte=0, share_percent__lte=100),
                name="component_has_its_share",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="return_quantity_is_positive"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("good") + F("damaged") + F("missing")),
                name="no_more_came_than_was_sent_back",
            ),
        ]

    def __str__(self) -> str:
        part = f"{self.component} of " if self.component_id else ""
        return f"{self.quantity} × {part}{self.order_line.sku}"

    @property
    def sku(self) -> SKU:
        """What comes back: the ordered SKU, or a component of it."""
        return self.component or self.order_line.sku

    @property
    def came(self) -> int:
        return self.good + self.damaged
