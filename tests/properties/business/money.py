"""Money: invoices paid in part and over, refunded and credited."""

from decimal import Decimal as D

from hypothesis import strategies as st
from hypothesis.stateful import rule

from orders.accounting import crediting, payments, refunds
from orders.accounting.models import Invoice, Payment
from tests import builders as make
from tests.properties.business.world import World, there_is, which


class Money(World):
    """What bookkeepers do."""

    @there_is("invoice.issued")
    @rule(index=which, amount=st.sampled_from([D("1.00"), D(0), None]))
    def pay(self, index, amount):
        if document := self.pick_from(Invoice.objects.open().exclude(kind="credit"), index):
            number = Payment.objects.count()
            amount = amount if amount != 0 else document.gross + 1
            payment = make.transfer(str(amount or document.gross), reference=f"bank {number}")
            self.attempt(payments.apply, payment, document)

    @there_is("payment.captured")
    @rule(index=which)
    def refund(self, index):
        payment = self.pick_from(Payment.objects.filter(status="captured"), index)
        self.attempt(
            refunds.refund,
            payment,
            D("0.50"),
            reference=f"refund {payment.number} {payment.version}",
        )

    @there_is("invoice.issued")
    @rule(index=which, number=which, units=st.integers(1, 2))
    def credit(self, index, number, units):
        if document := self.pick_from(Invoice.objects.filter(kind="invoice"), index):
            credited = [crediting.Credited(self.pick_from(document.lines.all(), number), units)]
            self.attempt(
                crediting.credit, document, credited, reference=f"c{Invoice.objects.count()}"
            )
