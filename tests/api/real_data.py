"""Something that each endpoint works on: documents in every state of the demo's company, and what to ask of them."""

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.models import Shipment
from inventory import receiving
from inventory.models import SKU, Bin, Warehouse
from inventory.receiving import Opening
from oms.core import inputs, operations, outbox
from oms.core.inputs import key_of
from oms.core.models import Company, User, WebhookDelivery, WebhookEndpoint
from oms.messaging import webhooks
from orders import lifecycle, order_entry, screening
from orders.accounting.models import Invoice
from orders.models import Channel, Customer, Order
from orders.order_entry import Entry, Line
from returns.models import ReturnPolicy, ReturnRequest
from tests import builders as make
from tests.races.resend import example_client

AT_LONDON, OUTSIDE = "FUZZ-LONDON", "FUZZ-OUTSIDE"
PATHS = {"orders": Order, "shipments": Shipment, "invoices": Invoice, "returns": ReturnRequest}


@dataclasses.dataclass
class Endpoint:
    """Where to call, with what in the address and the query, and with which bodies."""

    path: str
    parameters: dict[str, str]
    method: str = "GET"
    body: dict[str, Any] | None = None
    version: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """A new key for what is created, and the version that the document has."""
        return {"Idempotency-Key": str(uuid.uuid4()), "If-Match": f'"{self.version}"'}


def endpoints() -> list[Endpoint]:
    """Bring documents into every state, and find for each endpoint one that it fits."""
    carry()
    return [*_reading(), *_entering(), *_operations(), *_webhooks()]


def carry() -> None:
    """Orders, shipments and returns in every state, by the operations that lead there."""
    _stock()
    drafts = [order_entry.draft(_entry()) for _ in range(8)]
    for draft in drafts[:3]:
        order_entry.quote(draft, valid_until=_today() + timedelta(days=9))
    placed = [order_entry.enter(_entry()) for _ in range(8)]
    for order in placed[:3]:
        screening.hold(order, reason="Customer asked for a call before shipping.")
    for code in [OUTSIDE] * 3 + [AT_LONDON] * 10:
        _to_ship(code)
    pick, pack, label, ship = picking.pick_all, packing.pack, labels.buy, shipping.ship
    for steps in ((), (), (pick,), (pick,), *[(pick, pack)] * 4, *[(pick, pack, label)] * 2):
        _walk(_to_ship(), waves.start_picking, *steps)
    shipped = [
        _walk(_to_ship(), waves.start_picking, pick, pack, label, ship).order for _ in range(9)
    ]
    _policy(auto_approve=True)
    make.asked_back(shipped[0])
    make.came_back(shipped[1])
    _policy(auto_approve=False)
    for order in shipped[2:5]:
        make.asked_back(order)


def _policy(*, auto_approve: bool) -> None:
    ReturnPolicy.objects.update_or_create(
        channel=_channel(), defaults={"auto_approve": auto_approve}
    )


def _stock() -> None:
    """Enough of a product at London, and of another that only a third party keeps."""
    company = Company.objects.get()
    outside, _ = Warehouse.objects.get_or_create(
        code="FUZZ3PL",
        defaults={
            "name": "Third party",
            "company": company,
            "kind": Warehouse.Kind.THIRD_PARTY,
            "country": "GB",
        },
    )
    for code, place in ((AT_LONDON, Warehouse.objects.get(code="LON")), (OUTSIDE, outside)):
        sku, _ = SKU.objects.get_or_create(code=code, defaults={"name": code, "weight_g": 200})
        shelf, _ = Bin.objects.get_or_create(warehouse=place, code="FUZZ-01")
        receiving.open_stock(place, [Opening(sku, shelf, 500, Decimal(1))])


def _to_ship(code: str = AT_LONDON) -> Shipment:
    order = lifecycle.confirm(order_entry.enter(_entry(code)))
    outbox.drain()
    return Shipment.objects.get(order=order)


def _walk(shipment: Shipment, *steps: Callable[[Shipment], Any]) -> Shipment:
    for step in steps:
        step(shipment)
        outbox.drain()
        shipment = Shipment.objects.get(pk=shipment.pk)
    return shipment


def _channel() -> Channel:
    return Channel.objects.get(code="reps")


def _today() -> date:
    return _channel().company.today()


def _customer() -> Customer:
    found = Customer.objects.filter(addresses__country="GB", is_active=True, currency="GBP").first()
    assert found is not None
    return found


def _entry(code: str = AT_LONDON) -> Entry:
    return Entry(_channel(), _customer(), [Line(SKU.objects.get(code=code), 5, Decimal("2.50"))])


def _reading() -> Iterator[Endpoint]:
    customer = _customer()
    yield Endpoint("/api/v1/customers/{code}/", {"path.code": customer.code})
    yield Endpoint("/api/v1/customers/{code}/credit/", {"path.code": customer.code})
    yield Endpoint(
        "/api/v1/customers/{code}/part-numbers/",
        {"path.code": customer.code},
        "PUT",
        {"code": "FUZZ 1", "sku": AT_LONDON},
    )
    yield Endpoint(
        "/api/v1/skus/read-lines/",
        {},
        "POST",
        {"customer": customer.code, "text": f"3 x {AT_LONDON}"},
    )
    yield Endpoint("/api/v1/warehouses/{code}/", {"path.code": "LON"})
    yield Endpoint("/api/v1/skus/{code}/", {"path.code": AT_LONDON})
    yield Endpoint(
        "/api/v1/skus/{code}/price/",
        {
            "path.code": SKU.objects.filter(prices__isnull=False)[0].code,
            "query.customer": customer.code,
            "query.channel": "reps",
        },
    )
    quoted = Order.objects.filter(status=Order.Status.QUOTED).order_by("pk")[0]
    yield Endpoint("/api/v1/quotes/{number}/", {"path.number": quoted.number})
    for path, model in PATHS.items():
        last = model.objects.exclude(number=None).order_by("pk")[0]
        yield Endpoint(f"/api/v1/{path}/{{number}}/", {"path.number": last.number})
    papers = Invoice.objects.filter(is_imported=False).order_by("pk")[0]
    yield Endpoint("/api/v1/invoices/{number}/pdf/", {"path.number": papers.number})


