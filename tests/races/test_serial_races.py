"""Two people with one serial number in their hands: it is received once, picked once, and in one place."""

import pytest

from fulfillment import picking, waves
from inventory import adjusting, reservations
from inventory.models import BinStock, Lot, Move, Reservation
from inventory.purchasing import receiving
from inventory.purchasing.receiving import Received
from oms.core.errors import DomainError
from tests import builders as make
from tests.builders.stock import storage
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 4


def saw(turn=0):
    return make.sku(f"SAW-{turn}", tracking="serial")


def stocked(item, *codes):
    """Serial numbers in a bin each."""
    for number, code in enumerate(codes, 1):
        make.put(
            item,
            "LON",
            1,
            code=f"A-{number:02}",
            lot=Lot.objects.get_or_create(sku=item, code=code)[0],
        )


def whereabouts(item):
    return dict(
        BinStock.objects.filter(sku=item, on_hand__gt=0).values_list("lot__code", "on_hand")
    )


def refusals(results):
    return [result for result in results if isinstance(result, Exception)]


@pytest.mark.usefixtures("verified")
def test_two_receipts_of_one_serial_number_take_it_once(race):
    for turn in range(TURNS):
        item = saw(turn)
        orders = [make.sent_purchase(item, 1) for _ in range(2)]

        results = race(
            *[
                lambda o=order: receiving.receive(o, [Received(o.lines.get(), 1, lot="S-1")])
                for order in orders
            ]
        )

        assert len(refusals(results)) == 1 and isinstance(refusals(results)[0], DomainError), (
            results
        )
        assert (whereabouts(item), make.stock_of(item)) == ({"S-1": 1}, (1, 1, 0))
        assert Move.objects.filter(sku=item).count() == 1


@pytest.mark.usefixtures("verified")
def test_a_receipt_and_a_find_of_one_serial_number_book_it_once(race):
    for turn in range(TURNS):
        item, place = saw(turn), storage(make.warehouse())
        lot, order = Lot.objects.create(sku=item, code="S-1"), make.sent_purchase(item, 1)

        results = race(
            lambda o=order: receiving.receive(o, [Received(o.lines.get(), 1, lot="S-1")]),
            lambda i=item, n=lot, p=place: adjusting.adjust(i, p, 1, lot=n, note="found"),
        )

        assert len(refusals(results)) == 1 and isinstance(refusals(results)[0], DomainError), (
            results
        )
        assert whereabouts(item) == {"S-1": 1}


@pytest.mark.usefixtures("verified")
def test_two_orders_are_changed_to_one_serial_number_and_one_gets_it(race, drain):
    for turn in range(TURNS):
        item = saw(turn)
        stocked(item, "S-1", "S-2", "S-3")
        lines = [
            waves.start_picking(make.shipment_of(make.confirmed((item.code, 1)))).lines.get()
            for _ in range(2)
        ]
        wanted = BinStock.objects.get(sku=item, lot__code="S-3")

        results = race(
            *[lambda line=line, to=wanted: picking.change_lot(line, to) for line in lines]
        )
        drain()

        assert kinds(results)["done"] == 1 and isinstance(refusals(results)[0], DomainError), (
            results
        )
        reserved = Reservation.objects.filter(sku=item, state="allocated").values_list(
            "lot__code", flat=True
        )
        assert sorted(reserved)[-1] == "S-3" and len(set(reserved)) == 2


@pytest.mark.usefixtures("verified")
def test_a_pick_and_a_loss_of_one_serial_number_agree(race, drain):
    for turn in range(TURNS):
        item = saw(turn)
        stocked(item, "S-1", "S-2")
        order = make.confirmed((item.code, 1), backorder=True)
        shipment = waves.start_picking(make.shipment_of(order))
        row = Reservation.objects.get(sku=item, state="allocated")

        results = race(
            lambda s=shipment: picking.pick_all(s),
            lambda i=item, r=row: adjusting.adjust(i, r.bin, -1, lot=r.lot, note="gone"),
        )
        drain()

        assert all(isinstance(result, DomainError) for result in refusals(results)), results
        assert (
            sum(whereabouts(item).values())
            == 2 - Move.objects.filter(sku=item, reason="adjust").count()
        )


@pytest.mark.usefixtures("verified")
def test_a_serial_number_is_picked_once(race, drain):
    item = saw()
    stocked(item, "S-1")
    shipment = waves.start_picking(make.shipment_of(make.confirmed((item.code, 1))))
    rows = list(Reservation.objects.filter(sku=item))

    results = race(*[lambda: reservations.pick(rows)] * 2)

    assert kinds(results) == {"done": 1, "WrongState": 1}
    picking.put_back(shipment.lines.get(), storage(make.warehouse()))
    drain()
    assert whereabouts(item) == {"S-1": 1}
