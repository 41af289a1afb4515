"""A billed allowance follows what is kept: whatever is canceled later, the documents come to what was agreed."""

from decimal import Decimal as D

import pytest

from oms.core import outbox
from oms.core.models import Delivery
from orders import amending, lifecycle
from orders.accounting import billing, crediting
from orders.amending import LineChange
from orders.order_entry import Charge
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def entered(units=10, allowance="-30", billed_by="order"):
    """120.00 less 36.00, billed as the customer wishes; nothing has left."""
    make.sku("TEE-M", stock={"LON": 20})
    make.customer(billing=billed_by)
    return make.confirmed(("TEE-M", units), charges=[Charge("allowance", "Spring", D(allowance))])


def documents(order):
    outbox.drain()
    assert not Delivery.objects.exclude(error="").exists()
    return [(row.kind, row.gross) for row in order.invoices.order_by("pk")]


def cancel(order, units):
    lifecycle.cancel_lines(make.fresh(order), {order.lines.get().pk: units})


def test_a_billed_order_with_an_allowance_is_canceled_whole():
    order = entered()

    lifecycle.cancel(order)

    assert documents(order) == [("invoice", D("84.00")), ("credit", D("84.00"))]
    assert make.balance(order.customer) == 0


def test_an_allowance_that_is_more_than_what_is_kept_is_lowered_to_it():
    order = entered()

    cancel(order, 9)

    assert documents(order) == [("invoice", D("84.00")), ("credit", D("84.00"))]
    assert [(row.gross, row.is_canceled) for row in order.charges.order_by("pk")] == [
        (D("-36.00"), True),
        (D("-12.00"), False),
    ]
    make.ship_rest(make.fresh(order))
    order = make.fresh(order)
    assert (order.status, order.gross, make.balance(order.customer)) == ("completed", 0, 0)


def test_it_is_lowered_again_and_again():
    order = entered()

    for units in (8, 1, 1):
        cancel(order, units)
        outbox.drain()

    assert (make.fresh(order).status, make.balance(order.customer)) == ("canceled", 0)
    assert sum(amount if kind == "invoice" else -amount for kind, amount in documents(order)) == 0


def test_an_amendment_lowers_it_too():
    order = entered()

    amending.amend(order, [LineChange(order.lines.get(), 2)])

    assert documents(order) == [("invoice", D("84.00")), ("credit", D("84.00"))]
    assert make.fresh(order).gross == 0


def test_an_allowance_on_an_older_invoice_is_credited_with_newer_goods():
    order = entered(billed_by="month")
    line = order.lines.get()
    billing.invoice(order, {line.pk: 4}, reference="first")
    billing.invoice(order, {line.pk: 6}, reference="second")

    lifecycle.cancel(make.fresh(order))

    kinds = [kind for kind, _amount in documents(order)]
    assert kinds.count("credit") in (1, 2)
    assert (
        sum(row.sign * row.gross for row in order.invoices.all())
        == make.balance(order.customer)
        == 0
    )


def test_an_allowance_that_was_credited_by_itself_is_taken_back():
    """It was more than the last invoice, so that it came as a credit note."""
    order = entered(4, billed_by="month")
    line = order.lines.get()
    billing.invoice(order, {line.pk: 2}, reference="first")
    billing.invoice(make.fresh(order), {line.pk: 2}, reference="second")
    assert documents(order)[-1] == ("credit", D("36.00"))

    lifecycle.cancel(make.fresh(order))

    assert sum(amount if kind == "invoice" else -amount for kind, amount in documents(order)) == 0
    assert make.fresh(order).status == "canceled"


def test_no_more_is_credited_of_an_invoice_than_it_billed():
    """Its goods come to more than it: the allowance is credited with the last of them."""
    order = entered()
    document = order.invoices.get()
    line = document.lines.get(charge=None)

    first, second = (
        crediting.credit(document, [crediting.Credited(line, units)], reference=f"by hand {units}")
        for units in (6, 4)
    )

    assert [(note.gross, note.tax) for note in (first, second)] == [
        (D("72.00"), D("12.00")),
        (D("12.00"), D("2.00")),
    ]
    assert make.balance(order.customer) == 0
    make.ship_rest(order)
