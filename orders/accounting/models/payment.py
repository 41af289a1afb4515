"""Payments, refunds, and what they pay for."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from oms.core.locking import LockRank
from oms.core.models import Company, Document
from oms.core.models.coded import CurrencyField
from oms.core.models.money import AmountField
from oms.core.money_text import display
from oms.core.numbering import number_field
from orders.accounting.models.invoice import Invoice
from orders.models.customer import Customer
from orders.models.order import Order


class Payment(Document):
    """Money of a customer: asked for, authorized, captured. A prepayment stays reserved for its order."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        AUTHORIZED = "authorized", _("authorized")
        CAPTURED = "captured", _("captured")
        FAILED = "failed", _("failed")
        VOIDED = "voided", _("voided")

    TRANSITIONS = {
        Status.REQUESTED: (Status.AUTHORIZED, Status.CAPTURED, Status.FAILED),
        Status.AUTHORIZED: (Status.CAPTURED, Status.VOIDED),
    }
    lock_rank = LockRank.PAYMENT
    subject_type = "payment"

    number = number_field("PAY")
    status = models.CharField(
        max_length=10, choices=Status, default=Status.REQUESTED, editable=False
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="payments")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="payments"
    )
    gateway = models.CharField(max_length=20, default="manual")
    reference = models.CharField(max_length=80, unique=True, null=True)
    gateway_reference = models.CharField(max_length=80, blank=True, editable=False)
    currency = CurrencyField()
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=1)
    amount = AmountField()
    capture_requested = AmountField(editable=False)
    captured = AmountField(editable=False)
    applied = AmountField(editable=False)
    refunded = AmountField(editable=False)
    refunded_unlinked = AmountField(
        editable=False, help_text=_("Part of the refunds made without a credit note.")
    )
    written_off = AmountField(
        editable=False, db_default=0, help_text=_("Small overpayment kept, not refunded.")
    )
    is_imported = models.BooleanField(default=False, editable=False)
    paid_on = models.DateField(_("value date"), null=True, blank=True)
    origin = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="follow_ups",
        help_text=_("The payment that this is the rest of, or was moved from."),
    )
    capture_key = models.CharField(max_length=80, blank=True, db_default="", editable=False)
    void_reference = models.CharField(max_length=80, blank=True, db_default="", editable=False)
    error = models.CharField(max_length=200, blank=True, db_default="", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=Q(captured__lte=F("amount")), name="captured_is_not_more_than_authorized"
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("captured")),
                name="refunded_is_not_more_than_captured",
            ),
            models.CheckConstraint(
                condition=Q(
                    applied__gte=0,
                    refunded_unlinked__gte=0,
                    written_off__gte=0,
                    applied__lte=F("captured") - F("refunded_unlinked") - F("written_off"),
                ),
                name="applied_is_not_more_than_captured",
            ),
            models.CheckConstraint(
                condition=Q(captured=0) | Q(paid_on__isnull=False),
                name="captured_money_has_a_value_date",
            ),
        ]
        indexes = [models.Index(fields=["customer", "-id"], name="payments_of_customer")]

    @property
    def order_number(self) -> str:
        return str(self.order.number) if self.order else ""

    @property
    def asked(self) -> Decimal:
        """What was asked for at first, with the rests that partial captures split off."""
        rests = self.follow_ups.filter(reference=None) if self.pk else ()
        return self.amount + sum((rest.asked for rest in rests), Decimal(0))

    @property
    def unapplied(self) -> Decimal:
        """What it has left to pay invoices with."""
        return self.captured - self.applied - self.refunded_unlinked - self.written_off

    @property
    def refundable(self) -> Decimal:
        """What of the money is still here to be given back."""
        return self.captured - self.refunded - self.written_off


