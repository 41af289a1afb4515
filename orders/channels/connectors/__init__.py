"""Shops and marketplaces, by provider: what a connector can do, and what is said between it and us.

A connector is pure translation: it knows no database, makes no more requests for a call than that needs (a page, an
order with its refunds, a batch of rows), never repeats one and never sleeps. What it was told wrong, or can't know, it
raises as one of the errors of `orders.channels.connectors.errors`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from oms.core.connectors import Connectors
from orders.channels.connectors.sold import NOTHING as NOTHING
from orders.channels.connectors.sold import ChargeKind as ChargeKind
from orders.channels.connectors.sold import Paid as Paid
from orders.channels.connectors.sold import Sold as Sold
from orders.channels.connectors.sold import SoldCharge as SoldCharge
from orders.channels.connectors.sold import SoldLine as SoldLine
from orders.channels.connectors.sold import SoldPayment as SoldPayment
from orders.channels.connectors.sold import SoldRefund as SoldRefund
from orders.channels.connectors.sold import SoldShipment as SoldShipment
from orders.channels.connectors.sold import Stage as Stage


class Meaning(StrEnum):
    """What a shop's stock number stands for."""

    NET = "net"  # what can still be sold: sold units are gone from it
    ON_HAND = (
        "on_hand"  # sold units that aren't shipped are in it, and the shop takes them off by itself
    )


@dataclass(frozen=True)
class Budget:
    """How many requests an account may make: `burst` at once, then `per_second`."""

    per_second: float
    burst: int


@dataclass(frozen=True)
class Bulk:
    """Requests that set many quantities: worth it from so many rows, with a budget of their own."""

    rows_from: int
    most: int
    budget: Budget


@dataclass(frozen=True)
class Abilities:
    """What a provider can do."""

    meaning: Meaning
    batch: int  # rows of one request that sets stock
    budget: Budget  # of reads and writes
    stock_budget: Budget  # of requests that set stock
    overlap_minutes: int  # how far before the cursor changes are asked for again
    compares: bool = False  # sets stock only if it still is what we saw (compare and set)
    has_locations: bool = False
    ships_parts: bool = True
    cancels: bool = True
    refunds: bool = True
    has_signals: bool = True  # tells of changes by itself (webhooks, notifications)
    shows_fulfillments: bool = (
        True  # can be asked what was shipped, so that nothing is shipped twice
    )
    digits: int | None = None  # of amounts that it sends; None: those of the currency
    revisions_a_day: int | None = None  # of one listing
    order_budget: Budget | None = None  # of reading single orders, where it is a budget of its own
    authorization_days: int | None = None  # after which a person must authorize us again
    bulk: Bulk | None = None  # see `InBulk`
    defers: bool = False  # see `Deferring`
    challenges: bool = False  # see `Challenged`
    has_queue: bool = False  # changes wait in a queue that we read: see `Queued`


@dataclass(frozen=True)
class Account:
    """What a connector is told of an account: the address of a shop, secrets, and how the company set it up."""

    address: str
    credentials: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""  # of the API
    notifies_buyer: bool = False  # the channel emails the buyer about what we tell it


@dataclass(frozen=True)
class Health:
    """What an account's self-test found. `missing`: scopes; `skew_seconds`: how far its clock is ahead of ours."""

    name: str = ""
    currency: str = ""
    missing: Sequence[str] = ()
    skew_seconds: float = 0.0
    locations: Mapping[str, str] = field(default_factory=dict)  # name by id
    notes: Sequence[str] = ()  # what somebody should know, such as an API version that ends


@dataclass(frozen=True)
class Change:
    """That an order changed: its id, and the mark by which the next look goes on. No more than a hint."""

    id: str
    changed_at: datetime


@dataclass(frozen=True)
class Page:
    """A page of changes or ids; `next` asks for the one after it, None where there is none.

    `notes`: what a person should look at, though nothing stands still for it.
    `orders`: by id, those that the list gives whole, so that they needn't be read one by one.
    """

    changes: Sequence[Change]
    next: str | None = None
    notes: Sequence[str] = ()
    orders: Mapping[str, Sold] = field(default_factory=dict)


@dataclass(frozen=True)
class Signal:
    """What a channel told by itself: only that something changed; nothing in it is believed.

    `key` tells deliveries of the same event apart from others. `kind`: "order", "listing", "account", "ping", or
    "erasure" of the buyer who is named.
    """

    kind: str
    id: str = ""
    key: str = ""


@dataclass(frozen=True)
class ListingFacts:
    """An article as a channel lists it; `variant` is its id, `quantity` what is shown, None if not tracked."""

    variant: str
    sku: str = ""
    barcode: str = ""
    title: str = ""
    parent: str = ""
    stock_id: str = ""  # by which stock is set, where that isn't the variant
    quantity: int | None = None
    is_tracked: bool = True
    by_location: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ListingPage:
    listings: Sequence[ListingFacts]
    next: str | None = None


@dataclass(frozen=True)
class StockRow:
    """A quantity to be shown. `seen`: what the channel showed last, for compare and set."""

    variant: str
    quantity: int
    sku: str = ""
    parent: str = ""
    stock_id: str = ""
    location: str = ""
    seen: int | None = None


