"""What Amazon is asked and told, as the contract of connectors wants it."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from orders.channels.connectors import (
    Abilities,
    Account,
    Bulk,
    Change,
    Done,
    Health,
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
    Waiting,
)
from orders.channels.connectors.amazon import feeds, limits, mapping, notices
from orders.channels.connectors.amazon.client import NOTIFICATIONS, RAW, Client, escaped
from orders.channels.connectors.amazon.feeds import Feeds
from orders.channels.connectors.amazon.queue import ORDER, Queue
from orders.channels.connectors.amazon.stock import Stock
from orders.channels.connectors.errors import (
    BadSignature,
    ChannelError,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Unknown,
)

Result = TypeVar("Result")
ABILITIES = Abilities(
    meaning=Meaning.NET,
    batch=1,
    budget=limits.BUDGETS[limits.SEARCH_ORDERS],
    stock_budget=limits.BUDGETS[limits.PATCH_LISTING],
    overlap_minutes=30,
    order_budget=limits.BUDGETS[limits.GET_ORDER],
    authorization_days=365,
    has_signals=False,
    defers=True,
    has_queue=True,
)
ORDERS = "/orders/2026-01-01/orders"
WANTED = [
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
]
SETTLED = timedelta(minutes=2)  # an upper limit of a search must be so old
PAGE = 100
CANCEL, REFUND = "cancel", "refund"
FEED_FROM = 100  # quantities that are worth a feed
MOST_OF_FEED = 5_000
FEED_TIME = timedelta(minutes=1)  # by which clocks may differ where feeds are looked for


class Amazon:
    """The account of one seller in one region."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.abilities = replace(ABILITIES, bulk=_bulk(account))
        self._client = Client(account)
        self._marketplaces = [str(each) for each in account.settings.get("marketplaces", ())]
        self._seller = account.credentials.get("seller_id", "")
        self._feeds = Feeds(self._client, self._marketplaces)
        self._stock = Stock(self._client, account, self._marketplaces)
        self._queue = Queue(account)

    def check(self) -> Health:
        """Ask for what each role gives. The marketplaces that it sells in are its locations' counterpart: notes."""
        reply = self._client.page(
            limits.GET_PARTICIPATIONS, "/sellers/v1/marketplaceParticipations"
        )
        rows = _read(lambda: [_market(each) for each in reply.data["payload"]], reply.data)
        sold_in = [each for each in rows if not self._marketplaces or each[0] in self._marketplaces]
        soon = datetime.now(UTC) - SETTLED
        missing = [
            name
            for name, ask in (
                (
                    "Inventory and Order Tracking",
                    lambda: self._client.read(
                        limits.SEARCH_ORDERS,
                        ORDERS,
                        createdAfter=soon - SETTLED,
                        createdBefore=soon,
                        marketplaceIds=self._marketplaces,
                        maxResultsPerPage=1,
                    ),
                ),
                ("Product Listing", lambda: self._stock.page(None)),
            )
            if not _may(ask)
        ]
        return Health(
            name=sold_in[0][3] if sold_in else self._seller,
            currency=sold_in[0][2] if sold_in else "",
            missing=missing,
            skew_seconds=_skew(reply.headers),
            notes=[f"{name} ({key})" for key, name, _currency, _store in rows],
        )

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Orders changed since a moment in all marketplaces, whole; a page goes on with the same search."""
        until, _bar, token = (page or "").partition("|")
        before = until or _text(datetime.now(UTC) - SETTLED)
        after = min(since, datetime.fromisoformat(before))
        return self._search(
            {"lastUpdatedAfter": after, "lastUpdatedBefore": before},
            "lastUpdatedTime",
            before,
            token,
        )

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        """All orders placed within a span; what is younger than two minutes can't be asked for yet."""
        latest = datetime.now(UTC) - SETTLED
        if since >= latest:
            return Page([])
        before = _text(min(until, latest))
        _before, _bar, token = (page or "").partition("|")
        return self._search(
            {"createdAfter": since, "createdBefore": before}, "createdTime", before, token
        )

    def _search(self, span: Mapping[str, object], mark: str, before: str, token: str) -> Page:
        found = self._client.read(
            limits.SEARCH_ORDERS,
            ORDERS,
            **span,
            marketplaceIds=self._marketplaces,
            includedData=WANTED,
            maxResultsPerPage=PAGE,
            paginationToken=token,
        )
        rows = _read(lambda: list(found["orders"]), found)
        changes = _read(
            lambda: [Change(str(row["orderId"]), mapping.moment(row[mark])) for row in rows], found
        )
        after = (found.get("pagination") or {}).get("nextToken")
        return Page(
            sorted(changes, key=lambda change: (change.changed_at, change.id)),
            f"{before}|{after}" if after else None,
            orders={str(row["orderId"]): sold for row in rows if (sold := _readable(row))},
        )

    def order(self, id: str) -> Sold:
        found = self._client.read(limits.GET_ORDER, f"{ORDERS}/{escaped(id)}", includedData=WANTED)
        return _read(lambda: mapping.order(found["order"]), found)

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        """Amazon calls nobody: its notifications wait in a queue."""
        raise BadSignature(_("Amazon sends nothing to this address."))

    def waiting(self) -> Sequence[Waiting]:
        """The next notifications; none without a queue."""
        return self._queue.receive() if self._queue.url else ()

    def remove(self, receipts: Sequence[str]) -> None:
        self._queue.delete(receipts)

    def listings(self, page: str | None = None) -> ListingPage:
        return self._stock.page(page)

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        return self._stock.quantities(rows)

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        """Set quantities one by one. Setting a number again does no harm."""
        return [self._stock.set_one(row) for row in rows]

    def set_many(self, rows: Sequence[StockRow]) -> str:
        return self._stock.set_many(rows)

    def report(self, reference: str) -> Mapping[str, RowVerdict] | None:
        return self._stock.report(reference)

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        """Confirm a parcel; the same package ID again corrects it."""
        body = notices.confirmation(order, parcel, datetime.now(UTC))
        path = f"/orders/v0/orders/{escaped(order.id)}/shipmentConfirmation"
        self._client.send("POST", limits.CONFIRM_SHIPMENT, path, body)
        return Done(body["packageDetail"]["packageReferenceId"])

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        return notices.find_parcel(order, parcel)

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        """Ask for the cancellation of a whole order, by a feed."""
        if order.stage == Stage.CANCELED:
            return Done(order.id)
        if order.state != "UNSHIPPED":
            raise Invalid(
                _("Amazon's order is “%(state)s”; it can't be canceled there.")
                % {"state": order.state}
            )
        text = notices.cancellation(order, self._seller)
        return Done(self._feeds.create(feeds.ACKNOWLEDGE, feeds.XML, text), is_pending=True)

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        """Ask for a refund, by a feed. What a canceled order cost is Amazon's to give back."""
        if order.stage == Stage.CANCELED:
            return Done(f"{order.id} canceled")
        text = notices.adjustment(order, request, self._seller)
        return Done(self._feeds.create(feeds.ADJUST, feeds.XML, text), is_pending=True)

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        """The feed of a refund that was asked for before. Raises Unknown where that can't be told.

        A feed shows no key of ours: it is the one that appeared since then and belongs to no other call.
        """
        since = (request.asked_at or datetime.now(UTC) - timedelta(days=3)) - FEED_TIME
        others = request.others
        found = [
            each for each in self._feeds.since(feeds.ADJUST, since) if each.id not in (others or ())
        ]
        if not found:
            return None
        if others is None or len(found) > 1:
            raise Unknown(_("Amazon shows several refunds; it isn't known yet which one is this."))
        return Done(found[0].id, is_pending=True)

    def settled(self, reference: str) -> Done:
        """How far a feed of a cancellation or refund is."""
        feed = self._feeds.state(reference)
        if not feed.is_over:
            return Done(reference, is_pending=True)
        notices.require_processed(self._feeds.report(feed))
        return Done(reference)

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        """See to it that changes of orders come to the queue. The queue's policy must allow Amazon to write to it."""
        arn = str(self._account.settings.get("queue_arn", ""))
        if not arn:
            return ()
        root = "/notifications/v1"
        known = self._subscription(f"{root}/subscriptions/{ORDER}")
        if known:
            return [known]
        own = self._client.with_token(self._client.token(NOTIFICATIONS)[0])
        rows = own.read(limits.SUBSCRIPTIONS, f"{root}/destinations")["payload"]
        there = [
            each["destinationId"]
            for each in rows
            if ((each.get("resource") or {}).get("sqs") or {}).get("arn") == arn
        ]
        if not there:
            body = {"name": "OMS", "resourceSpecification": {"sqs": {"arn": arn}}}
            made = own.send("POST", limits.SUBSCRIPTIONS, f"{root}/destinations", body)
            there = [made["payload"]["destinationId"]]
        asked = {"payloadVersion": "1.0", "destinationId": there[0]}
        made = self._client.send(
            "POST", limits.SUBSCRIPTIONS, f"{root}/subscriptions/{ORDER}", asked
        )
        return [str(made["payload"]["subscriptionId"])]

    def _subscription(self, path: str) -> str:
        try:
            found = self._client.read(limits.SUBSCRIPTIONS, path, payloadVersion="1.0")
        except NotFound:
            return ""
        return str((found.get("payload") or {}).get("subscriptionId") or "")

    def refresh(self) -> tuple[Mapping[str, str], datetime]:
        """A new access token, which holds for an hour."""
        token, ends = self._client.token()
        return {"access_token": token}, ends


