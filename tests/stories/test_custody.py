"""Goods in staging, in returns and in transit are changed only by the process that put them there."""

import pytest

from fulfillment import picking
from fulfillment.models import Shipment
from inventory import adjusting, catalog, counting, ledger, receiving, transfers
from inventory.models import Bin, BinStock, CountLine, Move, Transfer, TransferLine
from inventory.receiving import Opening
from oms.core import operations, states
from oms.core.errors import Refused
from returns import inspection
from returns.inspection import Finding
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def place(kind, warehouse="LON"):
    return Bin.objects.get(warehouse=make.warehouse(warehouse), kind=kind)


@pytest.fixture
def staged():
    """Three shirts picked to staging, seven in A-01."""
    tee = make.sku("TEE-M", stock={"LON": 10})
    make.picked(make.confirmed(("TEE-M", 3)))
    return tee


@pytest.fixture
def returned():
    """A shirt that came back and waits for its inspection."""
    tee = make.sku("TEE-M", stock={"LON": 10})
    make.came_back(make.shipped(("TEE-M", 2)), good=1)
    return tee


def by_hand(tee, kept):
    """Everything that people do to a bin, on one that a process keeps."""
    shelf, warehouse = storage(make.warehouse()), make.warehouse()

    def send():
        transfer = states.create(Transfer(source=warehouse, target=make.warehouse("MAN")))
        TransferLine.objects.create(transfer=transfer, sku=tee, bin=kept, quantity=1)
        transfers.send(transfer)

    def count_line():
        count = counting.plan(warehouse, [])
        row = CountLine.objects.create(count=count, sku=tee, bin=kept)
        counting.key(count, {row.pk: 1})

    return {
        "move out": lambda: adjusting.move_stock(tee, kept, shelf, 1),
        "move in": lambda: adjusting.move_stock(tee, shelf, kept, 1),
        "find": lambda: adjusting.adjust(tee, kept, 1, note="found"),
        "loss": lambda: adjusting.adjust(tee, kept, -1, note="lost"),
        "scrap": lambda: adjusting.adjust(tee, kept, -1, note="broken", reason=Move.Reason.SCRAP),
        "put away out": lambda: receiving.put_away(tee, kept, shelf, 1),
        "put away in": lambda: receiving.put_away(tee, place(Bin.Kind.RECEIVING), kept, 1),
        "opening stock": lambda: receiving.open_stock(warehouse, [Opening(tee, kept, 1, 4)]),
        "plan a count": lambda: counting.plan(warehouse, [kept]),
        "count": count_line,
        "transfer": send,
    }


@pytest.mark.parametrize(
    "how",
    [
        "move out",
        "move in",
        "find",
        "loss",
        "scrap",
        "put away out",
        "put away in",
        "opening stock",
        "plan a count",
        "count",
        "transfer",
    ],
)
@pytest.mark.parametrize(
    ("kind", "goods"), [(Bin.Kind.STAGING, "staged"), (Bin.Kind.RETURNS, "returned")]
)
def test_what_a_process_keeps_nobody_changes_by_hand(request, kind, goods, how):
    tee = request.getfixturevalue(goods)
    kept = place(kind)
    before = list(BinStock.objects.order_by("pk").values_list("bin", "on_hand"))

    with pytest.raises(Refused, match=r"directly|can't count") as refused:
        by_hand(tee, kept)[how]()

    assert refused.value.code in ("in_custody", "not_countable")
    assert list(BinStock.objects.order_by("pk").values_list("bin", "on_hand")) == before


@pytest.fixture
def damaged():
    """A return of a shirt that came back damaged."""
    make.sku("TEE-M", stock={"LON": 10})
    return make.came_back(make.shipped(("TEE-M", 2)), good=0, damaged=1)


def scrap(request):
    return inspection.inspect(
        request, [Finding(request.lines.get(), 1, "broken", "scrap", damaged=True)]
    )


def test_damaged_goods_of_a_return_are_its_own_until_they_are_inspected(damaged):
    tee, kept = make.sku("TEE-M"), Move.objects.get(reference=damaged.number).target

    for act in by_hand(tee, kept).values():
        with pytest.raises(Refused, match=r"directly|can't count"):
            act()

    assert scrap(damaged).status == "inspected" and make.bin_stock(tee, "LON", kept.code) == 0


def test_damaged_goods_that_were_received_with_others_are_inspected_there(damaged):
    """As they were until damaged returns got a bin of their own."""
    Bin.objects.filter(kind=Bin.Kind.DAMAGED).update(code="DAMAGED-1")
    Bin.objects.filter(kind=Bin.Kind.DAMAGED_RETURNS).update(kind=Bin.Kind.DAMAGED, code="DAMAGED")

    assert (
        scrap(damaged).status == "inspected"
        and make.bin_stock(make.sku("TEE-M"), "LON", "DAMAGED") == 0
    )


