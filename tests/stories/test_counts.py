"""Counts: one difference is booked once, whatever moves and whoever counts meanwhile."""

import pytest

from fulfillment import picking, waves
from inventory import adjusting, catalog, counting
from inventory.counting import Found
from inventory.models import Bin, Count, Lot, Move
from oms.backoffice.forms import OperationForm
from oms.core import operations as declared
from oms.core.errors import Refused, WrongState
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def keyed(found, code="A-01", sku="TEE-M"):
    """A count of one bin, entered: so many of the only SKU in it."""
    count = counting.plan(make.warehouse(), [storage(make.warehouse(), code)])
    return counting.key(count, {count.lines.get(sku__code=sku).pk: found})


def there(code="A-01", sku="TEE-M"):
    return make.bin_stock(make.sku(sku), "LON", code)


def differences():
    return [
        (move.quantity, move.target.kind)
        for move in Move.objects.filter(reason="count").order_by("pk")
    ]


def test_two_counts_of_one_bin_book_one_difference():
    make.sku("TEE-M", stock={"LON": 10})
    first, second = keyed(8), keyed(8)

    counting.reconcile(first)
    counting.reconcile(second)

    assert (there(), differences()) == (8, [(2, "adjustment")])
    assert [count.lines.get().posted for count in (first, second)] == [-2, 0]


def test_two_counts_that_found_more_book_it_once():
    make.sku("TEE-M", stock={"LON": 10})
    first, second = keyed(12), keyed(12)

    counting.reconcile(second)
    counting.reconcile(first)

    assert (there(), sum(quantity for quantity, _ in differences())) == (12, 2)


def test_the_later_count_is_the_one_that_holds_in_either_order():
    make.sku("TEE-M", stock={"LON": 10})
    make.sku("CUP")
    put(make.sku("CUP"), "LON", 10, code="B-01")
    pairs = [(keyed(8), keyed(9)), (keyed(8, "B-01", "CUP"), keyed(9, "B-01", "CUP"))]

    for older, newer in (pairs[0], pairs[1][::-1]):
        counting.reconcile(older)
        counting.reconcile(newer)

    assert (there(), there("B-01", "CUP")) == (9, 9)


def test_what_is_picked_between_counting_and_posting_is_no_difference():
    make.sku("TEE-M", stock={"LON": 10})
    order = make.confirmed(("TEE-M", 4))
    shipment = waves.start_picking(make.shipment_of(order))
    count = keyed(9)  # one is missing, four are still to be picked

    picking.pick_all(shipment)
    count = counting.reconcile(count)

    assert there() == 5
    assert (count.lines.get().moved, count.lines.get().posted) == (-4, -1)


def test_what_a_short_pick_noticed_meanwhile_is_not_lost_twice(drain):
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 5))
    shipment = waves.start_picking(make.shipment_of(order))
    count = keyed(3)

    picking.report_short(shipment.lines.get(), found=3)
    counting.reconcile(count)
    drain()

    assert (there(), make.bin_stock(make.sku("TEE-M"), "LON", "MISSING")) == (0, 2)
    assert make.stock_of(make.sku("TEE-M")) == (5, 0, 0)


def test_an_adjustment_and_a_count_of_the_same_loss_book_it_once():
    make.sku("TEE-M", stock={"LON": 10})
    count = keyed(8)

    adjusting.adjust(make.sku("TEE-M"), storage(make.warehouse()), -2, note="two are gone")
    counting.reconcile(count)

    assert there() == 8


def test_goods_that_came_and_went_between_are_taken_into_account():
    tee = make.sku("TEE-M", stock={"LON": 10})
    count = keyed(9)

    put(tee, "LON", 5)
    adjusting.move_stock(tee, storage(make.warehouse()), storage(make.warehouse(), "B-01"), 3)
    counting.reconcile(count)

    assert (there(), there("B-01")) == (11, 3)


