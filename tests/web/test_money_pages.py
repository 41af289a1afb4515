"""Each page on which money is taken back or shared out: opened, sent empty, and filled in as an accountant would."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from oms.core import operations, outbox
from orders import write_offs
from orders.models import FraudRule
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def invoice():
    make.sku("TEE-M", stock={"LON": 90})
    return make.shipped(("TEE-M", 10)).invoices.get()


def page(document, operation):
    opts = document._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_operation", args=[document.pk, operation])


def do(client, document, operation, /, **data):
    answer = client.post(page(document, operation), data)
    assert answer.status_code == 302, answer.context["error"] or [
        form.errors for form in (answer.context["operation_form"].form, *(
            row.form for table in answer.context["operation_form"].tables for row in table.rows))]
    outbox.drain()
    return make.fresh(document)


def test_every_page_of_money_opens_and_is_sent_empty(log_in, invoice):
    client, order = log_in("accountant"), make.confirmed(("TEE-M", 1))
    payment = make.transfer("20.00", order=order)
    write_offs.write_off(invoice, "bad_debt", amount=D("1.00"))

    for document in (invoice, payment, order):
        for step in operations.of(type(document)).values():
            if step.has_form and "accountant" in step.roles:
                assert client.get(page(document, step.name)).status_code == 200, step.name
                assert client.post(page(document, step.name), {"version": "x"}).status_code in (200, 409), step.name


def test_one_payment_for_several_invoices_is_one_page(log_in, invoice):
    client, other = log_in("accountant"), make.shipped(("TEE-M", 5)).invoices.get()
    shown = client.get(page(invoice, "pay_several")).content.decode()
    assert other.number in shown and 'value="120.00"' in shown

    do(client, invoice, "pay_several", amount="150.00", reference="bank 9", paid_on="",
       **{f"lines-{invoice.pk}-amount": "120.00", f"lines-{other.pk}-amount": "30.00"})

    assert [make.fresh(row).open_amount for row in (invoice, other)] == [0, D("30.00")]
    payment = make.transfer("40.00", "bank 10")
    do(client, payment, "allocate_several", **{f"lines-{other.pk}-amount": "30.00"})
    assert (make.fresh(other).open_amount, make.fresh(payment).unallocated) == (0, D("10.00"))


def test_a_fraud_rule_is_entered_and_a_check_placed_by_hand(log_in):
    client, order = log_in("manager"), None
    make.sku("TEE-M", stock={"LON": 9})
    answer = client.post(reverse("admin:orders_fraudrule_add"), {
        "name": "dear", "minimum": "10", "is_active": "on"})
    assert answer.status_code == 302 and FraudRule.objects.get().minimum == 10

    order = make.order(lines=[("TEE-M", 1)])
    assert order.holds.get().kind == "fraud"
    do(client, order, "lift", note="known")
    do(client, order, "hold", reason="the card is known", kind="fraud")
    assert order.holds.get(lifted_at=None).kind == "fraud"
