"""What an operation or a page reads follows the document at hand, not the number of documents before it."""

import pytest
from django.test import Client

from orders.models import Order
from tests import builders as make
from tests.benchmarks import filling, operations

pytestmark = pytest.mark.django_db
LITTLE, MUCH = 100, 1_500
FEW = 50  # rows by which a plan over small tables may differ


@pytest.fixture
def template():
    """A shipped and invoiced order of a customer with a credit limit, with all that hangs on it."""
    make.customer(credit_limit=10**9)
    for name in operations.SKUS:
        make.sku(name, stock={"LON": 1_000})
    return filling.finished_order(*((name, 2) for name in operations.SKUS))


def test_nothing_reads_more_with_fifteen_times_the_history(template):
    """Each operation on an order, and the order's page."""
    boss, client = make.user("boss", "manager"), Client()
    boss.is_staff = True
    boss.save()
    client.force_login(boss)

    def open_page():
        assert client.get(f"/admin/orders/order/{template[Order][0]}/change/").status_code == 200

    def read():
        counted = {name: operations.measure(name, operations.rows)[1] for name in operations.NAMES}
        return {**counted, "page": operations.rows(open_page)}

    filling.grow(template, range(1, LITTLE + 1), {})
    read()  # what a process reads once
    few = read()
    filling.grow(template, range(LITTLE + 1, MUCH + 1), {})
    many = read()

    assert len(few) == len(operations.NAMES) + 1 and min(few.values()) > 0
    assert {
        name: (few[name], many[name]) for name in few if many[name] > few[name] * 1.2 + FEW
    } == {}
