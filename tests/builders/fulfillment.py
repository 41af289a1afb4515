"""Carriers, and orders taken to a stage of their way."""

from decimal import Decimal

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from fulfillment.models import Shipment
from oms.core import outbox
from orders.models import Order
from tests.builders import orders as make_orders
from tests.builders import stock as make_stock


def service(code: str = "std", price: str = "4.50", days: int = 2) -> CarrierService:
    account, _ = CarrierAccount.objects.get_or_create(
        code=make_stock.own("post"),
        defaults={"name": make_stock.own("Post"), "company": make_stock.company()},
    )
    made, new = CarrierService.objects.get_or_create(
        account=account, code=code, defaults={"name": code, "days": days}
    )
    if new:
        Rate.objects.create(service=made, country="GB", up_to_g=30_000, price=Decimal(price))
    return made


def shipment_of(order: Order) -> Shipment:
    return Shipment.objects.filter(order=order).exclude(status="canceled").latest("pk")


def picked(order: Order) -> Shipment:
    return picking.pick_all(waves.start_picking(shipment_of(order)))


def packed(order: Order) -> Shipment:
    return packing.pack(picked(order))


def labeled(order: Order) -> Shipment:
    service()
    labels.buy(packed(order))
    outbox.drain()
    return shipment_of(order)


def shipped(*lines, **options) -> Order:
    """An order that was confirmed, shipped and invoiced, its events delivered."""
    return ship_rest(make_orders.confirmed(*lines, **options))


def ship_rest(order: Order) -> Order:
    """All shipments of an order that have not left, taken out."""
    for shipment in Shipment.objects.filter(order=order, status=Shipment.Status.OPEN):
        service()
        packing.pack(picking.pick_all(waves.start_picking(shipment)))
        labels.buy(make_orders.fresh(shipment))
        outbox.drain()
        shipping.ship(make_orders.fresh(shipment))
    outbox.drain()
    return make_orders.fresh(order)
