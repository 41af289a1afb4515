"""What eBay is asked and told, as the contract of connectors wants it."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from oms.core import money
from orders.channels.connectors import (
    Abilities,
    Account,
    Budget,
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
)
from orders.channels.connectors.ebay import mapping, notifications, signing, stock
from orders.channels.connectors.ebay.client import RAW, Client, escaped
from orders.channels.connectors.ebay.stock import Stock
from orders.channels.connectors.errors import (
    BadSignature,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Unknown,
)

Result = TypeVar("Result")
ABILITIES = Abilities(
    meaning=Meaning.NET,
    batch=stock.BATCH,
    budget=Budget(per_second=2, burst=20),
    stock_budget=Budget(per_second=2, burst=20),
    overlap_minutes=10,
    revisions_a_day=250,
    authorization_days=540,
    challenges=True,
)
ORDERS = "/sell/fulfillment/v1/order"
PAGE = 100  # orders of one answer; more than 200 are refused
OVERLAP = 10  # orders that two pages share
TAXES = "TAX_BREAKDOWN"  # without it totals may or may not contain taxes that eBay pays
KEYS: dict[str, tuple[str, float]] = {}  # eBay's public keys by ID, and until when they are kept
KEPT = 3600.0
MOST_KEYS = 100
NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
CLOSED = ("REJECTED", "CANCEL_REJECTED", "CLOSED_WITHOUT_CANCEL")


class Ebay:
    """The account of one seller."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = Client(account)
        self._stock = Stock(self._client)

    def check(self) -> Health:
        """Ask for what each scope gives."""
        missing = []
        headers: Mapping[str, str] = {}
        for name, path in (
            ("sell.fulfillment", ORDERS),
            ("sell.inventory", f"{stock.ROOT}/inventory_item"),
        ):
            try:
                headers = self._client.page(path, limit=1).headers
            except ScopeMissing:
                missing.append(name)
        notes = []
        if not self._account.credentials.get("signing_key"):
            notes.append(_("Refunds of sellers in the EU and the UK need a key for signatures."))
        return Health(
            name=self._account.credentials.get("seller", "") or "eBay",
            missing=missing,
            skew_seconds=_skew(headers),
            notes=notes,
        )

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Orders changed since a moment: only their IDs count, since lists never say who asks to cancel."""
        return self._list("lastmodifieddate", "lastModifiedDate", since, None, page)

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        """All orders placed within a span."""
        return self._list("creationdate", "creationDate", since, until, page)

    def _list(
        self, name: str, mark: str, since: datetime, until: datetime | None, page: str | None
    ) -> Page:
        """A page of orders. Their places move as orders change, so that pages overlap; where the last order of a page
        isn't in the next one, too much moved, and it goes on a page before."""
        start, _bar, last = (page or "0").partition("|")
        offset, end = int(start), _text(until) if until else ""
        found = self._client.read(
            ORDERS,
            filter=f"{name}:[{_text(since)}..{end}]",
            fieldGroups=TAXES,
            limit=PAGE,
            offset=offset,
        )
        rows = _read(lambda: list(found["orders"]), found)
        changes = _read(
            lambda: [Change(str(row["orderId"]), mapping.moment(row[mark])) for row in rows], found
        )
        return Page(
            sorted(changes, key=lambda change: (change.changed_at, change.id)),
            _next(offset, [change.id for change in changes], int(found.get("total", 0)), last),
        )

    def order(self, id: str) -> Sold:
        """The order, and its parcels where it has some."""
        path = f"{ORDERS}/{escaped(id)}"
        row = self._client.read(path, fieldGroups=TAXES)
        shipped = row.get("fulfillmentHrefs") or row.get("orderFulfillmentStatus") != "NOT_STARTED"
        parcels = self._parcels(id) if shipped else []
        raw = {"order": row, "fulfillments": parcels}
        return _read(lambda: mapping.order(row, parcels), raw)

    def _parcels(self, id: str) -> list[Any]:
        path = f"{ORDERS}/{escaped(id)}/shipping_fulfillment"
        return list(self._client.read(path).get("fulfillments") or ())

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        """The signal of a notification that eBay signed; its public keys are kept for an hour."""
        known = {name.lower(): value for name, value in headers.items()}
        signature = known.get("x-ebay-signature", "")
        if not signature:
            raise BadSignature(_("This isn't signed by eBay."))
        signing.require_signed(signature, body, self._public_key)
        return _read(
            lambda: notifications.signals(json.loads(body)), body[:RAW].decode(errors="replace")
        )

    def _public_key(self, kid: str) -> str:
        found = KEYS.get(kid)
        if found is not None and found[1] > time.monotonic():
            return found[0]
        try:
            key = self._client.public_key(kid)
        except (NotFound, Invalid, KeyError) as error:
            raise BadSignature(_("eBay has no such key.")) from error
        if len(KEYS) >= MOST_KEYS:
            KEYS.clear()
        KEYS[kid] = (key, time.monotonic() + KEPT)
        return key

    def challenged(self, code: str, address: str) -> str:
        """The JSON by which we show that an address is ours."""
        token = self._account.credentials.get("webhook_secret", "")
        return json.dumps({"challengeResponse": signing.answer_of(code, token, address)})

    def listings(self, page: str | None = None) -> ListingPage:
        return self._stock.page(page)

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        return self._stock.quantities(rows)

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        """Set quantities; setting a number again does no harm, but counts as a revision."""
        return self._stock.set(rows)

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        """Tell of a parcel, unless eBay shows it: a repeat would make a second one."""
        known = self._find(order.id, parcel)
        if known is not None:
            return known
        body: dict[str, Any] = {
            "lineItems": [
                {"lineItemId": key, "quantity": count} for key, count in parcel.units.items()
            ],
            "shippedDate": _text(parcel.shipped_at or datetime.now(UTC)),
        }
        if parcel.tracking:
            body["shippingCarrierCode"] = parcel.carrier or "Other"
            body["trackingNumber"] = tracking_of(parcel)
        path = f"{ORDERS}/{escaped(order.id)}/shipping_fulfillment"
        reply = self._client.send(path, body)
        made = str((reply.data or {}).get("fulfillmentId") or "")
        return Done(made or reply.headers.get("location", "").rpartition("/")[2])

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        return self._find(order.id, parcel)

    def _find(self, id: str, parcel: Parcel) -> Done | None:
        """A parcel by its tracking number; one without any by its units."""
        rows = _read(lambda: mapping.shipments(self._parcels(id)), id)
        number = tracking_of(parcel) if parcel.tracking else ""
        for each in rows:
            is_it = number in each.tracking if number else dict(each.units) == dict(parcel.units)
            if is_it and (number or not each.tracking):
                return Done(each.id)
        return None

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        """Cancel a whole order: approve what the buyer asks for, else ask ourselves. The outcome comes later."""
        if order.stage == Stage.CANCELED:
            return Done(order.id)
        asked = self._cancellation(order.id)
        if asked and order.cancel_requested:
            self._client.post_order("POST", f"/cancellation/{escaped(asked)}/approve", {})
            return Done(order.id, is_pending=True)
        if asked:
            return Done(order.id, is_pending=True)
        legacy = str(order.raw["order"].get("legacyOrderId") or order.id)
        body = {"legacyOrderId": legacy, "cancelReason": "OUT_OF_STOCK_OR_CANNOT_FULFILL"}
        self._client.post_order("POST", "/cancellation", body)
        return Done(order.id, is_pending=True)

    def _cancellation(self, id: str) -> str:
        """The ID of an order's cancellation that is under way; empty where there is none."""
        found = self._client.post_order("GET", f"/cancellation/search?order_id={escaped(id)}")
        rows = (found or {}).get("cancellations") or ()
        return next(
            (str(each["cancelId"]) for each in rows if each.get("cancelState") not in CLOSED), ""
        )

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        """Give money back, signed with our key pair. eBay does it later: it is pending until the order shows it.

        What a canceled order cost is eBay's to give back.
        """
        if order.stage == Stage.CANCELED:
            return Done(f"{order.id} canceled")
        body = {
            "reasonForRefund": "BUYER_RETURN"
            if any(request.units.values())
            else "OTHER_ADJUSTMENT",
            "comment": f"{request.reason} ({request.key})".strip()[:100],
            "orderLevelRefundAmount": {
                "value": str(money.round_amount(request.amount, request.currency)),
                "currency": request.currency,
            },
        }
        path = f"{ORDERS}/{escaped(order.id)}/issue_refund"
        told = self._client.send(path, body, is_signed=True).data or {}
        if told.get("refundStatus") == "FAILED":
            raise Invalid(_("eBay couldn't give the money back."))
        reference = _read(lambda: str(told["refundId"]), told)
        return Done(reference, is_pending=told.get("refundStatus") != "REFUNDED")

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        """A refund of this amount that appeared since it was asked for. Raises Unknown where that can't be told."""
        failed = _failed_refunds(order)
        found = [
            each
            for each in order.refunds
            if each.amount == request.amount
            and each.id not in failed
            and each.id not in (request.others or ())
            and (request.asked_at is None or each.at is None or each.at >= request.asked_at)
        ]
        if not found:
            return None
        if request.others is None or len(found) > 1:
            raise Unknown(_("eBay shows several refunds; it isn't known yet which one is this."))
        return Done(found[0].id, is_pending=not found[0].is_done)

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        return notifications.subscribe(self._client, address, secret)

    def refresh(self) -> tuple[Mapping[str, str], datetime]:
        """A new access token, which holds for two hours."""
        token, ends = self._client.token()
        return {"access_token": token}, ends