def answered(server: str, token: str) -> Endpoint:
    """A request that was sent with its key, and answered."""
    key, order = f"fuzz-{uuid.uuid4()}", _order()
    example_client().enter_order(server, token, key, order)
    return Endpoint("/api/v1/requests/{id}/", {"path.id": key})


def _order() -> dict[str, Any]:
    return {
        "customer": _customer().code,
        "channel": "reps",
        "lines": [{"sku": AT_LONDON, "quantity": 2, "unit_price": "2.50"}],
    }


def _entering() -> Iterator[Endpoint]:
    """What creates: an order, some orders, a quote, a return."""
    order = _order()
    yield Endpoint("/api/v1/orders/", {}, "POST", {**order, "external_id": f"fuzz-{uuid.uuid4()}"})
    yield Endpoint("/api/v1/orders/bulk/", {}, "POST", {"orders": [order]})
    until = (_today() + timedelta(days=9)).isoformat()
    yield Endpoint("/api/v1/quotes/", {}, "POST", {**order, "valid_until": until})
    shipped = [each for each in Order.objects.order_by("-pk")[:60] if each.shipped > each.returned]
    free = next(
        order for order in shipped if not ReturnRequest.objects.filter(order=order).exists()
    )
    yield Endpoint(
        "/api/v1/returns/",
        {},
        "POST",
        {"order": free.number, "lines": [{"order_line": 1, "quantity": 1, "reason": "damaged"}]},
    )


def _operations() -> Iterator[Endpoint]:
    """For each operation a document of its own that it fits: one operation ends what another needs."""
    worked_on = Shipment.objects.filter(status__in=["picking", "packed"]).values("order")
    for path, model in PATHS.items():
        used: set[str] = set()
        newest = model.objects.exclude(number=None).order_by("-pk")
        rows = list(newest.exclude(pk__in=worked_on) if model is Order else newest)[:300]
        fitting = {
            step: [row for row in rows if step.available(row)]
            for step in operations.of(model).values()
        }
        for step, fits in sorted(fitting.items(), key=lambda pair: len(pair[1])):
            fit = next(row for row in fits if row.number not in used)
            used.add(fit.number)
            where = f"/api/v1/{path}/{{number}}/{step.name.replace('_', '-')}/"
            for address in [where] + ([f"{where}preview/"] if step.preview else []):
                yield Endpoint(
                    address, {"path.number": fit.number}, "POST", body_of(step, fit), fit.version
                )


def body_of(step: operations.Operation, document: Any) -> dict[str, Any] | None:
    """The operation's own example, with records of this document."""
    if step.input is None:
        return None
    body, initial = dict(step.example or {}), step.initial(document) if step.initial else None
    for field in inputs.describe(step.input).fields:
        if field.rows is not None:
            known = [row for row in getattr(initial, field.name) if _record(row) is not None]
            body[field.name] = (
                [{**row, **_row(known[0])} for row in body.get(field.name, [{}])] if known else []
            )
        elif field.is_record and not field.is_nullable:
            rows = field.among(field.kind._default_manager.all(), document)
            body[field.name] = getattr(rows[0], key_of(field.kind))
    if "reference" in body:
        body["reference"] = f"fuzz {document.number} {step.name}"
    return body


def _record(row: Any) -> Any:
    return getattr(row, inputs.describe(type(row)).about.name)


def _row(row: Any) -> dict[str, Any]:
    """How a program names the record that a row is about."""
    about = inputs.describe(type(row)).about
    return {about.name: getattr(_record(row), key_of(about.kind))}


def _webhooks() -> Iterator[Endpoint]:
    """Endpoints with something to tell, one for each thing that can be done with one."""
    company, boss = Company.objects.first(), User.objects.filter(is_superuser=True).first()
    made = [
        webhooks.subscribe(WebhookEndpoint(company=company, user=boss, url="https://example.com/"))
        for _ in range(5)
    ]
    where = "/api/v1/webhooks/{id}/"
    yield Endpoint(where, {"path.id": str(made[0].pk)})
    yield Endpoint(where, {"path.id": str(made[1].pk)}, "PATCH", {"events": ["order.*"]})
    yield Endpoint(where, {"path.id": str(made[2].pk)}, "DELETE")
    yield Endpoint(f"{where}rotate-secret/", {"path.id": str(made[3].pk)}, "POST")
    yield Endpoint(
        "/api/v1/webhooks/",
        {},
        "POST",
        {
            "company": company.code if company else "",
            "url": "https://example.com/oms",
            "events": ["order.*"],
        },
    )
    WebhookEndpoint.objects.filter(pk=made[4].pk).update(position=0)
    webhooks.fan_out()
    delivery = WebhookDelivery.objects.order_by("-pk")[0]
    yield Endpoint("/api/v1/webhook-deliveries/{id}/", {"path.id": str(delivery.pk)})
    yield Endpoint("/api/v1/webhook-deliveries/{id}/replay/", {"path.id": str(delivery.pk)}, "POST")
