"""Money is taken back by entries of its own: invoices are open again, and every day's balance stays as it was told."""

from datetime import timedelta
from decimal import Decimal as D

import pytest

from oms.core import confirming, outbox, periods
from oms.core.errors import Refused
from orders.accounting import (
    applying,
    counter_entries,
    crediting,
    incoming_payments,
    payments,
    receivables,
    write_offs,
)
from orders.accounting.applying import Share
from orders.accounting.models import Invoice, Payment
from orders.models import PaymentTerms
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def invoice(units=10, **customer):
    """12.00 a unit."""
    make.sku("TEE-M", stock={"LON": 90})
    make.customer(**customer)
    return make.shipped(("TEE-M", units)).invoices.get()


def paid(document, amount=None, reference="bank-1", **options):
    payment = make.transfer(str(amount or document.gross), reference, **options)
    payments.apply(payment, document)
    return make.fresh(payment)


def today():
    return make.company().today()


def balance():
    return make.balance(make.customer())


def owed(day):
    return sum(row.total for row in receivables.aged(make.company(), day))


def test_a_payment_is_taken_off_its_invoice_and_pays_another():
    document, other = invoice(), make.shipped(("TEE-M", 5)).invoices.get()
    payment = paid(document)

    counter_entries.unapply(document.applications.get(), D("60.00"))
    payments.apply(make.fresh(payment), other)

    assert [make.fresh(row).open_amount for row in (document, other)] == [D("60.00"), 0]
    with pytest.raises(Refused, match=r"up to 60\.00"):
        counter_entries.unapply(document.applications.get(reverses=None), D("60.01"))
    counter_entries.unapply(document.applications.get(reverses=None))
    assert (make.fresh(payment).unapplied, balance()) == (D("60.00"), D("60.00"))


def test_a_credit_is_taken_off_and_used_for_another_invoice():
    document, other = invoice(), make.shipped(("TEE-M", 5)).invoices.get()
    note = crediting.credit(document, [crediting.Credited(document.lines.get(), 5)], reference="c")

    counter_entries.unapply(note.uses.get())
    applying.apply(make.fresh(note), make.fresh(other))

    assert [make.fresh(row).open_amount for row in (document, other, note)] == [D("120.00"), 0, 0]


def test_a_bounced_debit_opens_its_invoices_again_and_its_fee_is_billed():
    document, other = invoice(), make.shipped(("TEE-M", 5)).invoices.get()
    payment = make.transfer("200.00")
    applying.apply_many(payment, [Share(document, D("120.00")), Share(other, D("60.00"))])

    row = counter_entries.return_payment(payment, fee=D("3.50"), reason="account not covered")
    outbox.drain()

    assert [make.fresh(each).open_amount for each in (document, other)] == [D("120.00"), D("60.00")]
    fee = Invoice.objects.get(order=None)
    assert (fee.gross, fee.tax, fee.lines.get().tax_category) == (D("3.50"), 0, "O")
    assert (row.amount, make.fresh(payment).refundable, balance()) == (200, 0, D("183.50"))


def test_a_chargeback_of_a_part_opens_the_newest_invoice():
    document, other = invoice(), make.shipped(("TEE-M", 5)).invoices.get()
    payment = make.transfer("180.00")
    applying.apply_many(payment, [Share(document, D("120.00")), Share(other, D("60.00"))])

    counter_entries.return_payment(payment, D("50.00"), reference="chargeback 1")
    counter_entries.return_payment(payment, D("50.00"), reference="chargeback 1")

    assert [make.fresh(each).open_amount for each in (document, other)] == [0, D("50.00")]
    with pytest.raises(Refused, match=r"up to 130\.00"):
        counter_entries.return_payment(payment, D("130.01"))


def test_what_was_owed_on_a_day_stays_what_was_told():
    document = invoice()
    yesterday = today() - timedelta(days=1)
    Invoice.objects.filter(pk=document.pk).update(
        issued_on=yesterday
    )  # as if it had been issued then
    payment = paid(document, on=yesterday)

    counter_entries.return_payment(payment)

    assert (owed(yesterday), owed(today())) == (0, D("120.00"))
    Invoice.objects.filter(pk=document.pk).update(issued_on=today())


def test_a_discount_for_paying_early_goes_with_the_payment():
    agreed = PaymentTerms.objects.create(code="t", name="t", discount_percent=3, discount_days=10)
    document = invoice(terms=agreed)
    payment = paid(document, "116.40")
    assert make.fresh(document).open_amount == 0

    counter_entries.return_payment(payment)

    assert make.fresh(document).open_amount == D("120.00")
    assert sum(row.tax for row in document.write_offs.all()) == 0
    paid(document, "116.40", "bank-2")
    assert make.fresh(document).open_amount == 0