def _bulk(account: Account) -> Bulk:
    rows = int(account.settings.get("feed_from", FEED_FROM))
    return Bulk(rows, MOST_OF_FEED, limits.BUDGETS[limits.CREATE_FEED])


def _market(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """A marketplace's id, name and currency, and the seller's name in it."""
    market = row["marketplace"]
    name = str(row.get("storeName") or market["name"])
    return str(market["id"]), str(market["name"]), str(market["defaultCurrencyCode"]), name


def _may(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ScopeMissing:
        return False
    return True


def _skew(headers: Mapping[str, str]) -> float:
    """How far Amazon's clock is ahead of ours, in seconds; its header is in whole ones."""
    try:
        return round(parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time())
    except ValueError:
        return 0.0


def _readable(row: Mapping[str, Any]) -> Sold | None:
    """An order of a list; None for one that can't be read, which is asked for by itself and fails alone."""
    try:
        return _read(lambda: mapping.order(row), row)
    except ChannelError:
        return None


def _read(read: Callable[[], Result], raw: Any) -> Result:
    """What an answer says. Raises SchemaChanged where it isn't as Amazon describes it."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SchemaChanged(
            _("Amazon's answer isn't as expected: %(error)s.") % {"error": repr(error)},
            raw=json.dumps(raw, default=str)[:RAW],
        ) from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


class Provider:
    """Amazon, as the registry of providers knows it. Its data of buyers ends 30 days after delivery."""

    most_raw_days = 30
    optional = ("aws_key", "aws_secret")

    def open(self, account: Account) -> Amazon:
        return Amazon(account)

    def fields(self) -> Mapping[str, str]:
        return {
            "seller_id": _("Seller ID"),
            "client_id": _("Client ID of the app"),
            "client_secret": _("Client secret of the app"),
            "refresh_token": _("Refresh token"),
            "aws_key": _("AWS access key ID, for the queue of notifications"),
            "aws_secret": _("AWS secret access key, for the queue of notifications"),
        }

    def stages(self) -> Mapping[str, Stage]:
        return mapping.stages()


def connect() -> Provider:
    return Provider()
