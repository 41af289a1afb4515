"""What lies where, and the ledger of how it came there."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Func, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Greatest, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inventory.models.share import StockShare
from inventory.models.sku import SKU, Lot
from inventory.models.warehouse import Bin, Warehouse
from inventory.planners.shelf_life import Layers
from oms.core.locking import LockRank
from oms.core.models.money import UnitPriceField


class StockQuerySet(models.QuerySet["Stock"]):
    def with_free(self) -> "StockQuerySet":
        """With what can be promised (`free`): sellable, not reserved, and of no lot that expired in its warehouse."""
        local = Func(
            F("bin__warehouse__time_zone"),
            Value(timezone.now()),
            function="timezone",
            output_field=models.DateTimeField(),
        )
        expired = (
            BinStock.objects.filter(
                sku=OuterRef("sku"),
                bin__warehouse=OuterRef("warehouse"),
                bin__is_sellable=True,
                lot__expires_on__lt=Cast(local, models.DateField()),
            )
            .order_by()
            .values("sku")
            .annotate(total=Sum(F("on_hand") - F("allocated")))
            .values("total")
        )
        return self.annotate(
            free=Greatest(F("sellable") - F("reserved") - Coalesce(Subquery(expired), 0), 0)
        )

    def promised_by(self, *companies: int) -> Self:
        """What companies (by their keys) can promise, in warehouses that are open: their own and what others share."""
        shared = StockShare.objects.open(companies).values("supplying")
        return self.filter(
            Q(warehouse__company__in=companies) | Q(warehouse__company__in=shared),
            warehouse__is_active=True,
        )


class Stock(models.Model):
    """A SKU in a warehouse, in base units: all of it, what can be sold, and what is reserved for orders and
    unpicked.
    """

    class Level(models.TextChoices):
        OK = "", _("enough")
        LOW = "low", _("low")
        OUT = "out", _("out")

    lock_rank = LockRank.STOCK

    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="stock")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="stock")
    on_hand = models.IntegerField(default=0)
    sellable = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    average_cost = UnitPriceField()
    told = models.CharField(
        max_length=3, choices=Level, default=Level.OK, db_default="", blank=True, editable=False
    )

    objects = StockQuerySet.as_manager()

    class Meta:
        verbose_name_plural = _("stock")
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "warehouse"], name="one_stock_per_sku_and_warehouse"
            ),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reserved_is_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("sellable")), name="reserved_is_on_hand"
            ),
            models.CheckConstraint(
                condition=Q(sellable__lte=F("on_hand")), name="sellable_is_on_hand"
            ),
        ]

    layers: Layers | None = None  # by expiry date, where `shelf_life` attached them
    min_life_days = 0

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse}"

    @property
    def available(self) -> int:
        """What can still be promised; of lots that expire, what lives long enough."""
        free = self.sellable - self.reserved
        return free if self.layers is None else min(free, self.layers.available(self.min_life_days))


class BinStock(models.Model):
    """A SKU (and lot) in a bin, and how much of it is allocated to picks."""

    lock_rank = LockRank.BIN_STOCK

    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="bin_stock")
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, related_name="stock")
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="bin_stock"
    )
    on_hand = models.IntegerField(default=0)
    allocated = models.IntegerField(default=0)
    is_serial = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name_plural = _("bin stock")
        constraints = [
            models.UniqueConstraint(
                fields=["sku", "bin", "lot"], nulls_distinct=False, name="one_row_per_sku_bin_lot"
            ),
            models.CheckConstraint(condition=Q(allocated__gte=0), name="allocated_is_not_negative"),
            models.CheckConstraint(
                condition=Q(allocated__lte=F("on_hand")), name="allocated_is_in_the_bin"
            ),
            models.CheckConstraint(
                condition=Q(is_serial=False) | Q(on_hand__lte=1), name="serial_is_one_piece"
            ),
            models.UniqueConstraint(
                fields=["lot"],
                condition=Q(is_serial=True, on_hand__gt=0),
                name="serial_in_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.lot} in {self.bin}" if self.lot else f"{self.sku} in {self.bin}"


class Move(models.Model):
    """A line of the ledger: a quantity that went from one place to another. Never changed; corrected by a new line."""

    class Reason(models.TextChoices):
        OPENING = "opening", _("opening stock")
        RECEIPT = "receipt", _("receipt")
        PUT_AWAY = "put_away", _("put away")
        MOVE = "move", _("bin move")
        PICK = "pick", _("picked")
        PUT_BACK = "put_back", _("put back")
        SHIP = "ship", _("shipped")
        MISSING = "missing", _("missing")
        COUNT = "count", _("count adjustment")
        ADJUST = "adjust", _("manual adjustment")
        DAMAGE = "damage", _("damaged")
        EXPIRED = "expired", _("expired")
        TRANSFER = "transfer", _("transferred")
        RETURN = "return", _("returned")
        SCRAP = "scrap", _("scrapped")
        SEND_BACK = "send_back", _("sent back to the supplier")

    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="moves")
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="moves"
    )
    source = models.ForeignKey(
        Bin, on_delete=models.PROTECT, related_name="+", verbose_name=_("from bin")
    )
    target = models.ForeignKey(
        Bin, on_delete=models.PROTECT, related_name="+", verbose_name=_("to bin")
    )
    quantity = models.PositiveIntegerField()
    unit_cost = UnitPriceField()
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=40, blank=True, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="move_quantity_is_positive"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="move_goes_somewhere"),
        ]
        indexes = [
            models.Index(fields=["sku", "-id"], name="moves_of_sku"),
            BrinIndex(fields=["at"], name="moves_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku} {self.source} → {self.target}"
