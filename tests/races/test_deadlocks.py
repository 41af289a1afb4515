"""Transactions that wait for each other on real connections: the server aborts one, and it is run again, whole."""

import threading

import pytest
from django.db import connection

from inventory.models import SKU
from oms.core import operations
from oms.core.locking import whole
from oms.core.models import User
from orders import lifecycle
from orders.models import Order
from tests import builders as make
from tests.races.conftest import kinds

pytestmark = pytest.mark.django_db(transaction=True)


def crosswise(first, second, met):
    """Write two SKUs, the second after the other transaction has written it: a deadlock, in the first try."""
    tries = []

    @whole
    def change(mark):
        tries.append(mark)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '50ms'")
        SKU.objects.filter(code=first).update(name=mark)
        if len(tries) == 1:
            met.wait(20)
        SKU.objects.filter(code=second).update(name=mark)
        return len(tries)

    return change


def test_of_two_that_deadlock_one_is_run_again_and_both_are_done(race):
    make.sku("A"), make.sku("B")
    met = threading.Barrier(2)
    there, back = crosswise("A", "B", met), crosswise("B", "A", met)

    results = race(lambda: there("one"), lambda: back("two"))

    assert sorted(results) == [1, 2]
    assert len(set(SKU.objects.values_list("name", flat=True))) == 1


@pytest.mark.parametrize("mine", ["confirm", "cancel"])
def test_an_operation_that_meets_another_transaction_takes_effect_once(race, mine, caplog):
    """Somebody holds the stock and wants the order; the operation holds the order and wants the stock."""
    make.taxes()
    item = make.sku("TEE-M", stock={"LON": 5})
    order = make.order(lines=[("TEE-M", 2)])
    if mine == "cancel":
        lifecycle.confirm(order)
    manager, holds, waits = make.user("mary", "manager"), threading.Event(), threading.Event()

    @whole
    def other():
        if not holds.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '10s'")  # the other one finds it
                cursor.execute(
                    "SELECT 1 FROM inventory_stock WHERE sku_id = %s FOR UPDATE", [item.pk]
                )
                holds.set()
                waits.wait(20)
                cursor.execute("SELECT 1 FROM orders_order WHERE id = %s FOR UPDATE", [order.pk])
        return "other"

    step = operations.of(Order)[mine]

    def operation():
        holds.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '50ms'")

        def watched(execute, sql, params, many, context):
            if "inventory_stock" in sql and "UPDATE" in sql:
                waits.set()
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watched):
            return step.perform(
                Order.objects.get(pk=order.pk), by=User.objects.get(pk=manager.pk)
            ).status

    caplog.set_level("INFO", "oms.core.locking")
    results = race(operation, other)

    assert kinds(results) == {"done": 2}
    assert "sqlstate=40P01" in caplog.text
    assert make.stock_of(item)[2] == (2 if mine == "confirm" else 0)
    assert make.fresh(order).status == ("confirmed" if mine == "confirm" else "canceled")