def _next(offset: int, ids: Sequence[str], total: int, last: str) -> str | None:
    """The page after one at an offset; `last`: the order with which the one before ended."""
    if last and last not in ids:
        return str(max(0, offset - PAGE))
    if not ids or offset + len(ids) >= total:
        return None
    return f"{max(offset + 1, offset + len(ids) - OVERLAP)}|{ids[-1]}"


def tracking_of(parcel: Parcel) -> str:
    """A tracking number as eBay takes it: letters and digits alone."""
    return NOT_ALPHANUMERIC.sub("", parcel.tracking)


def _failed_refunds(order: Sold) -> set[str]:
    rows = (order.raw["order"].get("paymentSummary") or {}).get("refunds") or ()
    return {str(each.get("refundId")) for each in rows if each.get("refundStatus") == "FAILED"}


def _skew(headers: Mapping[str, str]) -> float:
    """How far eBay's clock is ahead of ours, in seconds; its header is in whole ones."""
    try:
        return round(parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time())
    except ValueError:
        return 0.0


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _read(read: Callable[[], Result], raw: Any) -> Result:
    """What an answer says. Raises SchemaChanged where it isn't as eBay describes it."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError, IndexError) as error:
        raise SchemaChanged(
            _("eBay's answer isn't as expected: %(error)s.") % {"error": repr(error)},
            raw=json.dumps(raw, default=str)[:RAW],
        ) from error


class Provider:
    """eBay, as the registry of providers knows it."""

    optional = ("signing_key", "signing_private")

    def open(self, account: Account) -> Ebay:
        return Ebay(account)

    def fields(self) -> Mapping[str, str]:
        return {
            "client_id": _("App ID (client ID)"),
            "client_secret": _("Cert ID (client secret)"),
            "refresh_token": _("Refresh token"),
            "signing_key": _("Public key for signatures (JWE)"),
            "signing_private": _("Private key for signatures (Ed25519)"),
        }

    def stages(self) -> Mapping[str, Stage]:
        return mapping.STAGES


def connect() -> Provider:
    return Provider()
