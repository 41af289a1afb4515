"""Orders: what was agreed, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from inventory.sourcing import Destination, Wanted
from oms.core.locking import LockRank
from oms.core.models import Company, Document
from oms.core.models.coded import CountryField, CurrencyField
from oms.core.models.money import AmountField, UnitPriceField
from oms.core.numbering import number_field
from orders.models.channel import Channel
from orders.models.customer import Customer
from orders.models.tax import TaxRate


def origin_field(help_text: Any) -> "models.CharField[str, str]":
    """The code of a place (`planners.places`)."""
    return models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False, help_text=help_text
    )


class Order(Document):
    """What a customer ordered through a channel. A quote is an order with `valid_until`."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        QUOTED = "quoted", _("quoted")
        PLACED = "placed", _("placed")
        CONFIRMED = "confirmed", _("confirmed")
        COMPLETED = "completed", _("completed")
        CANCELED = "canceled", _("canceled")

    TRANSITIONS = {
        Status.DRAFT: (Status.QUOTED, Status.PLACED, Status.CANCELED),
        Status.QUOTED: (Status.PLACED, Status.DRAFT, Status.CANCELED),
        Status.PLACED: (Status.CONFIRMED, Status.CANCELED),
        Status.CONFIRMED: (Status.COMPLETED, Status.CANCELED),
    }
    lock_rank = LockRank.ORDER
    subject_type = "order"
    lock_select_related = ("channel", "customer", "company")

    number = number_field("SO")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    external_id = models.CharField(max_length=80, null=True, blank=True)
    customer_reference = models.CharField(max_length=80, blank=True)
    note = models.TextField(blank=True)
    bill_to = models.JSONField(default=dict)
    ship_to = models.JSONField(default=dict)
    ship_country = CountryField(blank=True)
    origin = origin_field(
        _(
            "Where its goods are expected to leave from, as VAT law divides the world; empty: the "
            "company's address."
        )
    )
    currency = CurrencyField()
    prices_include_tax = models.BooleanField(default=False)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=1)
    priority = models.PositiveSmallIntegerField(default=100)
    requested_on = models.DateField(null=True, blank=True)
    ship_complete = models.BooleanField(
        null=True,
        blank=True,
        choices=[(None, _("as the customer")), (True, _("yes")), (False, _("no"))],
        help_text=_("Nothing leaves until everything ordered is in stock."),
    )
    valid_until = models.DateField(null=True, blank=True)
    placed_on = models.DateField(null=True, editable=False)
    is_imported = models.BooleanField(default=False, editable=False)
    is_as_sold = models.BooleanField(
        _("amounts of the channel"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_(
            "Its amounts and taxes are those that the buyer paid; nothing is priced or taxed again."
        ),
    )
    net = AmountField(editable=False)
    tax = AmountField(editable=False)
    gross = AmountField(editable=False)
    units = models.IntegerField(_("quantity"), default=0, editable=False)
    canceled = models.IntegerField(default=0, editable=False)
    reserved = models.IntegerField(default=0, editable=False)
    picked = models.IntegerField(default=0, editable=False)
    shipped = models.IntegerField(default=0, editable=False)
    invoiced = models.IntegerField(default=0, editable=False)
    returned = models.IntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="one_order_per_external_id"
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="order_gross_is_net_and_tax"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="orders_of_customer"),
            models.Index(fields=["status", "-id"], name="orders_by_status"),
            models.Index(fields=["channel", "-id"], name="orders_of_channel"),
            BrinIndex(fields=["placed_on"], name="orders_by_day"),
            models.Index(
                fields=["external_id"], condition=~Q(external_id=None), name="orders_by_external_id"
            ),
            models.Index(
                fields=["customer_reference"],
                condition=~Q(customer_reference=""),
                name="orders_by_reference",
            ),
        ]

    @property
    def order_number(self) -> str:
        return str(self.number)

    @property
    def known_as(self) -> str:
        """What others call it: its external number, else ours."""
        return self.external_id or self.order_number

    @property
    def ships_complete(self) -> bool:
        """Whether nothing leaves until all of it is reserved: as the order says, else its customer."""
        return self.customer.ship_complete if self.ship_complete is None else self.ship_complete

    @property
    def destination(self) -> Destination:
        return Destination(self.ship_to.get("country", ""), self.ship_to.get("postal_code", ""))

    def demands(self, lines: "Sequence[OrderLine]") -> list[Wanted]:
        """What the lines want of the stock."""
        return [
            Wanted(line.pk, line.sku, line.open_quantity) for line in lines if line.open_quantity
        ]


