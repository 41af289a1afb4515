import random

import pytest

from inventory import adjusting, allocating, reservations, sourcing
from inventory.models import Demand, Reservation, Stock
from inventory.sourcing import Destination, Terms, Wanted
from oms.core import outbox
from tests import builders as make
from tests.builders.stock import storage
from tests.races.conftest import kinds

pytestmark = [pytest.mark.smoke, pytest.mark.django_db(transaction=True)]
UK = Destination("GB", "N1")


def promise(document, *lines, can_backorder=False):
    wanted = [Wanted(number, item, quantity) for number, (item, quantity) in enumerate(lines, 1)]
    return sourcing.promise(
        document, make.company(), wanted, UK, Terms(can_backorder=can_backorder)
    )


def test_last_units_go_to_exactly_as_many_orders_as_there_are(race):
    tee = make.sku(stock={"LON": 3, "MAN": 2})

    results = race(*[lambda n=n: promise(f"SO-{n}", (tee, 1)) for n in range(8)])

    assert kinds(results) == {"done": 5, "NotEnough": 3}
    assert make.stock_of(tee) == (3, 3, 3)


def test_orders_with_skus_in_any_order_do_not_deadlock(race):
    skus = [make.sku(f"S-{n}", stock={"LON": 100, "MAN": 100}) for n in range(6)]

    for turn in range(5):
        mixed = [random.sample(skus, 6) for _ in range(8)]
        results = race(
            *[
                lambda n=n, lines=lines, turn=turn: promise(
                    f"SO-{turn}-{n}", *[(item, 2) for item in lines]
                )
                for n, lines in enumerate(mixed)
            ]
        )
        assert kinds(results) == {"done": 8}

    assert sum(Stock.objects.values_list("reserved", flat=True)) == 5 * 8 * 6 * 2


def test_a_receipt_and_a_promise_never_miss_each_other(race, drain):
    for turn in range(10):
        tee = make.sku(f"TEE-{turn}")

        race(
            lambda item=tee, turn=turn: promise(f"SO-{turn}", (item, 4), can_backorder=True),
            lambda item=tee: make.receive_purchase(item, 4),
        )
        drain()

        assert Demand.objects.get(sku=tee).reserved == 4


def test_two_pickers_pick_once(race):
    tee = make.sku(stock={"LON": 5})
    promise("SO-1", (tee, 5))
    allocating.allocate(list(Reservation.objects.all()))
    rows = list(Reservation.objects.all())

    results = race(lambda: reservations.pick(rows), lambda: reservations.pick(rows))

    assert kinds(results) == {"done": 1, "WrongState": 1}
    assert make.stock_of(tee) == (5, 0, 0)


def test_cancel_against_pick_leaves_nothing_half_done(race):
    for turn in range(8):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 5})
        document = f"SO-{turn}"
        promise(document, (tee, 5))
        allocating.allocate(list(Reservation.objects.filter(sku=tee)))
        rows = list(Reservation.objects.filter(sku=tee))

        results = race(
            lambda rows=rows: reservations.pick(rows),
            lambda document=document: reservations.cancel(document, {1: 5}),
        )

        row, stock = Reservation.objects.get(sku=tee), make.stock_of(tee)
        if kinds(results) == {"done": 2}:  # picked first: it must be put back
            assert (row.state, row.put_back_reason, stock) == ("picked", "cancel", (5, 0, 0))
        else:
            assert (row.state, stock) == ("unreserved", (5, 5, 0))


def test_loss_against_promise_never_oversells(race):
    for turn in range(8):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 5})
        place = storage(make.warehouse())

        race(
            lambda item=tee, turn=turn: promise(f"SO-{turn}", (item, 4)),
            lambda item=tee, place=place: adjusting.adjust(item, place, -3, note="broken"),
        )

        stock = Stock.objects.get(sku=tee)
        assert 0 <= stock.reserved <= stock.sellable


def test_two_drainers_make_each_effect_once(race):
    for turn in range(5):
        tee = make.sku(f"TEE-{turn}", stock={"LON": 1})
        promise(f"SO-{turn}", (tee, 3), can_backorder=True)
        make.receive_purchase(tee, 2)

    race(*[outbox.drain for _ in range(4)])
    outbox.drain()

    assert set(Demand.objects.values_list("reserved", flat=True)) == {3}
