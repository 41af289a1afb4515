"""Whoever enters more than is left is refused with the most, or asked and told what becomes of the rest."""

from decimal import Decimal

import pytest
from django.urls import reverse

from oms.core import confirming, operations, outbox
from oms.core.errors import NeedsConfirmation, Refused
from oms.core.models import User
from orders.accounting.models import Invoice, Payment
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
QUESTION = "Only 24.00 GBP of {} is open. 976.00 GBP stays with Shop C-1 as an unapplied payment."


@pytest.fixture
def invoice():
    make.sku("TEE-M", stock={"LON": 9})
    return make.shipped(("TEE-M", 2)).invoices.get()


def page(document, operation):
    opts = document._meta
    return reverse(
        f"admin:{opts.app_label}_{opts.model_name}_operation", args=[document.pk, operation]
    )


def test_a_payment_of_more_than_is_open_is_asked_for_and_says_what_becomes_of_the_rest(
    log_in, invoice
):
    client, data = log_in("accountant"), {"amount": "1000.00", "reference": "bank 1"}

    asked = client.post(page(invoice, "record_payment"), data)

    question = QUESTION.format(invoice.number)
    assert asked.status_code == 409 and asked.context["question"] == question
    assert 'name="agreed"' in asked.content.decode() and "Yes, go on" in asked.content.decode()
    assert asked.context["operation_form"].form["amount"].value() == "1000.00"
    assert not Payment.objects.exists()
    assert (
        client.post(page(invoice, "record_payment"), {**data, "agreed": question}).status_code
        == 302
    )
    payment = Payment.objects.get()
    assert (payment.captured, payment.unapplied, make.fresh(invoice).open_amount) == (1000, 976, 0)


def test_a_yes_is_to_the_question_that_was_seen(log_in, invoice):
    client, data = log_in("accountant"), {"amount": "1000.00", "reference": "bank 1"}
    seen = QUESTION.format(invoice.number)
    make.transfer("4.00", "bank 0")
    operations.of(Payment)["apply"].perform(
        Payment.objects.get(),
        by=User.objects.get(username="accountant"),
        document=invoice,
        amount=None,
    )
    outbox.drain()

    again = client.post(page(invoice, "record_payment"), {**data, "agreed": seen})

    assert again.status_code == 409 and again.context["question"].startswith("Only 20.00 GBP")
    assert Payment.objects.count() == 1


def test_a_payment_that_is_known_is_not_asked_about_again(invoice):
    step, person = (
        operations.of(type(invoice.order))["record_prepayment"],
        make.user("anne", "accountant"),
    )
    first = step.perform(
        invoice.order, by=person, agreed=True, amount=Decimal(1000), reference="bank 7"
    )

    assert step.perform(invoice.order, by=person, amount=Decimal(1000), reference="bank 7") == first


def test_money_for_an_order_beyond_its_total_is_asked_for(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2))
    client, data = log_in("accountant"), {"amount": "30.00", "reference": "card 1"}

    asked = client.post(page(order, "record_prepayment"), data)

    assert asked.status_code == 409
    assert asked.context["question"] == (
        f"Order {order.number} comes to 24.00 GBP. 6.00 GBP more can pay no invoice of it and stays with Shop C-1 as "
        "an unapplied payment."
    )
    assert (
        client.post(
            page(order, "record_prepayment"), {**data, "agreed": asked.context["question"]}
        ).status_code
        == 302
    )
    assert Payment.objects.get().amount == 30


def test_a_program_is_answered_with_the_code_confirm_and_says_yes(log_in, invoice):
    client = log_in("accountant")
    make.sku("TEE-M")
    order = make.confirmed(("TEE-M", 2))
    address, body = (
        f"/api/v1/orders/{order.number}/record-prepayment/",
        {"amount": "30.00", "reference": "bank 3"},
    )

    asked = client.post(address, body, content_type="application/json")

    assert (asked.status_code, asked.json()["code"], asked.json()["field"]) == (
        409,
        "confirm",
        "amount",
    )
    assert "6.00 GBP more" in asked.json()["detail"] and not Payment.objects.exists()
    assert (
        client.post(
            address, {**body, "confirm": False}, content_type="application/json"
        ).status_code
        == 409
    )
    assert (
        client.post(address, {**body, "confirm": True}, content_type="application/json").status_code
        == 200
    )
    assert Payment.objects.get().amount == 30