def test_the_value_date_decides_on_the_discount():
    agreed = PaymentTerms.objects.create(code="t", name="t", discount_percent=3, discount_days=10)
    document = invoice(terms=agreed)
    Invoice.objects.filter(pk=document.pk).update(discount_until=today() - timedelta(days=2))

    paid(document, "116.40", on=today() - timedelta(days=1))
    assert make.fresh(document).open_amount == D("3.60")
    counter_entries.unapply(document.applications.get())
    paid(document, "116.40", "bank-2", on=today() - timedelta(days=2))

    assert make.fresh(document).open_amount == 0
    Invoice.objects.filter(pk=document.pk).update(discount_until=document.discount_until)


def test_a_day_that_is_to_come_or_closed_is_no_value_date():
    make.customer()
    with pytest.raises(Refused, match="in the future"):
        make.transfer("1.00", on=today() + timedelta(days=1))
    payment = make.transfer("1.00")
    periods.close(make.company(), today() - timedelta(days=3))
    with pytest.raises(Refused, match=r"You can only close past days|closed"):
        make.transfer("2.00", "bank-2", on=today() - timedelta(days=3))
    with pytest.raises(Refused, match="not a day between"):
        counter_entries.return_payment(payment, on=today() - timedelta(days=1))


def test_a_payment_on_the_wrong_customer_is_moved():
    document = invoice()
    right = make.customer("C-2")
    payment = paid(document, on=today() - timedelta(days=2))

    moved = counter_entries.move(payment, right, reason="same name")

    assert (make.fresh(document).open_amount, make.fresh(payment).refundable) == (D("120.00"), 0)
    assert (moved.customer, moved.unapplied, moved.paid_on) == (right, 120, payment.paid_on)
    assert (balance(), make.balance(right)) == (D("120.00"), D("-120.00"))
    with pytest.raises(Refused, match=payment.number):
        make.transfer("120.00", customer_code="C-2")  # the same line of the bank's statement again
    with pytest.raises(Refused, match="already"):
        counter_entries.move(moved, right)


def test_a_write_off_is_reversed_with_its_tax():
    document = invoice()
    row = write_offs.write_off(document, "bad_debt", amount=D("60.00"))

    write_offs.reverse(row, D("20.00"))
    write_offs.reverse(row)

    assert (
        make.fresh(document).open_amount,
        sum(each.tax for each in document.write_offs.all()),
    ) == (D("120.00"), 0)
    with pytest.raises(Refused, match="up to 0"):
        write_offs.reverse(row)


def test_a_bad_debt_is_paid_late_with_its_tax():
    document = invoice()
    write_offs.write_off(document, "bad_debt")

    payments.apply(make.transfer("60.00"), make.fresh(document))

    assert (make.fresh(document).open_amount, balance()) == (0, 0)
    assert sum(row.tax for row in document.write_offs.all()) == D("10.00")
    with pytest.raises(Refused, match=r"You can apply up to 60\.00"):
        payments.apply(make.transfer("90.00", "bank-2"), make.fresh(document), D("60.01"))


def test_a_small_difference_that_was_kept_is_given_back():
    make.customer()
    company = make.company()
    company.write_off_limit = D(1)
    company.save()
    payment = write_offs.write_off_rest(make.transfer("0.50"))

    write_offs.reverse(payment.write_offs.get())

    assert make.fresh(payment).unapplied == D("0.50")


def test_a_prepayment_is_unreserved_from_its_order():
    document = invoice()
    order = make.confirmed(("TEE-M", 1))
    payment = make.transfer("120.00", order=order)
    with pytest.raises(Refused, match="reserved for another order"):
        payments.apply(payment, document)

    payments.apply(counter_entries.free(payment), document)

    assert make.fresh(document).open_amount == 0


def test_one_payment_pays_several_invoices():
    documents = [invoice(), make.shipped(("TEE-M", 5)).invoices.get()]

    for _again in range(2):
        with confirming.agreed(True):
            incoming_payments.record_for_several(
                documents[0],
                lines=[Share(documents[1], D("60.00")), Share(documents[0], D("40.00"))],
                amount=D("110.00"),
                reference="b",
            )

    assert [make.fresh(row).open_amount for row in documents] == [D("80.00"), 0]
    payment = Payment.objects.get()
    assert payment.unapplied == 10
    with pytest.raises(Refused, match=r"come to 11\.00"):
        applying.apply_many(payment, [Share(documents[0], D("11.00"))])
