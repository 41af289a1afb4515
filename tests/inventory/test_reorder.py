"""The reorder check: what it proposes to buy and to bring, and what it says it could not serve."""

import pytest

from inventory import transfers
from inventory.models import Transfer, Warehouse
from inventory.purchasing import replenishment
from inventory.purchasing.models import ReorderRule, SupplierItem
from inventory.purchasing.planners.reorder import Position, advise, surplus
from oms.core.models import Notice
from tests import builders as make
from tests.builders.stock import supplier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def rule(code="TEE-M", place="LON", point=10, target=30, **item):
    sku = make.sku(code)
    if item.pop("bought", True):
        SupplierItem.objects.get_or_create(
            supplier=supplier(), sku=sku, defaults={"cost": "4", **item}
        )
    return ReorderRule.objects.create(
        sku=sku, warehouse=make.warehouse(place), point=point, target=target
    )


@pytest.mark.parametrize(
    "position, spare, quantity, moved",
    [
        (Position(20, 0, 0, 0, 10, 30), {}, 0, {}),
        (Position(5, 0, 0, 0, 10, 30), {}, 25, {}),
        (Position(5, 0, 0, 0, 10, 30, coming=6), {}, 0, {}),
        (Position(15, 0, 0, 0, 10, 30, leaving=6), {}, 21, {}),
        (Position(5, 0, 0, 0, 10, 30), {7: 40}, 0, {7: 25}),
        (Position(5, 0, 0, 0, 10, 30, pack=12, minimum=24), {7: 5, 8: 10}, 24, {8: 10, 7: 5}),
    ],
)
def test_what_others_can_spare_comes_before_what_is_bought(position, spare, quantity, moved):
    advice = advise(position, spare)

    assert (advice.quantity, dict(advice.transfers)) == (quantity, moved)


def test_a_warehouse_spares_what_is_free_above_its_target():
    assert surplus(Position(50, 10, 0, 0, 5, 20)) == 20
    assert surplus(Position(50, 45, 0, 100, 5, 20)) == 5
    assert surplus(Position(10, 0, 0, 0, 5, 20)) == 0


def test_surplus_in_another_warehouse_is_offered_as_a_transfer():
    make.sku("TEE-M", stock={"LON": 5, "MAN": 40})
    rule()
    rule(place="MAN", point=5, target=20)

    check = replenishment.reorder_check()

    assert (check.orders[0].lines.get().quantity, len(check.orders)) == (5, 1)
    line = check.transfers[0].lines.get()
    assert (check.transfers[0].source.code, check.transfers[0].target.code, line.quantity) == (
        "MAN",
        "LON",
        20,
    )
    assert replenishment.reorder_check() == replenishment.Check()
    transfers.send(Transfer.objects.get())
    assert replenishment.reorder_check() == replenishment.Check()


def test_another_companys_surplus_is_not_offered():
    other = make.company("other", name="Other Ltd")
    Warehouse.objects.create(code="ALT", name="ALT", company=other, country="GB")
    make.sku("TEE-M", stock={"LON": 5, "ALT": 40})
    rule()

    check = replenishment.reorder_check()

    assert (check.transfers, check.orders[0].lines.get().quantity) == ([], 25)


def test_rules_that_cannot_be_served_are_named_with_the_reason():
    buyer = make.user("buyer", "buyer")
    make.sku("SET", kit={"CUP": 2})
    rule("SET", bought=False)
    rule("FREE", bought=False)
    rule("TEE-M", place="OLD")
    Warehouse.objects.filter(code="OLD").update(is_active=False)
    rule("GONE")
    make.sku("GONE").__class__.objects.filter(code="GONE").update(is_sellable=False)

    check = replenishment.reorder_check()

    assert sorted(map(str, check.unserved)) == [
        "FREE in LON (no supplier sells it)",
        "GONE in LON (the SKU is not sold)",
        "SET in LON (a kit is not bought; set rules for its components)",
        "TEE-M in OLD (the warehouse is not active)",
    ]
    assert any(
        "FREE in LON (no supplier sells it)" in notice.text
        for notice in Notice.objects.filter(to=buyer)
    )


def test_what_waits_without_a_rule_is_bought_once(drain):
    make.sku("TEE-M", stock={"LON": 2})
    SupplierItem.objects.create(
        supplier=supplier(), sku=make.sku("TEE-M"), cost="4", is_preferred=False
    )
    make.confirmed(("TEE-M", 7), backorder=True)
    make.sku("LOOSE")
    make.confirmed(("LOOSE", 1), backorder=True)

    check = replenishment.reorder_check()

    assert check.orders[0].lines.get().quantity == 5
    assert [str(each) for each in check.unserved] == ["LOOSE in LON (no supplier sells it)"]
    assert replenishment.reorder_check().orders == []


def test_what_waits_is_counted_once_over_two_rules(drain):
    make.sku("TEE-M", stock={"LON": 0 + 1})
    make.confirmed(("TEE-M", 5), backorder=True)
    rule(point=0, target=0)
    rule(place="MAN", point=0, target=0)

    (order,) = replenishment.reorder_check().orders

    assert order.lines.get().quantity == 4