def test_a_count_that_can_no_longer_be_right_asks_to_be_done_again():
    tee = make.sku("TEE-M", stock={"LON": 10})
    count = keyed(2)
    adjusting.move_stock(tee, storage(make.warehouse()), storage(make.warehouse(), "B-01"), 5)

    with pytest.raises(Refused, match="more left A-01 than the 2 × TEE-M") as refused:
        counting.reconcile(count)

    assert refused.value.code == "count_again"
    count = counting.recount(count)
    count = counting.key(count, {count.lines.get().pk: 5})
    assert (counting.reconcile(count).status, there()) == ("reconciled", 5)


def test_a_count_is_canceled_and_nothing_is_posted():
    make.sku("TEE-M", stock={"LON": 10})
    planned, counted = counting.plan(make.warehouse(), [storage(make.warehouse())]), keyed(7)

    assert {counting.cancel(count).status for count in (planned, counted)} == {"canceled"}
    with pytest.raises(WrongState):
        counting.reconcile(counted)
    assert there() == 10


def test_what_lies_in_a_bin_that_the_books_call_empty_is_found(drain):
    make.sku("TEE-M")
    tea = make.sku("TEA", tracking="lot")
    waiting = make.confirmed(("TEE-M", 2), backorder=True)
    count = counting.plan(make.warehouse(), [storage(make.warehouse())])
    manager = make.user("boss", "manager")
    step = declared.of(Count)["record_counts"]

    step.perform(
        count,
        by=manager,
        found=[],
        also_found=[
            Found(make.sku("TEE-M"), storage(make.warehouse()), 2),
            Found(tea, storage(make.warehouse()), 4, "L-7"),
        ],
    )
    counting.reconcile(make.fresh(count))
    drain()

    assert (there(), there(sku="TEA"), Lot.objects.get().code) == (2, 4, "L-7")
    assert make.fresh(waiting).reserved == 2


def test_a_found_thing_without_its_bin_or_lot_is_asked_for():
    tea = make.sku("TEA", tracking="lot")
    count = counting.plan(make.warehouse(), [storage(make.warehouse())])
    step = declared.of(Count)["record_counts"]

    form = OperationForm(step, count, make.user("boss", "manager"), {"also_found-new0-sku": tea.pk})
    assert not form.is_valid()
    assert [list(row.form.errors) for row in form.tables[1].rows] == [["bin", "quantity"], [], []]
    with pytest.raises(Refused, match="TEA"):
        counting.key(count, {}, also=[Found(tea, storage(make.warehouse()), 2)])


def test_a_serial_number_is_one_piece():
    saw = make.sku("SAW", tracking="serial")
    count = counting.plan(make.warehouse(), [storage(make.warehouse())])

    with pytest.raises(Refused, match="one piece"):
        counting.key(count, {}, also=[Found(saw, storage(make.warehouse()), 2, "S-1")])


def test_a_bin_is_added_to_a_planned_count():
    make.sku("TEE-M", stock={"LON": 10})
    put(make.sku("CUP"), "LON", 4, code="B-01")
    count = counting.plan(make.warehouse(), [storage(make.warehouse())])

    count = counting.add_bin(
        counting.add_bin(count, storage(make.warehouse(), "B-01")), storage(make.warehouse())
    )

    assert list(count.lines.order_by("pk").values_list("sku__code", flat=True)) == ["TEE-M", "CUP"]


@pytest.mark.parametrize("kind", [Bin.Kind.STAGING, Bin.Kind.RETURNS, Bin.Kind.MISSING])
def test_goods_that_belong_to_a_process_are_not_counted(kind):
    place = catalog.place(make.warehouse(), kind)

    with pytest.raises(Refused, match="You can't count"):
        counting.plan(make.warehouse(), [place])


def test_a_bin_of_another_warehouse_is_not_counted():
    count = counting.plan(make.warehouse(), [])

    with pytest.raises(Refused, match="isn't in LON"):
        counting.add_bin(count, storage(make.warehouse("MAN"), "M-01"))
