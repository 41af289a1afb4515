"""A program names one of the customer's addresses, or gives one."""

import pytest

from orders.models import Order
from tests import builders as make

pytestmark = pytest.mark.django_db


def address(customer, name):
    return customer.addresses.create(
        name=name,
        street="2 Quay",
        postal_code="M1 1AA",
        city="Leeds",
        country="GB",
        is_billing=False,
    )


def test_a_program_names_one_of_the_customers_addresses(rep):
    depot = address(make.customer("C-1"), "Depot")
    strange = address(make.customer("C-2"), "Depot")
    make.sku("TEE-M", stock={"LON": 5})
    order = {"customer": "C-1", "channel": "reps", "lines": [{"sku": "TEE-M", "quantity": 1}]}

    known = [each["id"] for each in rep.read("customers/C-1/").json()["addresses"]]
    made = rep.send("orders/", {**order, "ship_to_address": depot.pk})
    refused = rep.send("orders/", {**order, "ship_to_address": strange.pk})
    both = rep.send(
        "orders/", {**order, "ship_to_address": depot.pk, "ship_to": {"name": "A", "country": "GB"}}
    )

    assert depot.pk in known
    assert (made.status_code, made.json()["ship_to"]["name"]) == (201, "Depot")
    assert (refused.status_code, both.status_code) == (422, 422)
    assert "has no delivery address" in str(refused.json())
    assert Order.objects.count() == 1