class WriteOff(models.Model):
    """What an invoice lacks, or a payment has too much, and nobody asks for any more. The tax in it is given up too."""

    class Kind(models.TextChoices):
        DISCOUNT = "discount", _("early payment discount")
        DIFFERENCE = "difference", _("small difference")
        BAD_DEBT = "bad_debt", _("bad debt")

    kind = models.CharField(max_length=10, choices=Kind)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, null=True, related_name="write_offs"
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="write_offs"
    )
    amount = AmountField()
    tax = AmountField(help_text=_("Tax included in the amount written off."))
    taxes = models.JSONField(
        default=list,
        db_default=Value([], models.JSONField()),
        editable=False,
        help_text=_("The same by category and rate."),
    )
    reason = models.CharField(max_length=200, blank=True)
    booked_on = models.DateField()
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversals"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0, tax__gte=0)
                | Q(reverses__isnull=False, amount__lt=0, tax__lte=0),
                name="write_off_is_positive_and_its_reversal_negative",
            ),
            models.CheckConstraint(
                condition=Q(invoice=None, payment__isnull=False)
                | Q(invoice__isnull=False, payment=None),
                name="write_off_has_one_subject",
            ),
        ]
        verbose_name, verbose_name_plural = _("write-off"), _("write-offs")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {display(self.amount, self.currency)}"

    @property
    def left(self) -> Decimal:
        """What of it is not taken back."""
        return self.amount + sum((row.amount for row in self.reversals.all()), Decimal(0))

    @property
    def currency(self) -> str:
        return (self.invoice or self.payment).currency  # type: ignore[union-attr]


class PaymentApplication(models.Model):
    """A payment, a credit note or a write-off that pays (a part of) an invoice."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="applications"
    )
    credit = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        related_name="uses",
        verbose_name=_("credit note"),
    )
    write_off = models.OneToOneField(
        WriteOff, on_delete=models.PROTECT, null=True, related_name="use"
    )
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="applications")
    amount = AmountField()
    exchange_difference = AmountField(
        db_default=0,
        editable=False,
        help_text=_("Exchange gain (or loss, if negative) in company currency."),
    )
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="reversals"
    )
    booked_on = models.DateField(
        null=True, help_text=_("Of a counter-entry: the day from which it counts.")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses=None, amount__gt=0)
                | Q(reverses__isnull=False, amount__lt=0, booked_on__isnull=False),
                name="application_is_positive_and_its_reversal_negative",
            ),
            models.CheckConstraint(
                condition=Q(payment=None, credit__isnull=False, write_off=None)
                | Q(payment__isnull=False, credit=None, write_off=None)
                | Q(payment=None, credit=None, write_off__isnull=False),
                name="application_has_one_source",
            ),
        ]

    def __str__(self) -> str:
        source = self.payment or self.credit or self.write_off
        return f"{display(self.amount, self.currency)} of {source} to {self.invoice}"

    @property
    def left(self) -> Decimal:
        """What of it is not taken back."""
        return self.amount + sum((row.amount for row in self.reversals.all()), Decimal(0))

    @property
    def currency(self) -> str:
        return self.invoice.currency


class Refund(models.Model):
    """Money that left again of a payment: given back for a credit note or of what was paid too much, returned by the
    bank, or moved to another customer's payment."""

    class Kind(models.TextChoices):
        REFUND = "refund", _("refund")
        RETURNED = "returned", _("returned payment")
        MOVED = "moved", _("moved to another customer")

    class Status(models.TextChoices):
        REQUESTED = "requested", _("requested")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    credit = models.ForeignKey(
        Invoice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="refunds",
        verbose_name=_("credit note"),
    )
    kind = models.CharField(
        max_length=8, choices=Kind, default=Kind.REFUND, db_default="refund", editable=False
    )
    amount = AmountField()
    fee = AmountField(db_default=0, help_text=_("What the bank charged us for a returned payment."))
    booked_on = models.DateField(_("value date"))
    reason = models.CharField(max_length=200, blank=True, db_default="")
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=1, db_default=1)
    exchange_difference = AmountField(db_default=0, editable=False)
    status = models.CharField(
        max_length=10, choices=Status, default=Status.REQUESTED, editable=False
    )
    reference = models.CharField(max_length=80, unique=True)
    gateway_reference = models.CharField(max_length=80, blank=True)
    error = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, fee__gte=0), name="refund_is_positive")
        ]

    def __str__(self) -> str:
        return f"{display(self.amount, self.currency)} of {self.payment}"

    @property
    def currency(self) -> str:
        return self.payment.currency
