from decimal import Decimal as D

import pytest

from oms.core import stored_files
from oms.core.errors import Refused, WrongState
from orders import lifecycle
from orders.accounting import billing, crediting, deposits, payments, refunds
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice, Refund
from orders.order_entry import Charge
from tests import builders as make
from tests.builders.orders import only_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order():
    make.sku("TEE-M", stock={"LON": 50})
    return make.confirmed(("TEE-M", 3, "3.33"), charges=[Charge("freight", "Freight", D("5.00"))])


def bill(order, count, reference="shipment-1"):
    return billing.invoice(order, {only_line(order).pk: count}, reference=reference)


def test_parts_of_a_line_add_up_and_charges_are_billed_once(order):
    first, second = bill(order, 1, "s1"), bill(order, 2, "s2")

    assert (first.gross, second.gross, first.gross + second.gross) == (
        D("10.00"),
        D("7.99"),
        order.gross,
    )
    assert first.lines.count() == 2 and second.lines.count() == 1


def test_invoice_again_with_the_same_reference_is_the_first(order):
    assert bill(order, 1).pk == bill(order, 1).pk
    assert make.fresh(order).invoiced == 1


def test_invoice_refuses_more_than_ordered(order):
    with pytest.raises(Refused, match="You can't invoice"):
        bill(order, 4)


def test_numbers_have_no_gaps_and_are_chained(order):
    first = bill(order, 1, "s1")
    with pytest.raises(Refused):
        bill(order, 9, "s2")
    second = bill(order, 1, "s3")

    assert (first.sequence_number, second.sequence_number) == (1, 2)
    assert second.previous_hash == first.hash


def test_credit_keeps_price_and_tax_and_adds_up(order):
    document = bill(order, 3)
    line = document.lines.get(order_line__isnull=False)

    notes = [
        crediting.credit(document, [Credited(line, count)], reference=f"c{count}")
        for count in (1, 2)
    ]

    assert sum(note.gross for note in notes) == line.gross
    with pytest.raises(Refused, match="You can credit up to"):
        crediting.credit(document, [Credited(line, 1)], reference="c3")


def test_credit_clears_its_open_invoice(order):
    document = bill(order, 3)

    note = crediting.credit(document, [Credited(document.lines.first(), 1)], reference="c1")

    document = make.fresh(document)
    assert document.applied == note.gross == make.fresh(note).applied


def test_transfer_is_applied_and_balance_is_zero(order):
    document = bill(order, 3)
    payment = make.transfer(str(document.gross))

    payments.apply(payment, document)

    assert make.fresh(document).open_amount == 0
    assert make.balance(order.customer) == 0


def test_transfer_again_with_the_same_reference_is_the_first():
    assert make.transfer("10.00").pk == make.transfer("10.00").pk


def test_apply_more_than_open_is_refused(order):
    document = bill(order, 3)
    payment = make.transfer("500.00")

    with pytest.raises(Refused, match="You can apply up to"):
        payments.apply(payment, document, document.gross + 1)


def test_prepayment_pays_the_invoice_of_its_order_by_itself(order, drain):
    payments.authorize(order, order.gross, reference="web-1")
    drain()
    payments.capture(order.payments.get())
    drain()

    bill(order, 3)
    drain()

    assert Invoice.objects.get().open_amount == 0


def test_capture_twice_is_wrong_state(order, drain):
    payments.authorize(order, order.gross, reference="web-1")
    drain()
    payments.capture(order.payments.get())

    with pytest.raises(WrongState):
        payments.capture(order.payments.get())


def test_refund_of_a_credit_note_empties_it(order, drain, mailoutbox):
    document = bill(order, 3)
    payment = make.transfer(str(document.gross))
    payments.apply(payment, document)
    note = crediting.credit(document, [Credited(document.lines.first(), 1)], reference="c1")

    refunds.refund(payment, note.gross, reference="r1", credit=note)
    drain()

    assert (make.fresh(note).open_amount, Refund.objects.get().status) == (0, "done")
    assert make.balance(order.customer) == 0
    assert "refunded" in mailoutbox[-1].subject


def test_refund_more_than_captured_is_refused():
    payment = make.transfer("10.00")
    refunds.refund(payment, D("6.00"), reference="r1")

    with pytest.raises(Refused, match=r"You can refund up to 4\.00"):
        refunds.refund(payment, D("5.00"), reference="r2")


def test_failed_refund_is_taken_back_to_the_cent():
    payment = make.transfer("10.00")
    row = refunds.refund(payment, D("6.00"), reference="r1")

    refunds.record_refund_failed(row, "account closed")

    assert (make.fresh(payment).refunded, make.fresh(payment).unapplied) == (0, D("10.00"))


def test_deposit_bills_no_units_and_splits_by_tax_rate(order):
    document = deposits.ask(order, D("6.00"), reference="d1")

    assert (document.gross, document.tax, make.fresh(order).invoiced) == (D("6.00"), D("1.00"), 0)


def test_deposit_is_deducted_pro_rata_to_the_cent(order):
    asked = deposits.ask(order, D("6.00"), reference="d1")

    first, second = bill(order, 1, "s1"), bill(order, 2, "s2")

    assert first.gross + second.gross + asked.gross == order.gross
    assert [doc.lines.get(corrects__isnull=False).gross for doc in (first, second)] == [
        D("-3.34"),
        D("-2.66"),
    ]


def test_what_is_left_of_a_deposit_is_credited_when_the_order_ends(order, drain):
    deposits.ask(order, D("6.00"), reference="d1")
    drain()

    lifecycle.cancel(order)
    drain()

    note = Invoice.objects.get(kind="credit")
    assert (note.gross, note.open_amount, make.balance(order.customer)) == (D("6.00"), 0, 0)


def test_invoice_is_frozen_as_pdf_once(order, drain):
    document = bill(order, 1)
    drain()

    stored = stored_files.legal("invoice", subject_type="invoice", subject_number=document.number)
    assert stored_files.read(stored).startswith(b"%PDF")