def test_nobody_is_asked_twice_nor_without_reason(invoice):
    with pytest.raises(NeedsConfirmation):
        confirming.ask("Really?")
    with confirming.agreed(frozenset({"Really?"})):
        confirming.ask("Really?")
        with pytest.raises(NeedsConfirmation):
            confirming.ask("And this?")
    with confirming.agreed(True):
        confirming.ask("And this?")
    person = make.user("anne", "accountant")
    operations.of(Invoice)["record_payment"].perform(
        invoice, by=person, amount=invoice.open_amount, reference="bank 2"
    )


MORE = [
    ("invoice", "write_off", {"amount": "1000", "kind": "bad_debt"}),
    ("invoice", "credit", {"quantity": 50}),
    ("payment", "refund", {"amount": "1000"}),
    ("payment", "apply", {"amount": "1000"}),
    ("payment", "capture", {"amount": "1000"}),
    ("order", "cancel_lines", {"units": 50}),
    ("order", "return", {"quantity": 50, "reason": "unwanted", "resolution": "refund"}),
    ("order", "invoice_deposit", {"amount": "1000", "reference": "d"}),
    ("order", "authorize", {"amount": "1000", "reference": "a"}),
    ("payment", "returned", {"amount": "1000"}),
    ("payment", "apply_several", {"amount": "1000"}),
    ("stock", "move", {"quantity": 50}),
    ("stock", "adjust", {"difference": -50, "note": "lost"}),
    ("shipment", "report_short", {"found": 50}),
    ("transfer", "receive", {"good": 50}),
]


@pytest.mark.parametrize(
    "kind, operation, data", MORE, ids=[f"{kind}.{name}" for kind, name, _ in MORE]
)
def test_more_than_is_left_is_refused_with_a_reason_and_nothing_is_done(
    log_in, kind, operation, data
):
    document, data = prepared(kind, operation, data)
    client, before = log_in("root"), type(document)._default_manager.values().get(pk=document.pk)

    answer = client.post(page(document, operation), data)

    assert answer.status_code == 409, answer.status_code == 200 and [
        form.errors
        for form in (
            answer.context["operation_form"].form,
            *(row.form for table in answer.context["operation_form"].tables for row in table.rows),
        )
    ]
    assert any(digit.isdigit() for digit in answer.context["error"] or answer.context["question"])
    assert type(document)._default_manager.values().get(pk=document.pk) == before


def prepared(kind, operation, data):
    """A document with less than is asked of it, and what its form sends."""
    from inventory import transfers
    from inventory.models import BinStock, Transfer
    from orders.accounting import payments

    item = make.sku("TEE-M", stock={"LON": 9})
    if kind == "stock":
        place = make.storage(make.warehouse(), "B-01")
        return BinStock.objects.get(sku=item, bin__code="A-01"), {"to": place.pk, **data}
    if kind == "transfer":
        made = Transfer.objects.create(source=make.warehouse(), target=make.warehouse("LEE"))
        line = made.lines.create(sku=item, bin=make.storage(make.warehouse()), quantity=2)
        transfers.send(made)
        return made, {f"goods-{line.pk}-{name}": value for name, value in data.items()}
    if kind == "shipment":
        from fulfillment import waves

        shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 2))))
        return shipment, {"line": shipment.lines.get().pk, **data}
    if operation == "capture":
        order = make.confirmed(("TEE-M", 2))
        return payments.authorize(order, order.gross, reference="card 1"), data
    if operation in ("invoice_deposit", "authorize", "cancel_lines"):
        order = make.confirmed(("TEE-M", 2))
        return order, data if operation != "cancel_lines" else {
            f"lines-{order.lines.get().pk}-units": data["units"]
        }
    order = make.shipped(("TEE-M", 2))
    document = order.invoices.get()
    if kind == "payment":
        if operation == "apply_several":
            data = {f"lines-{document.pk}-amount": data["amount"]}
        return make.transfer("10.00", "bank 1"), {"document": document.pk, **data}
    if kind == "invoice":
        rows = {
            f"lines-{line.pk}-quantity": data["quantity"]
            for line in document.lines.all()
            if "quantity" in data
        }
        return document, rows or data
    line = order.lines.get()
    return order, {
        f"lines-{line.pk}-{name}" if name != "resolution" else name: value
        for name, value in data.items()
    }


def test_refusals_name_amounts_as_people_write_them(invoice):
    payment = make.transfer("10.00", "bank 1")

    with pytest.raises(Refused, match=r"You can refund up to 10\.00 GBP of .*, not 1,000\.00 GBP"):
        operations.of(Payment)["refund"].perform(
            payment, by=make.user("anne", "accountant"), amount=Decimal(1000)
        )