class Verdict(StrEnum):
    """What became of a row."""

    SET = "set"
    ACCEPTED = "accepted"  # the verdict comes later; it is looked at again
    STALE = "stale"  # the number there isn't what we saw: read again
    MISSING = "missing"  # the listing is gone
    INVALID = "invalid"
    UNKNOWN = "unknown"  # it may have been set or not: read it back
    LATER = "later"  # not tried, for example because of a limit


@dataclass(frozen=True)
class RowVerdict:
    variant: str
    verdict: Verdict
    message: str = ""


@dataclass(frozen=True)
class Parcel:
    """What is told of a parcel: units by the id of the channel's line."""

    number: str  # ours: the key by which a repeat is known
    units: Mapping[str, int]
    carrier: str = ""
    tracking: str = ""
    tracking_url: str = ""
    shipped_at: datetime | None = None


@dataclass(frozen=True)
class RefundRequest:
    """Money to give back, in the currency that the buyer paid in. `units` by the id of the line.

    `asked_at`: no earlier was it asked for. `others`: what the account's other refunds and cancellations are known as
    there; None while one of them has no outcome yet. By these a request is recognized that bears no key of ours.
    """

    key: str
    amount: Decimal
    currency: str
    units: Mapping[str, int]
    shipping: Decimal = NOTHING  # what of it is for shipping
    reason: str = ""
    asked_at: datetime | None = None
    others: Collection[str] | None = ()


@dataclass(frozen=True)
class Done:
    """What was done there: its id; `is_pending` where the outcome comes later."""

    reference: str
    is_pending: bool = False


class Connector(Protocol):
    """What each provider implements. All but `received` may raise the errors of `errors`."""

    abilities: Abilities

    def check(self) -> Health:
        """Test the account: who it is, which scopes are missing, its clock, its locations."""

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Orders changed since a moment, the oldest change first."""

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        """All orders placed within a span, for comparing ids."""

    def order(self, id: str) -> Sold:
        """The whole order as it is now. Raises NotFound."""

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        """What a signed message tells. Raises BadSignature; an unsigned test of the address is a ping."""

    def listings(self, page: str | None = None) -> ListingPage:
        """What the channel lists, with the quantities that it shows."""

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        """What the channel shows of some listings, by variant; those that are gone are left out."""

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        """Show quantities, at most `abilities.batch` at once; a verdict for each row. `key` makes it idempotent."""

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        """Tell that a parcel has left."""

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        """A parcel that was told before, by our number or its tracking number."""

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        """Cancel a whole order; our stock is restocked by us alone."""

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        """Give money back by the channel's own means; its stock stays as it is."""

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        """A refund that was asked for before, by our key."""

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        """See to it that changes are told to an address; the ids of the subscriptions. Safe to repeat."""

    def refresh(self) -> tuple[Mapping[str, str], datetime] | None:
        """New credentials in place of those that end soon, and when they end; None where nothing ends."""


class InBulk(Protocol):
    """What a provider implements besides that takes many quantities at once (`abilities.bulk`)."""

    def set_many(self, rows: Sequence[StockRow]) -> str:
        """Have quantities set later; the reference of the request."""

    def report(self, reference: str) -> Mapping[str, RowVerdict] | None:
        """What became of rows that were refused, by variant; None while it isn't known."""


class Deferring(Protocol):
    """What a provider implements besides whose orders don't show what became of a pending request
    (`abilities.defers`)."""

    def settled(self, reference: str) -> Done:
        """How far something is that was pending. Raises Invalid where the channel refused it in the end."""


class Challenged(Protocol):
    """What a provider implements besides that asks whether an address is ours (`abilities.challenges`)."""

    def challenged(self, code: str, address: str) -> str:
        """The JSON that answers a code."""


@dataclass(frozen=True)
class Waiting:
    """A message of a queue: what it tells, and the receipt by which it is taken off the queue."""

    signals: Sequence[Signal]
    receipt: str


class Queued(Protocol):
    """What a provider implements besides whose changes wait in a queue (`abilities.has_queue`)."""

    def waiting(self) -> Sequence[Waiting]:
        """The next messages; they come again unless they are taken off the queue."""

    def remove(self, receipts: Sequence[str]) -> None:
        """Take messages off the queue, once what they tell is stored."""


class Provider(Protocol):
    """A provider's package has a module `connector` with these names, so that `connect()` can return itself.

    `most_raw_days`, if it has such an attribute: for how long the provider allows its answers to be kept.
    """

    def open(self, account: Account) -> Connector: ...
    def fields(self) -> Mapping[str, str]:
        """The credentials that a person enters, with their labels. Those that may stay empty are in `optional`, if the
        provider has such an attribute."""

    def stages(self) -> Mapping[str, Stage]:
        """What the provider's own states mean, unless the company maps them otherwise."""


providers: Connectors[Provider] = Connectors(__name__)


def every(read: Any) -> Iterator[Any]:
    """All pages of a function that takes the page and returns one with `next`."""
    page: str | None = None
    while True:
        found = read(page)
        yield found
        page = found.next
        if page is None:
            return
