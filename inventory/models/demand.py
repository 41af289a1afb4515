"""What is promised: demand, and the stock that is reserved for it."""

import uuid
from typing import Self

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inventory.models.share import StockShare
from inventory.models.sku import SKU, Lot
from inventory.models.warehouse import Bin, Warehouse
from oms.core.locking import LockRank
from oms.core.models import Company
from oms.core.models.coded import CountryField
from oms.core.models.company import BusinessDay


class DemandQuerySet(models.QuerySet["Demand"]):
    def due(self) -> Self:
        """What reserves stock by now, not on a later day."""
        return self.filter(Q(reserve_from=None) | Q(reserve_from__lte=BusinessDay("company")))

    def waiting(self) -> Self:
        """What wants stock now and has none."""
        return self.due().filter(unreserved__gt=0)


class Demand(models.Model):
    """Base units of a SKU that a document's line wants, and how far they are. A kit is one demand per component.

    `quantity` − reserved − picked − shipped is still unreserved. Lower priority numbers are served first, then older
    ones.
    """

    lock_rank = LockRank.DEMAND

    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Whose stock it is served from."),
    )
    document = models.CharField(max_length=40)
    line = models.BigIntegerField()
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="demands")
    per_unit = models.PositiveIntegerField(default=1)
    is_component = models.BooleanField(default=False)
    quantity = models.IntegerField()
    reserved = models.IntegerField(default=0)
    picked = models.IntegerField(default=0)
    shipped = models.IntegerField(default=0)
    unreserved = models.GeneratedField(
        expression=F("quantity") - F("reserved") - F("picked") - F("shipped"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    can_backorder = models.BooleanField(default=False)
    priority = models.PositiveSmallIntegerField(default=100)
    requested_on = models.DateField(null=True)
    min_life_days = models.PositiveSmallIntegerField(default=0, db_default=0)
    reserve_from = models.DateField(null=True, help_text=_("Until this day it reserves nothing."))
    ship_country = CountryField()
    ship_postal_code = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = DemandQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "line", "sku"], name="one_demand_per_line_and_sku"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("reserved") + F("picked") + F("shipped")),
                name="demand_is_not_exceeded",
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, picked__gte=0, shipped__gte=0),
                name="demand_progress_is_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sku", "priority", "id"],
                condition=Q(unreserved__gt=0),
                name="demand_waiting",
            ),
            models.Index(
                fields=["reserve_from"],
                condition=Q(unreserved__gt=0, reserve_from__isnull=False),
                name="demand_reserving_later",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku} for {self.document}"


class Reservation(models.Model):
    """Stock set aside for a demand: reserved in a warehouse, allocated to a bin, picked to staging, shipped; or
    unreserved.

    What has one `bundle` was reserved together and leaves together: the parts of a kit, and whatever is cut off a row.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        ALLOCATED = "allocated", _("allocated to bin")
        PICKED = "picked", _("picked")
        SHIPPED = "shipped", _("shipped")
        UNRESERVED = "unreserved", _("unreserved")

    class PutBackReason(models.TextChoices):
        NO = "", _("no")
        CANCEL = "cancel", _("canceled")
        RELEASE = "release", _("moved to another warehouse")
        ASKED = "asked", _("asked to be canceled")

    lock_rank = LockRank.RESERVATION

    demand = models.ForeignKey(Demand, on_delete=models.PROTECT, related_name="reservations")
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.RESERVED)
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, related_name="+")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, related_name="+")
    put_back_reason = models.CharField(
        max_length=7, choices=PutBackReason, default=PutBackReason.NO, blank=True
    )
    is_entrusted = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text=_("A partner has taken it on; only they can stop it."),
    )
    bundle = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    share = models.ForeignKey(
        StockShare,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
        help_text=_("Under which another company's stock was promised."),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="reservation_quantity_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["reserved", "unreserved"], bin=None)
                | Q(state__in=["allocated", "picked", "shipped"], bin__isnull=False),
                name="reservation_has_a_bin_once_allocated",
            ),
            models.CheckConstraint(
                condition=Q(put_back_reason="")
                | Q(put_back_reason__in=["cancel", "release"], state="picked")
                | Q(
                    put_back_reason="asked", state__in=["reserved", "unreserved"], is_entrusted=True
                ),
                name="only_picked_or_entrusted_stock_stops",
            ),
        ]
        indexes = [
            models.Index(
                fields=["sku", "warehouse"],
                condition=Q(state__in=["reserved", "allocated"]),
                name="reservation_unpicked",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku} {self.state} in {self.warehouse}"