class OrderLine(models.Model):
    """A SKU on an order. Its amounts are for the whole `quantity`; what part of it is where, its quantities tell."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="order_lines")
    description = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField()
    unit_price = UnitPriceField(  # type: ignore[misc]
        null=True,
        blank=True,
        default=None,
        validators=[MinValueValidator(0)],
        help_text=_("Leave empty to use the customer's price."),
    )
    price_source = models.CharField(max_length=80, blank=True, editable=False)
    has_manual_price = models.BooleanField(default=False, editable=False)
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0, editable=False)
    tax_category = models.CharField(
        max_length=2, choices=TaxRate.Category, default="S", editable=False
    )
    tax_note = models.CharField(max_length=200, blank=True, editable=False)
    origin = origin_field(
        _("Where its goods leave from, by which it is taxed; empty: the company's address.")
    )
    included_percent = models.DecimalField(
        _("tax taken out of the price (%)"),
        max_digits=6,
        decimal_places=3,
        default=0,
        db_default=0,
        editable=False,
    )
    net = AmountField(editable=False)
    tax = AmountField(editable=False)
    gross = AmountField(editable=False)
    canceled = models.PositiveIntegerField(default=0, editable=False)
    reserved = models.PositiveIntegerField(default=0, editable=False)
    picked = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.PositiveIntegerField(default=0, editable=False)
    invoiced = models.PositiveIntegerField(default=0, editable=False)
    returned = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="position_once_per_order"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_is_positive"),
            models.CheckConstraint(
                condition=Q(shipped__lte=F("quantity") - F("canceled")),
                name="shipped_is_not_more_than_ordered",
            ),
            models.CheckConstraint(
                condition=Q(invoiced__lte=F("quantity")), name="invoiced_is_not_more_than_ordered"
            ),
            models.CheckConstraint(
                condition=Q(returned__lte=F("shipped")), name="returned_is_not_more_than_shipped"
            ),
            models.CheckConstraint(
                condition=Q(canceled__lte=F("quantity")), name="canceled_is_not_more_than_ordered"
            ),
            models.CheckConstraint(
                condition=Q(picked__gte=F("shipped"), reserved__gte=F("picked")),
                name="goods_are_reserved_then_picked_then_shipped",
            ),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100),
                name="line_discount_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="line_gross_is_net_and_tax"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def currency(self) -> str:
        return self.order.currency

    @property
    def billed_price(self) -> Decimal | None:
        """The price as it is billed: without the tax that a list has in it and this buyer doesn't pay."""
        if self.unit_price is None or not self.included_percent:
            return self.unit_price
        return round(self.unit_price * 100 / (100 + self.included_percent), 4)

    @property
    def open_quantity(self) -> int:
        """What is still wanted and not shipped."""
        return self.quantity - self.canceled - self.shipped


@dataclass(frozen=True)
class ChargePart:
    """The part of a charge that is taxed at a rate; its amount is in the order's price mode."""

    amount: Decimal
    tax_percent: Decimal
    tax_category: str
    tax_note: str
    net: Decimal
    tax: Decimal
    gross: Decimal

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, row: dict[str, str]) -> "ChargePart":
        texts = ("tax_category", "tax_note")
        values: dict[str, Any] = {
            name: value if name in texts else Decimal(value) for name, value in row.items()
        }
        return cls(**values)


class OrderCharge(models.Model):
    """Freight, a fee, or an allowance (negative) on an order. Billed once, with the first invoice."""

    class Kind(models.TextChoices):
        FREIGHT = "freight", _("freight")
        FEE = "fee", _("fee")
        ALLOWANCE = "allowance", _("allowance")
        REMINDER = "reminder", _("reminder fee")
        DAMAGE = "damage", _("compensation for damage")

    COMPENSATION = (Kind.REMINDER, Kind.DAMAGE)  # it carries no VAT

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="charges")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FREIGHT)
    description = models.CharField(max_length=120)
    amount = AmountField(
        help_text=_(
            "Before or after tax, like the order's prices. Enter allowances as negative amounts."
        )
    )
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0, editable=False)
    tax_category = models.CharField(
        max_length=2, choices=TaxRate.Category, default="S", editable=False
    )
    tax_note = models.CharField(max_length=200, blank=True, db_default="", editable=False)
    origin = origin_field(
        _("Where the goods leave from whose taxes it follows; empty: the company's address.")
    )
    net = AmountField(editable=False)
    tax = AmountField(editable=False)
    gross = AmountField(editable=False)
    taxes = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        editable=False,
        help_text=_("The charge by tax rate, where it follows the goods' rates."),
    )
    is_invoiced = models.BooleanField(default=False, editable=False)
    is_canceled = models.BooleanField(default=False, editable=False)
    replaces = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="+",
        help_text=_(
            "The billed allowance that is credited, because it was more than what was kept."
        ),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="charge_gross_is_net_and_tax"
            )
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def parts(self) -> list[ChargePart]:
        """The charge by tax rate."""
        if self.taxes:
            return [ChargePart.from_json(row) for row in self.taxes]
        return [
            ChargePart(
                self.amount,
                self.tax_percent,
                self.tax_category,
                self.tax_note,
                self.net,
                self.tax,
                self.gross,
            )
        ]

    @property
    def currency(self) -> str:
        return self.order.currency


class OrderHold(models.Model):
    """Why an order must wait; while one is not lifted, the order isn't confirmed and none of its goods leave."""

    class Kind(models.TextChoices):
        CREDIT = "credit", _("credit limit")
        ADDRESS = "address", _("address")
        PAYMENT = "payment", _("payment")
        FRAUD = "fraud", _("fraud check")
        TAX = "tax", _("tax")
        PENDING = "pending", _("pending in the channel")
        OVERSOLD = "oversold", _("oversold")
        ITEM = "item", _("unknown item")
        AMOUNTS = "amounts", _("amounts differ")
        STATE = "state", _("state of the channel")
        CHANGED = "changed", _("changed in the channel")
        MANUAL = "manual", _("Manual")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="holds")
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=200)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    placed_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=Q(released_at=None),
                name="one_open_hold_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reason}"
