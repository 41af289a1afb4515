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


@pytest.mark.parametrize("name", operations.NAMES)
def test_an_operation_reads_no_more_with_fifteen_times_the_history(template, name):
    few, many = _both(template, lambda: operations.measure(name, operations.rows)[1])
    assert many <= few * 1.2 + FEW


def test_an_orders_page_reads_no_more_with_fifteen_times_the_history(template):
    client = Client()
    client.force_login(make.user("boss", "manager"))
    address = f"/admin/orders/order/{template[Order][0]}/change/"
    few, many = _both(template, lambda: operations.rows(lambda: client.get(address)))
    assert many <= few * 1.2 + FEW


def _both(template, measure):
    """What is read with little history, and with much."""
    filling.grow(template, range(1, LITTLE + 1), {})
    measure()  # reads what a process reads once
    few = measure()
    filling.grow(template, range(LITTLE + 1, MUCH + 1), {})
    return few, measure()
