"""What a Shopify shop is asked and told, as the contract of connectors wants it."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from orders.channels.connectors import (
    Abilities,
    Account,
    Budget,
    Change,
    Done,
    Health,
    ListingFacts,
    ListingPage,
    Meaning,
    Page,
    Parcel,
    RefundRequest,
    RowVerdict,
    Signal,
    Sold,
    Stage,
    StockRow,
)
from orders.channels.connectors.errors import SchemaChanged
from orders.channels.connectors.shopify import (
    documents,
    mapping,
    reading,
    refunding,
    shipping,
    stock,
    tokens,
    webhooks,
)
from orders.channels.connectors.shopify.client import RAW, Client, Row, tail
from orders.channels.connectors.shopify.shipping import Shipping
from orders.channels.connectors.shopify.stock import Stock

Result = TypeVar("Result")
ABILITIES = Abilities(
    meaning=Meaning.NET,  # "available": units of orders that aren't shipped are gone from it
    batch=stock.BATCH,
    budget=Budget(per_second=2, burst=20),
    stock_budget=Budget(per_second=2, burst=20),
    overlap_minutes=10,
    compares=True,
    has_locations=True,
)
SCOPES = (
    "read_orders",
    "write_orders",
    "read_all_orders",  # those that are older than 60 days
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_products",
    "read_customers",
)


class Shopify:
    """One shop."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = Client(account)
        self._shipping = Shipping(self._client, account)
        self._stock = Stock(self._client, tail(account.settings.get("location")))

    def check(self) -> Health:
        """Ask who the shop is and which scopes it gave; the clock and the version are in the answer's headers."""
        reply = self._client.reply(documents.SHOP, {})
        shop = reply.data["shop"]
        missing = missing_scopes(
            [each["handle"] for each in reply.data["currentAppInstallation"]["accessScopes"]]
        )
        places = stock.locations(self._client) if "read_locations" not in missing else []
        return Health(
            name=str(shop["name"]),
            currency=str(shop["currencyCode"]),
            missing=missing,
            skew_seconds=_skew(reply.headers),
            locations={tail(each["id"]): each["name"] for each in places if each["isActive"]},
            notes=_notes(self._client.version, reply.headers),
        )

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Orders changed since a moment; pages go on after the last change, so that none is skipped."""
        query = f"updated_at:>='{_text(since)}'"
        return self._orders(documents.CHANGED, query, "updatedAt", page)

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        """Orders created within a span, its end left out."""
        query = f"created_at:>='{_text(since)}' AND created_at:<'{_text(until)}'"
        return self._orders(documents.PLACED, query, "createdAt", page)

    def _orders(self, document: str, query: str, name: str, page: str | None) -> Page:
        found = self._client.ask(document, q=query, after=page)["orders"]
        changes = _read(
            lambda: [Change(tail(each["id"]), _moment(each[name])) for each in found["nodes"]],
            found,
        )
        return Page(changes, _next(found))

    def order(self, id: str) -> Sold:
        row = reading.order(self._client, id)
        link = f"{self._client.address}/admin/orders/{id}"
        return _read(lambda: mapping.order(row, link, self._account.settings), row)

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        secret = self._account.credentials.get("client_secret", "")
        return webhooks.signals(headers, body, secret)

    def listings(self, page: str | None = None) -> ListingPage:
        """Variants with what is available at each location."""
        found = self._client.ask(documents.LISTINGS, after=page)["productVariants"]
        rows = _read(lambda: [self._listed(each) for each in found["nodes"]], found)
        return ListingPage(rows, _next(found))

    def _listed(self, row: Row) -> ListingFacts:
        """A variant. What a bundle has follows from its parts, and can't be set."""
        item = row["inventoryItem"]
        by_location = stock.by_location(self._client, item)
        chosen = tail(self._account.settings.get("location"))
        title, option = str(row["product"]["title"]), str(row["title"])
        is_tracked = bool(item["tracked"]) and not row["requiresComponents"]
        quantity = by_location.get(chosen, 0) if chosen else sum(by_location.values())
        return ListingFacts(
            variant=tail(row["id"]),
            sku=str(row["sku"] or ""),
            barcode=str(row["barcode"] or ""),
            title=title if option == "Default Title" else f"{title} – {option}",
            parent=tail(row["product"]["id"]),
            stock_id=tail(item["id"]),
            quantity=quantity if is_tracked else None,
            is_tracked=is_tracked,
            by_location=by_location,
        )

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        return self._stock.quantities(rows)

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        return self._stock.set(rows, key)

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        return self._shipping.tell(order, parcel)

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        return shipping.is_told(order, parcel)

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        return refunding.cancel(self._client, self._account, order, key, reason)

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        return refunding.refund(self._client, self._account, order, request)

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        return refunding.find(order, request)

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        """Shopify signs with the app's own secret; ours isn't used."""
        return webhooks.subscribe(self._client, address)

    def refresh(self) -> tuple[Mapping[str, str], datetime]:
        return tokens.renewed(self._client, self._account.credentials)


def missing_scopes(given: Sequence[str]) -> list[str]:
    """Scopes that an app lacks; one that may write may read, too."""
    known = {*given, *(name.replace("write_", "read_", 1) for name in given)}
    return [name for name in SCOPES if name not in known]


def _skew(headers: Mapping[str, str]) -> float:
    """How far the shop's clock is ahead of ours, in seconds; its header is in whole ones."""
    try:
        return round(parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time())
    except ValueError:
        return 0.0


def _notes(version: str, headers: Mapping[str, str]) -> list[str]:
    """That the shop answers in another version than was asked for, or until when ours is supported."""
    served = headers.get("x-shopify-api-version", version)
    if served != version:
        text = _(
            "The shop answers in API version %(served)s instead of %(asked)s. Update this system."
        )
        return [text % {"served": served, "asked": version}]
    return [
        _("API version %(version)s is supported until %(day)s.")
        % {"version": version, "day": ends_on(version).isoformat()}
    ]


def ends_on(version: str) -> date:
    """The day from which a version isn't supported: a year after it came out."""
    year, month = map(int, version.split("-"))
    return date(year + 1, month, 1)


def _read(read: Callable[[], Result], raw: Any) -> Result:
    """What an answer says. Raises SchemaChanged where it isn't as Shopify describes it."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SchemaChanged(
            _("The shop's answer isn't as expected: %(error)s.") % {"error": repr(error)},
            raw=json.dumps(raw, default=str)[:RAW],
        ) from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def _next(page: Row) -> str | None:
    info = page["pageInfo"]
    return info["endCursor"] if info["hasNextPage"] else None


class Provider:
    """Shopify, as the registry of providers knows it."""

    optional = ("refresh_token",)  # of apps that belong to another organization than the shop

    def open(self, account: Account) -> Shopify:
        return Shopify(account)

    def fields(self) -> Mapping[str, str]:
        return {
            "client_id": _("Client ID"),
            "client_secret": _("Client secret"),
            "refresh_token": _("Refresh token (optional)"),
        }

    def stages(self) -> Mapping[str, Stage]:
        return mapping.STAGES


def connect() -> Provider:
    return Provider()
