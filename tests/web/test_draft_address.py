"""A draft goes to one of its customer's addresses, in the admin and over the API."""

import pytest
from django.urls import reverse

from orders import order_entry
from orders.order_entry import Entry
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


def save(client, order, **fields):
    """Save the draft's form as the browser would send it."""
    page = client.get(reverse("admin:orders_order_change", args=[order.pk]))
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    for formset in (each.formset for each in page.context["inline_admin_formsets"]):
        data |= {f"{formset.prefix}-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    answer = client.post(reverse("admin:orders_order_change", args=[order.pk]), {**data, **fields})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    return make.fresh(order)


def test_the_admin_offers_the_customers_addresses_and_forgets_them_with_the_customer(log_in):
    customer, other = make.customer("C-1"), make.customer("C-2")
    depot = address(customer, "Depot")
    make.taxes()
    make.priced("TEE-M")
    order = order_entry.draft(Entry(make.channel(), customer, [make.line("TEE-M", 1)]))
    manager = log_in("manager")

    assert save(manager, order, ship_to=depot.pk).ship_to["name"] == "Depot"
    assert save(manager, order).ship_to["name"] == "Depot"
    moved = save(manager, order, customer=other.pk)

    assert (moved.ship_to, moved.bill_to) == (
        other.addresses.get().snapshot(),
        other.addresses.get().snapshot(),
    )
