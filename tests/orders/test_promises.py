"""Demand and the order lines that it serves are tied by keys, on new databases and on migrated ones."""

from decimal import Decimal as D

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from inventory.models import Demand
from orders import amending
from orders.amending import LineChange
from orders.models import Promise
from tests import builders as make

pytestmark = pytest.mark.django_db
BEFORE = [("orders", "0008_labels")]


def ties():
    return set(Promise.objects.values_list("demand", "line"))


def migrate(targets):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    MigrationExecutor(connection).migrate(targets)


@pytest.fixture
def order():
    """Two lines, of which one is a kit of two, beside an order of another customer."""
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CUP", stock={"LON": 20})
    make.sku("SET", kit={"CUP": 2, "TEE-M": 1})
    make.confirmed(("CUP", 1))
    return make.confirmed(("TEE-M", 2), ("SET", 1))


def test_each_line_is_tied_to_its_demand(order):
    tee, kit = order.lines.order_by("position")

    assert tee.promises.get().demand.quantity == 2
    assert set(kit.promises.values_list("demand__sku__code", flat=True)) == {"CUP", "TEE-M"}
    assert ties() == set(Demand.objects.values_list("pk", "line"))


def test_demand_that_goes_to_another_line_takes_its_tie_along(order):
    tee, _kit = order.lines.order_by("position")

    amending.amend(order, [LineChange(tee, unit_price=D("7.00"))])

    new = order.lines.exclude(pk=tee.pk).get(sku=tee.sku)
    assert not tee.promises.exists()
    assert Demand.objects.get(promise__line=new).quantity == 2


def test_a_filled_database_is_migrated_there_and_back(order):
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    before = ties()

    migrate(BEFORE)
    assert Promise._meta.db_table not in connection.introspection.table_names()
    migrate(leaves)

    assert len(before) == 4
    assert ties() == before
    make.confirmed(("CUP", 1))
    assert len(ties()) == 5
