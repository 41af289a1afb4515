"""Buying more: purchase orders and reorder rules."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.models.sku import SKU
from inventory.models.warehouse import Warehouse
from inventory.purchasing.models.supplier import Supplier
from oms.core.locking import LockRank
from oms.core.models import Company, Document
from oms.core.models.coded import CurrencyField
from oms.core.models.money import UnitPriceField
from oms.core.numbering import number_field

OTHER_COMPANY = _("This warehouse belongs to another company. Choose one of the company that buys.")


class PurchaseOrder(Document):
    """An order to a supplier, for one warehouse."""

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        SENT = "sent", _("sent")
        CLOSED = "closed", _("closed")
        CANCELED = "canceled", _("canceled")

    TRANSITIONS = {
        Status.PROPOSED: (Status.APPROVED, Status.CANCELED),
        Status.APPROVED: (Status.SENT, Status.CANCELED),
        Status.SENT: (Status.CLOSED, Status.CANCELED),
        Status.CLOSED: (Status.SENT,),
    }
    OPEN = (Status.PROPOSED, Status.APPROVED, Status.SENT)
    lock_rank = LockRank.SUPPLY
    subject_type = "purchase_order"

    number = number_field("PO")
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="orders")
    warehouse = models.ForeignKey(
        Warehouse, on_delete=models.PROTECT, related_name="purchase_orders"
    )
    status = models.CharField(
        max_length=10, choices=Status, default=Status.PROPOSED, editable=False
    )
    currency = CurrencyField()
    expected_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["status", "warehouse"], name="purchase_order_by_status")]

    def clean(self) -> None:
        """A company buys for its own warehouses."""
        super().clean()
        if self.company_id and self.warehouse_id and self.warehouse.company_id != self.company_id:
            raise ValidationError({"warehouse": OTHER_COMPANY})


class PurchaseLine(models.Model):
    """A SKU on a purchase order, in base units."""

    order = models.ForeignKey(PurchaseOrder, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="purchase_lines")
    quantity = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0, editable=False)
    damaged = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("Damaged units included in the quantity received.")
    )
    returned = models.PositiveIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text=_("Sent back to the supplier, of the received ones."),
    )
    replacing = models.PositiveIntegerField(
        _("to be replaced"),
        default=0,
        db_default=0,
        editable=False,
        help_text=_("Of the returned ones, how many the supplier sends again."),
    )
    unit_cost = UnitPriceField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(returned__lte=F("received")), name="returned_goods_were_received"
            ),
            models.CheckConstraint(
                condition=Q(replacing__lte=F("returned")), name="replaced_goods_were_returned"
            ),
            models.UniqueConstraint(fields=["order", "sku"], name="sku_once_per_purchase_order"),
            models.CheckConstraint(
                condition=Q(damaged__lte=F("received")), name="damaged_goods_were_received"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def due(self) -> int:
        """What the supplier sends in all: what was ordered, and what replaces goods that went back."""
        return self.quantity + self.replacing

    @property
    def outstanding(self) -> int:
        return max(0, self.due - self.received)


class ReorderRule(models.Model):
    """When to buy a SKU for a warehouse (at or below the point) and up to how much (the target)."""

    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="reorder_rules")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.CASCADE, related_name="reorder_rules")
    point = models.PositiveIntegerField(_("reorder point"))
    target = models.PositiveIntegerField(_("order-up-to level"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "warehouse"], name="one_rule_per_sku_and_warehouse"
            ),
            models.CheckConstraint(
                condition=Q(target__gte=F("point")), name="target_is_not_below_point"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse}: {self.point} → {self.target}"
