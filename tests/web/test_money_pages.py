"""Each page on which money is taken back or shared out: opened, sent empty, and filled in as an accountant would."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from oms.core import operations, outbox, policy
from orders.accounting import write_offs
from orders.accounting.models import Invoice, Payment
from orders.models import FraudRule
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def invoice():
    make.sku("TEE-M", stock={"LON": 90})
    return make.shipped(("TEE-M", 10)).invoices.get()


def page(document, operation):
    opts = document._meta
    return reverse(
        f"admin:{opts.app_label}_{opts.model_name}_operation", args=[document.pk, operation]
    )


def do(client, document, operation, /, **data):
    answer = client.post(page(document, operation), data)
    assert answer.status_code == 302, answer.context["error"] or [
        form.errors
        for form in (
            answer.context["operation_form"].form,
            *(row.form for table in answer.context["operation_form"].tables for row in table.rows),
        )
    ]
    outbox.drain()
    return make.fresh(document)


def test_every_page_of_money_opens_and_is_sent_empty(log_in, invoice):
    client, order = log_in("accountant"), make.confirmed(("TEE-M", 1))
    payment = make.transfer("20.00", order=order)
    write_offs.write_off(invoice, "bad_debt", amount=D("1.00"))

    for document in (invoice, payment, order):
        for step in operations.of(type(document)).values():
            if step.has_form and "accountant" in policy.roles_with(step.name, step.model):
                assert client.get(page(document, step.name)).status_code == 200, step.name
                assert client.post(page(document, step.name), {"version": "x"}).status_code in (
                    200,
                    409,
                ), step.name


def test_one_payment_for_several_invoices_is_one_page(log_in, invoice):
    client, other = log_in("accountant"), make.shipped(("TEE-M", 5)).invoices.get()
    shown = client.get(page(invoice, "record_payment_for_several")).content.decode()
    assert other.number in shown and 'value="120.00"' in shown

    do(
        client,
        invoice,
        "record_payment_for_several",
        amount="150.00",
        reference="bank 9",
        paid_on="",
        **{f"lines-{invoice.pk}-amount": "120.00", f"lines-{other.pk}-amount": "30.00"},
    )

    assert [make.fresh(row).open_amount for row in (invoice, other)] == [0, D("30.00")]
    payment = make.transfer("40.00", "bank 10")
    do(client, payment, "apply_several", **{f"lines-{other.pk}-amount": "30.00"})
    assert (make.fresh(other).open_amount, make.fresh(payment).unapplied) == (0, D("10.00"))


def test_a_payment_is_taken_off_returned_moved_and_unreserved_by_buttons(log_in, invoice):
    client, right = log_in("accountant"), make.customer("C-2")
    do(
        client,
        invoice,
        "record_payment",
        amount="120.00",
        reference="bank 1",
        paid_on=str(make.company().today()),
    )
    payment = Payment.objects.get()

    do(client, invoice, "unapply", use=invoice.applications.get().pk)
    assert make.fresh(invoice).open_amount == 120
    do(client, payment, "apply", document=invoice.pk)
    do(
        client,
        payment,
        "returned",
        amount="20.00",
        fee="3.50",
        bills_fee="on",
        reason="not covered",
    )
    assert (make.fresh(invoice).open_amount, Invoice.objects.get(order=None).gross) == (
        20,
        D("3.50"),
    )
    do(client, payment, "move", customer=right.pk, reason="same name")
    assert Payment.objects.get(customer=right).captured == 100
    order = make.confirmed(("TEE-M", 1))
    reserved = make.transfer("12.00", "bank 2", order=order)
    assert do(client, reserved, "free").order is None


def test_a_write_off_is_reversed_and_a_credit_used_by_buttons(log_in, invoice):
    client, other = log_in("accountant"), make.shipped(("TEE-M", 5)).invoices.get()
    do(client, invoice, "write_off", amount="120.00", kind="bad_debt", reason="gone")
    do(client, invoice, "reverse_write_off", write_off=invoice.write_offs.get().pk, amount="20.00")
    assert make.fresh(invoice).open_amount == 20

    do(client, other, "record_payment", amount="60.00", reference="bank 3")
    do(client, other, "credit", **{f"lines-{other.lines.get().pk}-quantity": "1"})
    do(client, Invoice.objects.get(kind="credit"), "apply", document=invoice.pk)
    assert make.fresh(invoice).open_amount == 8
    do(client, invoice, "record_payment", amount="50.00", reference="bank 4")
    assert (
        make.fresh(invoice).open_amount,
        sum(row.amount for row in invoice.write_offs.all()),
    ) == (0, D("58.00"))


def test_a_fraud_rule_is_entered_and_a_check_placed_by_hand(log_in):
    client, order = log_in("manager"), None
    make.sku("TEE-M", stock={"LON": 9})
    answer = client.post(
        reverse("admin:orders_fraudrule_add"), {"name": "dear", "minimum": "10", "is_active": "on"}
    )
    assert answer.status_code == 302 and FraudRule.objects.get().minimum == 10

    order = make.order(lines=[("TEE-M", 1)])
    assert order.holds.get().kind == "fraud"
    do(client, order, "release_hold", note="known")
    do(client, order, "hold", reason="the card is known", kind="fraud")
    assert order.holds.get(released_at=None).kind == "fraud"
