"""What a WooCommerce shop is asked and told, as the contract of connectors wants it."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
from orders.channels.connectors.errors import BadSignature, Invalid, SchemaChanged, ScopeMissing
from orders.channels.connectors.woocommerce import mapping, stock
from orders.channels.connectors.woocommerce.client import RAW, Client
from orders.channels.connectors.woocommerce.shipping import FULFILLMENTS, Shipping

Result = TypeVar("Result")
ABILITIES = Abilities(
    meaning=Meaning.NET,
    batch=stock.BATCH,
    budget=Budget(per_second=2, burst=20),
    stock_budget=Budget(per_second=1, burst=20),
    overlap_minutes=10,
)
PAGE = 50  # orders or products of one answer: a page of 100 takes a busy site a minute
SECOND = timedelta(seconds=1)
TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
NO_GOODS = ("grouped", "external")  # kinds of products that can't be ordered themselves
PING = re.compile(rb"webhook_id=\d+")
OPEN_STATES = ("pending", "on-hold", "processing", "failed")


class WooCommerce:
    """One shop."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = Client(account)
        self._shipping = Shipping(self._client, account)

    def check(self) -> Health:
        """Ask for what each scope gives; a batch of nothing tells whether the key may write."""
        root = self._client.root()
        missing = [
            name
            for name, ask in (
                ("read orders", lambda: self._client.page("orders", per_page=1, _fields="id")),
                (
                    "write products",
                    lambda: self._client.send("POST", "products/batch", {"update": []}),
                ),
                ("read webhooks", lambda: self._client.page("webhooks", per_page=1)),
            )
            if not _may(ask)
        ]
        currency = self._client.one("data/currencies/current") if not missing else {}
        return Health(
            name=str(root.data.get("name", "")),
            currency=str(currency.get("code", "")),
            missing=missing,
            skew_seconds=_skew(root.headers),
        )

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Orders changed after a moment. A page begins at the last second of the one before: offsets would skip orders
        that move to the end meanwhile."""
        after, number = _place(page, since)
        rows = self._client.page(
            "orders",
            modified_after=_text(after),
            dates_are_gmt=True,
            orderby="modified",
            order="asc",
            per_page=PAGE,
            page=number,
            _fields="id,date_modified_gmt",
        ).data
        changes = _read(lambda: [_change(row, "date_modified_gmt") for row in rows], rows)
        if len(rows) < PAGE:
            return Page(changes)
        last = changes[-1].changed_at - SECOND
        return Page(changes, f"{_text(last)}|1" if last > after else f"{_text(after)}|{number + 1}")

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        """Orders created within a span; both of the shop's own limits are strict."""
        number = int(page or 1)
        reply = self._client.page(
            "orders",
            after=_text(since - SECOND),
            before=_text(until),
            dates_are_gmt=True,
            orderby="id",
            order="asc",
            per_page=PAGE,
            page=number,
            _fields="id,date_created_gmt",
        )
        changes = _read(
            lambda: [_change(row, "date_created_gmt") for row in reply.data], reply.data
        )
        return Page(changes, str(number + 1) if number < reply.pages else None)

    def order(self, id: str) -> Sold:
        """The order; its refunds and fulfillments are asked for only where there are some."""
        row = self._client.one(f"orders/{id}")
        refunds = (
            self._client.page(f"orders/{id}/refunds", per_page=100).data
            if row.get("refunds")
            else []
        )
        fulfillments = (
            self._client.page(f"orders/{id}/fulfillments").data
            if self._shipping.way == FULFILLMENTS
            else []
        )
        raw = {"order": row, "refunds": refunds, "fulfillments": fulfillments}
        link = f"{self._client.address}/wp-admin/admin.php?page=wc-orders&action=edit&id={id}"
        return _read(lambda: mapping.order(row, refunds, fulfillments, link, raw), raw)

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        """The signal of a webhook. Its key is the body's digest: delivery IDs repeat within a second, unsigned."""
        if PING.fullmatch(body):
            return [Signal("ping")]
        known = {name.lower(): value for name, value in headers.items()}
        if not is_signed(known.get("x-wc-webhook-signature", ""), body, self._webhook_secret()):
            raise BadSignature(_("The message isn't signed with the webhook's secret."))
        told = _read(lambda: json.loads(body), body.decode(errors="replace"))
        if not isinstance(told, dict) or not isinstance(told.get("id"), int):
            return []
        kind = "listing" if known.get("x-wc-webhook-resource") == "product" else "order"
        return [Signal(kind, str(told["id"]), hashlib.sha256(body).hexdigest())]

    def _webhook_secret(self) -> str:
        return self._account.credentials.get("webhook_secret", "")

    def listings(self, page: str | None = None) -> ListingPage:
        """A page of products, with the variations of those that have some in their place."""
        number = int(page or 1)
        reply = self._client.page("products", orderby="id", order="asc", per_page=PAGE, page=number)
        found = _read(lambda: list(self._listed(reply.data)), reply.data)
        return ListingPage(found, str(number + 1) if number < reply.pages else None)

    def _listed(self, products: Sequence[Any]) -> Iterator[ListingFacts]:
        sets = bool(self._account.settings.get("manages_stock"))
        for row in products:
            if row["type"] in NO_GOODS:
                continue
            if row["type"] != "variable":
                yield mapping.listing(row, None, sets_tracking=sets)
                continue
            for each in stock.variations(self._client, str(row["id"])):
                yield mapping.listing(each, row, sets_tracking=sets)

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        return stock.quantities(self._client, rows)

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        """Set quantities; the shop has no keys of requests, but setting a number again does no harm."""
        return stock.set_quantities(
            self._client, rows, sets_tracking=bool(self._account.settings.get("manages_stock"))
        )

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        return self._shipping.tell(order, parcel)

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        return self._shipping.known(order, parcel)

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        """Cancel an order; the shop puts its stock back, which the next number that we show corrects."""
        if order.stage == Stage.CANCELED:
            return Done(order.id)
        if order.state not in OPEN_STATES:
            raise Invalid(
                _("The shop's order is “%(state)s”; it can't be canceled there.")
                % {"state": order.state}
            )
        self._client.send("PUT", f"orders/{order.id}", {"status": "cancelled"})
        return Done(order.id)

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        """Give money back by the shop's payment plug-in, unless the account's setting `refunds_money` says that we only
        note it there. Both switches are always sent: left out, they move money and stock."""
        body = {
            "amount": str(request.amount),
            "reason": mapping.reason_with(request.reason, request.key),
            "api_refund": bool(self._account.settings.get("refunds_money", True)),
            "api_restock": False,
            "line_items": _refunded_lines(order, request),
            "meta_data": [{"key": mapping.REFUND_MARK, "value": request.key}],
        }
        made = self._client.send("POST", f"orders/{order.id}/refunds", body)
        return Done(_read(lambda: str(made["id"]), made))

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        found = next((each for each in order.refunds if each.key == request.key), None)
        return Done(found.id) if found else None

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        """One webhook for each topic; one that the shop disabled is active again, and all have the secret."""
        rows = self._client.page("webhooks", per_page=100).data
        known = {row["topic"]: row for row in rows if row["delivery_url"] == address}
        found = []
        for topic in TOPICS:
            wanted = {"secret": secret, "status": "active"}
            row = known.get(topic)
            if row is None:
                wanted |= {"name": f"OMS {topic}", "topic": topic, "delivery_url": address}
                row = self._client.send("POST", "webhooks", wanted)
            else:
                self._client.send("PUT", f"webhooks/{row['id']}", wanted)
            found.append(str(row["id"]))
        return found

    def refresh(self) -> None:
        """Keys don't end by themselves."""
        return


