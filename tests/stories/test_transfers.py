"""Transfers: received in parts, called back, and ended explicitly."""

import pytest

from inventory import catalog, transfers
from inventory.models import Bin, Move, Stock, Transfer, TransferLine
from inventory.transfers import Arrived
from oms.core import operations as declared
from oms.core import states
from oms.core.errors import Refused, WrongState
from tests import builders as make
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def drafted(quantity=6, sku="TEE-M", code="A-01"):
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=make.sku(sku), bin=storage(make.warehouse(), code), quantity=quantity
    )
    return transfer


@pytest.fixture
def sent():
    make.sku("TEE-M", stock={"LON": 10})
    return transfers.send(drafted())


def arrive(transfer, good, damaged=0):
    return transfers.receive(transfer, [Arrived(transfer.lines.get(), good, damaged)])


def test_a_transfer_is_received_in_parts(sent, drain):
    waiting = make.confirmed(("TEE-M", 9), backorder=True)

    part = arrive(sent, 2)
    drain()

    assert (part.status, part.lines.get().in_transit) == ("sent", 4)
    assert make.stock_of(make.sku("TEE-M"), "MAN")[:2] == (2, 2)
    assert make.fresh(waiting).reserved == 6
    assert arrive(part, 3, damaged=1).status == "received"
    drain()
    assert make.bin_stock(make.sku("TEE-M"), "MAN", "DAMAGED") == 1
    assert make.fresh(waiting).reserved == 9


def test_more_than_is_in_transit_cannot_arrive(sent):
    arrive(sent, 5)

    with pytest.raises(Refused, match="1 are in transit; 2 can't have arrived"):
        arrive(sent, 2)
    with pytest.raises(Refused, match="Nothing arrived"):
        arrive(sent, 0)


def test_what_is_in_transit_is_called_back(sent):
    arrive(sent, 2)

    transfer = transfers.recall(sent)

    assert (transfer.status, transfer.lines.get().recalled) == ("received", 4)
    assert (make.stock_of(make.sku("TEE-M"))[0], make.stock_of(make.sku("TEE-M"), "MAN")[0]) == (
        8,
        2,
    )
    with pytest.raises(WrongState):
        transfers.recall(transfer)


def test_a_transfer_of_which_nothing_arrived_is_recalled(sent):
    assert transfers.recall(sent).status == "recalled"
    assert make.stock_of(make.sku("TEE-M")) == (10, 10, 0)
    assert Stock.objects.get(warehouse__code="LON").average_cost == 4


def test_a_lost_rest_is_ended_with_its_reason(sent):
    arrive(sent, 5)

    with pytest.raises(Refused, match="Say why"):
        transfers.write_off(sent, reason=" ")
    transfer = transfers.write_off(sent, reason="fell off the truck")

    assert (transfer.status, transfer.lines.get().lost) == ("received", 1)
    assert Move.objects.get(target__kind=Bin.Kind.ADJUSTMENT).note == "fell off the truck"


def test_what_was_damaged_at_the_source_is_damaged_where_it_arrives_and_comes_back_so():
    tee = make.sku("TEE-M")
    make.put(tee, "LON", 5, code="DAMAGED")
    first, second = (transfers.send(drafted(2, code="DAMAGED")) for _ in range(2))

    arrive(first, 2)
    transfers.recall(second)

    assert (make.bin_stock(tee, "MAN", "DAMAGED"), make.bin_stock(tee, "LON", "DAMAGED")) == (2, 3)


def test_a_draft_is_canceled():
    make.sku("TEE-M", stock={"LON": 10})

    transfer = transfers.cancel(drafted())

    assert transfer.status == "canceled"
    with pytest.raises(WrongState):
        transfers.send(transfer)


def test_goods_in_custody_are_not_sent():
    order = (
        make.picked(make.confirmed(("TEE-M", 2))) if make.sku("TEE-M", stock={"LON": 3}) else None
    )
    staging = catalog.place(make.warehouse(), Bin.Kind.STAGING)
    transfer = drafted(1, code=staging.code)

    with pytest.raises(Refused):
        transfers.send(transfer)

    assert order.status == "picking"


def test_one_line_of_several_arrives_and_the_form_asks_for_what_is_in_transit(sent):
    arrive(sent, 4)
    step = declared.of(Transfer)["receive"]

    (row,) = step.initial(make.fresh(sent)).goods

    assert (row.good, row.damaged) == (2, 0)
    picker = make.user("pat", "picker")
    sent.target.staff.add(picker)
    done = step.perform(sent, by=picker, goods=[Arrived(row.line, 1, 1)])
    assert done.status == "received"
