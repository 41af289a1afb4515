"""Two checks, and two workers, at the same moment: proposed once, told once."""

import pytest

from inventory.models import Stock
from inventory.purchasing import alerts, replenishment
from inventory.purchasing.models import PurchaseOrder, ReorderRule, SupplierItem
from oms.core.models import Event
from tests import builders as make
from tests.builders.stock import supplier
from tests.races.conftest import kinds

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_checks_at_once_propose_once(race):
    tee = make.sku(stock={"LON": 1})
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4")
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=5, target=10)

    results = race(*[replenishment.reorder_check for _ in range(4)])

    assert (kinds(results), PurchaseOrder.objects.count()) == ({"done": 4}, 1)


def test_workers_at_once_tell_once(race):
    skus = [make.sku(f"TEE-{turn}", stock={"LON": 1}) for turn in range(5)]
    for tee in skus:
        ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=5, target=10)

    results = race(*[lambda: alerts.watch([tee.pk for tee in skus]) for _ in range(4)])

    assert kinds(results) == {"done": 4}
    assert Event.objects.filter(name="stock.low").count() == 5
    assert set(Stock.objects.values_list("told", flat=True)) == {"low"}
