"""What happened in the demo's company: the past, goods bought, orders on every stage of their way, returns."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.test.utils import override_settings
from tqdm import tqdm

from fulfillment import labels, lanes, packing, picking, shipping, waves
from fulfillment.models import Shipment
from inventory import receiving
from inventory.models import SKU, Bin, Warehouse
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing import replenishment
from inventory.purchasing.models import Supplier
from inventory.purchasing.purchase_orders import Purchase
from inventory.purchasing.receiving import Received, receive
from inventory.receiving import PutAway
from oms.background import jobs
from oms.core import event_catalog, outbox
from oms.core.errors import NotEnough
from oms.core.models import Company, Event, Job, Notice, Topic, User
from oms.insights import rollups
from oms.messaging import notifications
from oms.web import importing
from oms.web.demo import company as build
from oms.web.importing import Report, Selection
from orders import lifecycle, order_entry, screening
from orders.accounting import export_runs, payments
from orders.accounting.models import Invoice
from orders.accounting.models.export import Profile
from orders.channels.online_retail.mapping import BadRow, Kind, Row
from orders.models import Channel, Order
from orders.order_entry import Entry, Line
from returns import inspection, requests
from returns import receiving as returning
from returns.inspection import Finding
from returns.models import ReturnLine
from returns.receiving import Arrived
from returns.requests import Asked

SAMPLE = Path(settings.BASE_DIR) / "oms" / "web" / "sample" / "online_retail_sample.csv.gz"
OPEN_FROM = timedelta(days=18)
SHIPPED_AFTER = timedelta(days=3)


def is_loaded() -> bool:
    """Whether this database holds the whole demo."""
    return Job.objects.filter(kind="demo", finished_at__isnull=False).exists()


def is_begun() -> bool:
    """Whether this database holds the demo, or as far as it came before it was interrupted."""
    return Company.objects.filter(code=build.COMPANY).exists()


def is_outdated() -> bool:
    """Whether the demo was written by a version that named its events otherwise."""
    return Event.objects.exclude(name__in=[each.name for each in event_catalog.declared()]).exists()


def load() -> None:
    """Build the company and let the sample happen, ending today; with progress."""
    rows = _rows_until_now()
    newest = max(row.at for row in rows)
    past = [row for row in rows if row.at < newest - OPEN_FROM or row.is_credit]
    fresh = [row for row in rows if row not in set(past)]
    with (
        override_settings(DRAIN_AFTER_COMMIT=False, REDIS_URL=""),
        tqdm(total=8, unit="step") as bar,
    ):

        def step(name: str) -> None:
            bar.set_description(name)
            bar.update()

        job = jobs.start("demo", "The demo's orders", len(_by_invoice(rows)))
        _happen(rows, past, fresh, newest, step)
        rollups.roll_up()
        notifications.mark_read(Notice.objects.filter(topic=Topic.TO_PICK).order_by("-pk")[10:])
        jobs.progress(job, done=job.total)
        jobs.finish(job)


def _happen(
    rows: Sequence[Row],
    past: Sequence[Row],
    fresh: Sequence[Row],
    newest: datetime,
    step: Callable[[str], None],
) -> None:
    step("company, warehouses, catalog")
    company = build.build(rows)
    site, reps = build.channels(company)
    step("orders of the past")
    _import_past(site, past)
    step("goods bought and received")
    for place in Warehouse.objects.all():
        _stock(place)
    lanes.refresh()
    step("orders entered and confirmed")
    invoices = _by_invoice(fresh)
    old = {name: own for name, own in invoices.items() if own[0].at < newest - SHIPPED_AFTER}
    for channel, own in zip(_turns(site, reps), old.values(), strict=False):
        _confirmed(channel, own)
    outbox.drain()
    step("orders picked, packed and shipped")
    _ship_all()
    step("invoices, payments, returns")
    _pay_some()
    _return_some()
    _export(company)
    step("orders of the last days, at every stage")
    for index, own in enumerate(own for name, own in invoices.items() if name not in old):
        STAGES[index % len(STAGES)](reps, own)
        outbox.drain()
    step("reorder check")
    replenishment.reorder_check()
    outbox.drain()


def _rows_until_now() -> list[Row]:
    """The sample's rows, moved in time so that the newest is of today."""
    rows = [row for row in importing.read(SAMPLE) if not isinstance(row, BadRow)]
    shift = datetime.now(UTC) - max(row.at for row in rows) - timedelta(minutes=5)
    return [dataclasses.replace(row, at=row.at + shift) for row in rows]