def is_signed(signature: str, body: bytes, secret: str) -> bool:
    """Whether a signature is the base64 of the body's HMAC-SHA256; compared in constant time, never with no secret."""
    made = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
    return bool(secret) and hmac.compare_digest(made, signature.encode())


def _may(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ScopeMissing:
        return False
    return True


def _skew(headers: Mapping[str, str]) -> float:
    """How far the shop's clock is ahead of ours, in seconds; its header is in whole ones."""
    try:
        return round(parsedate_to_datetime(headers.get("date", "")).timestamp() - time.time())
    except ValueError:
        return 0.0


def _read(read: Callable[[], Result], raw: Any) -> Result:
    """What an answer says. Raises SchemaChanged where it isn't as WooCommerce describes it."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SchemaChanged(
            _("The shop's answer isn't as expected: %(error)s.") % {"error": repr(error)},
            raw=json.dumps(raw, default=str)[:RAW],
        ) from error


def _text(moment: datetime) -> str:
    """A moment as the shop takes it: with `dates_are_gmt`, without a zone, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _place(page: str | None, since: datetime) -> tuple[datetime, int]:
    if page is None:
        return since.replace(microsecond=0) - SECOND, 1
    after, _bar, number = page.partition("|")
    return datetime.fromisoformat(after).replace(tzinfo=UTC), int(number)


def _change(row: Mapping[str, Any], name: str) -> Change:
    at = mapping.moment(row[name])
    if at is None:
        raise ValueError(f"{name} is empty")
    return Change(str(row["id"]), at)


def _refunded_lines(order: Sold, request: RefundRequest) -> list[dict[str, Any]]:
    """Units by line, and what of the amount they are where it covers them; the amount itself is what counts."""
    rows = {str(row["id"]): row for row in order.raw["order"]["line_items"]}
    lines = {line.id: line for line in order.lines}
    known = {key: count for key, count in request.units.items() if key in rows and count}
    total = sum(
        (lines[key].gross * count / lines[key].quantity for key, count in known.items()), money.ZERO
    )
    covers = total <= request.amount + money.quantum(order.currency) * len(known)
    return [
        {"id": int(key), "quantity": count}
        | (_shares(rows[key], count, order.currency) if covers else {})
        for key, count in known.items()
    ]


def _shares(row: Mapping[str, Any], count: int, currency: str) -> dict[str, Any]:
    def share(value: object) -> str:
        return str(
            money.round_amount(Decimal(str(value or "0")) * count / row["quantity"], currency)
        )

    return {
        "refund_total": float(share(row["total"])),
        "refund_tax": [
            {"id": each["id"], "refund_total": float(share(each["total"]))} for each in row["taxes"]
        ],
    }


class Provider:
    """WooCommerce, as the registry of providers knows it."""

    def open(self, account: Account) -> WooCommerce:
        return WooCommerce(account)

    def fields(self) -> Mapping[str, str]:
        return {"consumer_key": _("Consumer key"), "consumer_secret": _("Consumer secret")}

    def stages(self) -> Mapping[str, Stage]:
        return mapping.STAGES


def connect() -> Provider:
    return Provider()
