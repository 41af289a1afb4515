"""An order of a channel as it is now: what was sold, to whom, and what was paid, given back and shipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from oms.core import money

NOTHING = Decimal(0)


class Stage(StrEnum):
    """What an order's state there means here. A state that isn't known is on hold, never guessed."""

    RESERVE = (
        "reserve"  # sold but not paid or released there: its units are reserved, nothing is shipped
    )
    SHIP = "ship"
    DONE = "done"  # the shop says that it is complete
    CANCELED = "canceled"
    ELSEWHERE = "elsewhere"  # the marketplace ships it from stock of its own: a record of a sale
    HOLD = "hold"


class Paid(StrEnum):
    """How far an order is paid there."""

    NO = "no"
    AUTHORIZED = "authorized"
    PARTLY = "partly"
    YES = "yes"


@dataclass(frozen=True)
class SoldLine:
    """A line as it was sold; amounts are of all its units, after discounts, in the order's currency.

    `quantity`: units that were sold, without those that were edited away; refunded ones count. `refunded`: how many of
    these were refunded, shipped before or not. `id` names the line in requests that ship or refund it. `tax_remitted`:
    tax that the marketplace pays to the authorities itself; it isn't part of `tax`. `is_remitted`: it does so, even
    where it doesn't say how much. `is_tax_unknown`: `net` contains tax that is ours to pay, and the channel doesn't
    name it.
    """

    id: str
    variant: str  # the id of the listing
    quantity: int
    net: Decimal
    tax: Decimal
    sku: str = ""
    barcode: str = ""
    name: str = ""
    unit_price: Decimal | None = None  # before discounts, in the order's price mode
    tax_percent: Decimal | None = None
    tax_remitted: Decimal = NOTHING
    refunded: int = 0
    is_gift_card: bool = False  # sold: nothing is shipped, and it isn't revenue yet
    needs_shipping: bool = True
    note: str = ""  # what the buyer asked for, such as an engraving
    is_remitted: bool = False
    is_tax_unknown: bool = False

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


class ChargeKind(StrEnum):
    """What an order has besides its lines."""

    SHIPPING = "shipping"
    FEE = "fee"
    TIP = "tip"
    DUTY = "duty"
    GIFT_WRAP = "gift_wrap"
    DISCOUNT = "discount"  # of the whole order, where it isn't shared among the lines; below zero
    ROUNDING = "rounding"


@dataclass(frozen=True)
class SoldCharge:
    """Shipping, a fee and the like, after discounts."""

    kind: ChargeKind
    description: str
    net: Decimal
    tax: Decimal = NOTHING
    tax_percent: Decimal | None = None
    tax_remitted: Decimal = NOTHING
    id: str = ""
    is_remitted: bool = False
    is_tax_unknown: bool = False

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


@dataclass(frozen=True)
class SoldPayment:
    """What the buyer paid there, or authorized, without tax that the channel remits; a used gift card is a payment."""

    id: str
    amount: Decimal
    is_captured: bool = True
    method: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class SoldRefund:
    """What was given back there. `units`: by the id of the line. `key`: ours, if we asked for it."""

    id: str
    amount: Decimal
    units: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None
    note: str = ""
    key: str = ""
    is_done: bool = True


@dataclass(frozen=True)
class SoldShipment:
    """What was marked as shipped there. `reference`: ours, if it is from us."""

    id: str
    units: Mapping[str, int]
    carrier: str = ""
    tracking: Sequence[str] = ()
    reference: str = ""


@dataclass(frozen=True)
class Sold:
    """A whole order of a channel as it is now.

    Addresses have the keys of ours: name, company, street, postal_code, city, region, country, phone. They are empty
    where the channel keeps them to itself. `gross` is what the buyer pays in all: lines, charges and their tax, gift
    cards included.
    """

    id: str
    number: str
    placed_at: datetime
    currency: str
    prices_include_tax: bool
    state: str  # as the channel calls it
    stage: Stage
    paid: Paid
    gross: Decimal
    lines: Sequence[SoldLine]
    charges: Sequence[SoldCharge] = ()
    payments: Sequence[SoldPayment] = ()
    refunds: Sequence[SoldRefund] = ()
    shipments: Sequence[SoldShipment] = ()
    ship_to: Mapping[str, str] = field(default_factory=dict)
    bill_to: Mapping[str, str] = field(default_factory=dict)
    email: str = ""
    phone: str = ""
    buyer: str = ""  # the id of the customer there; empty for guests
    language: str = ""
    vat_number: str = ""
    note: str = ""
    gift_message: str = ""
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    is_test: bool = False  # never shipped
    is_ours: bool = False  # it came from us
    cancel_requested: bool = False  # by the buyer
    doubts: Sequence[str] = ()  # why a person must look at it before it is shipped, a sentence each
    source: str = ""  # where in the channel it was sold, such as a social shop
    campaign: str = ""
    partner: str = ""  # whose referral it was
    link: str = ""  # to the order's page there
    raw: Mapping[str, Any] = field(default_factory=dict)  # the channel's own answer


def without_remitted(sold: Sold) -> Sold:
    """The same order, its payments and refunds less the tax that the channel remits: that money never reaches us.

    Of a payment or refund of a part it is the same share as of the whole.
    """
    rows: list[SoldLine | SoldCharge] = [*sold.lines, *sold.charges]
    remitted = sum((row.tax_remitted for row in rows), NOTHING)
    if not remitted or not sold.gross:
        return sold

    def ours(amount: Decimal) -> Decimal:
        return amount - money.round_amount(amount * remitted / sold.gross, sold.currency)

    return replace(
        sold,
        payments=[replace(each, amount=ours(each.amount)) for each in sold.payments],
        refunds=[replace(each, amount=ours(each.amount)) for each in sold.refunds],
    )
