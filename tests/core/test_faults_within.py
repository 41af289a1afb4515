"""An activity that stops at any of its statements has changed nothing: it is called as a task or a program calls it."""

import pytest
from django.db import connection

from fulfillment import waves
from fulfillment.models import Shipment
from fulfillment.planners.waves import Limits
from inventory.purchasing import receiving
from inventory.purchasing.receiving import Received
from oms.core import outbox
from orders import lifecycle
from orders.models import Order
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
WRITES = ("INSERT", "UPDATE", "DELETE")


class Stopped(Exception):
    """The process is no more."""


def digest():
    """What is in every table, as one text each."""
    with connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            if name.startswith(("core_", "inventory_", "orders_", "fulfillment_", "returns_"))
        ]
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{name}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t"
                for name in tables
            )
        )
        return dict(cursor.fetchall())


def stop_at(nth):
    """Stop at the nth statement that writes, before it does."""
    seen = []

    def execute_or_stop(execute, sql, params, many, context):
        if sql.lstrip().startswith(WRITES) or "\nUPDATE" in sql:
            seen.append(sql)
            if len(seen) == nth:
                raise Stopped
        return execute(sql, params, many, context)

    return connection.execute_wrapper(execute_or_stop)


def stops(activity):
    """Stop an activity at each of its writes in turn, until it gets through; how often it was stopped."""
    before = digest()
    for nth in range(1, 200):
        try:
            with stop_at(nth):
                activity()
            return nth - 1
        except Stopped:
            after = digest()
            assert {name for name in before if before[name] != after[name]} == set(), (
                f"stopped at write {nth}"
            )
    raise AssertionError("It never got through.")


def read(order):
    return Order.objects.get(pk=order.pk)


def test_cancel():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2))

    assert stops(lambda: lifecycle.cancel(read(order))) > 4
    assert read(order).status == "canceled"


def test_cancel_the_rest_of_a_partly_shipped_order():
    make.sku("TEE-M", stock={"LON": 2})
    order = make.shipped(("TEE-M", 3), backorder=True)
    outbox.drain()

    assert stops(lambda: lifecycle.cancel(read(order))) > 4
    assert read(order).status == "completed"


def test_cancel_all_units_of_the_lines():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2))

    assert stops(lambda: lifecycle.cancel_lines(read(order), {order.lines.get().pk: 2})) > 4
    assert read(order).status == "canceled"


def test_receive_the_last_of_a_purchase_order():
    item = make.sku("TEE-M")
    bought = make.sent_purchase(item, 5)
    line = bought.lines.get()

    assert stops(lambda: receiving.receive(make.fresh(bought), [Received(line, 5)])) > 4
    assert make.fresh(bought).status == "closed"


def test_plan_several_waves(monkeypatch):
    monkeypatch.setattr(waves, "LIMITS", Limits(shipments=1, stops=60))
    make.sku("TEE-M", stock={"LON": 9})
    for _ in range(2):
        make.shipment_of(make.confirmed(("TEE-M", 1)))

    assert stops(lambda: waves.propose(make.warehouse())) >= 4
    assert Shipment.objects.exclude(wave=None).count() == 2
