"""A form takes effect once: sent twice it is one act, and two forms are two."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from inventory.models import BinStock
from oms.core import outbox
from orders.accounting import billing
from orders.accounting.models import Invoice, Refund
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 9})
    return make.confirmed(("TEE-M", 3))


def page(document, operation):
    opts = document._meta
    return reverse(
        f"admin:{opts.app_label}_{opts.model_name}_operation", args=[document.pk, operation]
    )


def opened(client, document, operation):
    """A form's entries as its page has them, with the one-time key."""
    shown = client.get(page(document, operation)).content.decode()
    key = shown.split('name="form_key" value="')[1].split('"')[0]
    return {"form_key": key, "version": getattr(make.fresh(document), "version", "")}


def test_two_forms_of_two_accountants_are_two_refunds_and_one_sent_twice_is_one(log_in):
    payment, client = make.transfer("100.00"), log_in("accountant")
    first, second = opened(client, payment, "refund"), opened(client, payment, "refund")

    for form, amount in ((first, "10.00"), (second, "20.00"), (second, "20.00"), (first, "10.00")):
        assert client.post(page(payment, "refund"), {**form, "amount": amount}).status_code == 302

    assert sorted(Refund.objects.values_list("amount", flat=True)) == [10, 20]
    again = client.post(page(payment, "refund"), {**first, "amount": "30.00"})
    assert again.status_code == 409 and "sent already" in again.content.decode()
    assert (
        client.post(
            page(payment, "refund"), {**opened(client, payment, "refund"), "amount": "10.00"}
        ).status_code
        == 302
    )
    assert Refund.objects.count() == 3


def test_a_credit_and_a_write_off_sent_twice_are_made_once(log_in, order):
    document = billing.invoice(order, {order.lines.get().pk: 3}, reference="i")
    client, line = log_in("accountant"), document.lines.get()
    form = {
        **opened(client, document, "credit"),
        f"lines-{line.pk}-quantity": "1",
        "reason": "torn",
    }

    for _send in range(2):
        assert client.post(page(document, "credit"), form).status_code == 302
    form = {**opened(client, document, "write_off"), "amount": "1.00", "kind": "bad_debt"}
    for _send in range(2):
        assert client.post(page(document, "write_off"), form).status_code == 302
    outbox.drain()

    assert Invoice.objects.get(kind="credit").gross == D("12.00")
    assert document.write_offs.count() == 1


def test_stock_that_is_adjusted_twice_by_one_form_changes_once(log_in):
    row = BinStock.objects.get(sku=make.sku("TEE-M", stock={"LON": 9}))
    client = log_in("manager")
    form = {**opened(client, row, "adjust"), "difference": "-2", "note": "broken"}

    for _send in range(2):
        assert client.post(page(row, "adjust"), form).status_code == 302

    assert make.fresh(row).on_hand == 7