def test_a_storage_bin_with_the_name_of_a_place_in_custody_is_not_that_place():
    warehouse = make.warehouse()
    Bin.objects.filter(kind=Bin.Kind.RETURNS).update(kind=Bin.Kind.STORAGE)

    made = catalog.place(warehouse, Bin.Kind.RETURNS)

    assert (made.code, made.kind, made.is_sellable) == ("RETURNS-2", Bin.Kind.RETURNS, False)
    assert catalog.place(warehouse, Bin.Kind.RETURNS) == made


def test_the_ledger_itself_holds_the_rule(staged):
    transit = Bin.objects.get(kind=Bin.Kind.TRANSIT)
    for source, target, reason in (
        (place(Bin.Kind.STAGING), storage(make.warehouse()), Move.Reason.MOVE),
        (storage(make.warehouse()), place(Bin.Kind.STAGING), Move.Reason.COUNT),
        (transit, storage(make.warehouse()), Move.Reason.ADJUST),
        (storage(make.warehouse()), transit, Move.Reason.MOVE),
    ):
        with pytest.raises(Refused, match="directly"):
            ledger.move(staged, source, target, 1, reason=reason)


def test_the_process_itself_goes_on(staged):
    shipment = make.shipment_of(make.shipped(("TEE-M", 2)))
    assert shipment.status == "shipped"


def test_picked_goods_are_put_back_through_their_shipment(staged):
    shipment = Shipment.objects.get()
    picking.put_back(shipment.lines.get(), storage(make.warehouse()))

    assert make.bin_stock(staged, "LON", "STAGING") == 0


@pytest.mark.parametrize(
    ("kind", "arrives"), [(Bin.Kind.DAMAGED, "DAMAGED"), (Bin.Kind.QUARANTINE, "QUARANTINE")]
)
def test_what_cannot_be_sold_here_is_not_sold_there(drain, kind, arrives):
    tee = make.sku("TEE-M", stock={"LON": 5})
    source = Bin.objects.filter(
        warehouse=make.warehouse(), kind=kind
    ).first() or Bin.objects.create(
        warehouse=make.warehouse(), code="QUARANTINE", kind=kind, is_sellable=False
    )
    adjusting.move_stock(tee, storage(make.warehouse()), source, 2)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(transfer=transfer, sku=tee, bin=source, quantity=2)

    transfers.send(transfer)
    make.arrived(make.fresh(transfer))
    drain()

    assert make.bin_stock(tee, "MAN", arrives) == 2
    assert make.stock_of(tee, "MAN") == (2, 0, 0)


def test_stock_of_a_blocked_bin_arrives_in_quarantine():
    tee = make.sku("TEE-M")
    put(tee, "LON", 2, code="B-01")
    blocked = storage(make.warehouse(), "B-02", is_sellable=False)
    adjusting.move_stock(tee, storage(make.warehouse(), "B-01"), blocked, 2)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(transfer=transfer, sku=tee, bin=blocked, quantity=2)

    transfers.send(transfer)
    make.arrived(make.fresh(transfer))

    assert make.bin_stock(tee, "MAN", "QUARANTINE") == 2


def test_missing_goods_are_not_sent_or_counted_where_they_are_booked():
    tee = make.sku("TEE-M", stock={"LON": 5})
    missing = place(Bin.Kind.MISSING)
    adjusting.move_stock(tee, storage(make.warehouse()), missing, 2)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(transfer=transfer, sku=tee, bin=missing, quantity=2)

    with pytest.raises(Refused, match="only a place in the books"):
        transfers.send(transfer)
    with pytest.raises(Refused, match="can't count"):
        counting.plan(make.warehouse(), [missing])


def test_forms_do_not_offer_such_bins(staged):
    shelf = BinStock.objects.get(bin__code="A-01")
    kept = BinStock.objects.get(bin__kind=Bin.Kind.STAGING)
    move = operations.of(BinStock)["move"]
    offered = {each.kind for each in _offered(move, shelf)}

    assert offered and not offered & {Bin.Kind.STAGING, Bin.Kind.RETURNS, Bin.Kind.TRANSIT}
    assert shelf.bin not in _offered(move, shelf)
    assert [step.available(kept) for step in operations.of(BinStock).values()] == [False, False]


def _offered(operation, row):
    narrow = operation.input.__dataclass_fields__["to"].metadata["among"]
    return narrow(Bin.objects.all(), row)