def _by_invoice(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.kind == Kind.GOODS:
            found.setdefault(row.invoice, []).append(row)
    return found


def _import_past(site: Channel, rows: Sequence[Row]) -> None:
    for batch in importing.invoices(iter(rows), Selection(), Report(), lambda: None):
        importing.import_history(site, batch, Report())


def _turns(*channels: Channel) -> Iterator[Channel]:
    while True:
        yield from channels


def _stock(place: Warehouse) -> None:
    """Buy for a warehouse what it shall have, receive it, and put it away."""
    buyer = User.objects.get(username="buyer")
    share = {"LON": 100, "LEE": 70, "RTM": 60}[place.code]
    items = [
        item
        for item in Supplier.objects.get().items.select_related("sku").order_by("sku__code")
        if build.number_from(place.code + item.sku.code, 1, 100) <= share
    ]
    order = purchasing.propose(
        Supplier.objects.get(),
        place,
        by=buyer,
        purchases=[
            Purchase(item.sku, build.number_from(item.sku.code + place.code, 4, 20) * 6, item.cost)
            for item in items
        ],
    )
    purchasing.approve(order, by=buyer)
    order = purchasing.send(order, by=buyer)
    lines = list(order.lines.select_related("sku"))
    receive(order, [Received(line, line.quantity) for line in lines], by=buyer)
    bins = list(Bin.objects.filter(warehouse=place, kind=Bin.Kind.STORAGE).order_by("code"))
    receiving.put_away_all(
        place,
        [
            PutAway(
                line.sku, bins[build.number_from(line.sku.code, 0, len(bins) - 1)], line.quantity
            )
            for line in lines
        ],
    )


def _entry(channel: Channel, rows: Sequence[Row]) -> Entry:
    skus = {sku.code: sku for sku in SKU.objects.filter(code__in={row.code for row in rows})}
    lines = [Line(skus[row.code], row.quantity) for row in rows]
    return Entry(channel, build.customer(rows[0]), lines, external_id=rows[0].invoice)


def _placed(channel: Channel, rows: Sequence[Row]) -> Order:
    return order_entry.enter(
        _entry(channel, rows), by=User.objects.get(username="rep"), at=rows[0].at
    )


def _confirmed(channel: Channel, rows: Sequence[Row]) -> Order | None:
    """Confirm if the stock is there; on the site's channel, what is short stays placed."""
    order = _placed(channel, rows)
    try:
        return lifecycle.confirm(
            order, by=User.objects.get(username="rep"), at=rows[0].at + timedelta(hours=1)
        )
    except NotEnough:
        return None


def _ship_all() -> None:
    picker, packer = User.objects.get(username="picker"), User.objects.get(username="packer")
    for place in Warehouse.objects.all():
        for wave in waves.propose(place, by=picker):
            wave = waves.release(wave, by=picker)
            for shipment in wave.shipments.all():
                picking.pick_all(shipment, by=picker)
                packing.pack(_again(shipment), by=packer)
                labels.buy(_again(shipment), by=packer)
    outbox.drain()
    now = datetime.now(UTC)
    for shipment in Shipment.objects.filter(status="packed").select_related("order"):
        at = min(now, shipment.order.created_at + timedelta(hours=30))
        shipping.ship(shipment, by=packer, at=at)
        if now - at > timedelta(days=4):
            shipping.deliver(_again(shipment), at=at + timedelta(days=2))
    outbox.drain()


def _again(shipment: Shipment) -> Shipment:
    return Shipment.objects.get(pk=shipment.pk)


def _pay_some() -> None:
    """Two of three invoices are paid."""
    accountant = User.objects.get(username="accountant")
    for number, document in enumerate(
        Invoice.objects.filter(is_imported=False, kind="invoice").order_by("pk")
    ):
        if number % 3:
            payment = payments.register_transfer(
                document.customer,
                document.gross,
                company=document.company,
                reference=f"bank-{document.number}",
                by=accountant,
            )
            payments.apply(payment, document, by=accountant)


def _export(company: Company) -> None:
    """What is new goes to the accountant's books."""
    accountant = User.objects.get(username="accountant")
    run = export_runs.prepare(company, Profile.INVOICE_LINES, only_new=True, by=accountant)
    assert run.job is not None
    jobs.work(run.job.pk)
    export_runs.send(run, by=accountant)


def _return_some() -> None:
    """A few shipped orders come back, on every stage of that way."""
    rep, packer = User.objects.get(username="rep"), User.objects.get(username="packer")
    shipped = Order.objects.filter(is_imported=False, shipped__gt=0).order_by("pk")[:10]
    for number, order in enumerate(shipped):
        line = order.lines.filter(shipped__gt=0).order_by("pk")[0]
        reason = ReturnLine.Reason.DAMAGED if number % 2 else ReturnLine.Reason.UNWANTED
        request = requests.open_request(order, [Asked(line, 1, reason)], by=rep)
        part = request.lines.get()
        if number < 3 or request.status != "approved":
            continue
        request = returning.receive(request, [Arrived(part, number % 2, 1 - number % 2)], by=packer)
        if number < 5:
            continue
        disposition = ("new", "restock", False) if number % 2 else ("broken", "scrap", True)
        inspection.inspect(request, [Finding(part, 1, *disposition)], by=packer)
    outbox.drain()


def _stay_draft(channel: Channel, rows: Sequence[Row]) -> None:
    entry = _entry(channel, rows)
    order_entry.draft(
        Entry(channel, entry.customer, entry.lines), by=User.objects.get(username="rep")
    )


def _stay_quoted(channel: Channel, rows: Sequence[Row]) -> None:
    entry = _entry(channel, rows)
    order = order_entry.draft(
        Entry(channel, entry.customer, entry.lines), by=User.objects.get(username="rep")
    )
    order_entry.quote(order, valid_until=order.company.today() + timedelta(days=14))


def _stay_placed(channel: Channel, rows: Sequence[Row]) -> None:
    _placed(channel, rows)


def _stay_on_hold(channel: Channel, rows: Sequence[Row]) -> None:
    screening.hold(_placed(channel, rows), reason="asked for a call back before shipping")


def _stay_confirmed(channel: Channel, rows: Sequence[Row]) -> None:
    _confirmed(channel, rows)


def _to_shipment(channel: Channel, rows: Sequence[Row]) -> Shipment:
    order = _confirmed(channel, rows)
    outbox.drain()
    return waves.start_picking(Shipment.objects.filter(order=order).latest("pk"))


def _stay_picking(channel: Channel, rows: Sequence[Row]) -> None:
    _to_shipment(channel, rows)


def _stay_picked(channel: Channel, rows: Sequence[Row]) -> None:
    picking.pick_all(_to_shipment(channel, rows))


def _stay_packed(channel: Channel, rows: Sequence[Row]) -> None:
    shipment = _to_shipment(channel, rows)
    packing.pack(picking.pick_all(shipment))


def _stay_labeled(channel: Channel, rows: Sequence[Row]) -> None:
    shipment = _to_shipment(channel, rows)
    labels.buy(packing.pack(picking.pick_all(shipment)))


def _prepaid(channel: Channel, rows: Sequence[Row]) -> None:
    order = _confirmed(channel, rows)
    if order is not None and order.gross > 0:
        payments.authorize(order, order.gross, reference=f"card-{order.number}")


STAGES: tuple[Callable[[Channel, Sequence[Row]], None], ...] = (
    _stay_draft,
    _stay_confirmed,
    _stay_placed,
    _stay_picking,
    _stay_quoted,
    _stay_packed,
    _stay_on_hold,
    _stay_picked,
    _prepaid,
    _stay_labeled,
)
