"""Invoices and credit notes: issued once, never changed, only credited."""

from datetime import date
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q, Value
from django.utils.translation import gettext_lazy as _

from oms.core.locking import LockRank
from oms.core.models import Company, Document
from oms.core.models.coded import CurrencyField
from oms.core.models.company import today_of
from oms.core.models.money import AmountField, UnitPriceField
from orders.models.customer import Customer
from orders.models.order import Order, OrderCharge, OrderLine
from orders.models.tax import TaxRate


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def overdue(self, today: date | None = None) -> Self:
        """Invoices that should have been paid before a day; before today's date of their companies, if none."""
        late = Q(due_on__lt=today) if today else today_of("due_on__lt")
        return self.filter(late).exclude(kind=Invoice.Kind.CREDIT)

    def open(self) -> Self:
        """Issued, and not yet paid or used up."""
        return self.filter(status=Invoice.Status.ISSUED, applied__lt=F("gross"))


class Invoice(Document):
    """An invoice or a credit note. Amounts are positive in both; what is paid is the sum of the applications."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        DEPOSIT = "deposit", _("deposit invoice")
        CREDIT = "credit", _("credit note")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        ISSUED = "issued", _("issued")

    TRANSITIONS = {Status.DRAFT: (Status.ISSUED,)}
    lock_rank = LockRank.INVOICE
    subject_type = "invoice"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.INVOICE)
    number = models.CharField(max_length=40, unique=True, null=True, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credits",
        verbose_name=_("credited invoice"),
    )
    reference = models.CharField(max_length=60, unique=True, null=True, editable=False)
    reason = models.CharField(
        max_length=200,
        blank=True,
        db_default="",
        editable=False,
        help_text=_("Reason for the credit note."),
    )
    seller = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), editable=False
    )
    bill_to = models.JSONField(default=dict)
    ship_to = models.JSONField(
        default=dict, db_default=Value({}, models.JSONField()), editable=False
    )
    currency = CurrencyField()
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=1)
    net = AmountField()
    tax = AmountField()
    gross = AmountField()
    applied = AmountField(editable=False)
    supplied_on = models.DateField(_("date of supply"), null=True, editable=False)
    issued_on = models.DateField(null=True, editable=False)
    due_on = models.DateField(
        null=True,
        editable=False,
        help_text=_("Payment due date. With installments, the next unpaid one."),
    )
    discount_percent = models.DecimalField(
        _("early payment discount (%)"),
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        editable=False,
    )
    discount_until = models.DateField(_("discount until"), null=True, editable=False)
    is_imported = models.BooleanField(default=False, editable=False)
    series = models.CharField(max_length=8, blank=True, editable=False)
    year = models.PositiveSmallIntegerField(null=True, editable=False)
    sequence_number = models.PositiveIntegerField(null=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="invoice_gross_is_net_and_tax"
            ),
            models.CheckConstraint(condition=Q(gross__gte=0), name="invoice_is_not_negative"),
            models.CheckConstraint(
                condition=Q(applied__gte=0, applied__lte=F("gross")), name="invoice_is_not_overpaid"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(number__isnull=False),
                name="issued_invoice_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(corrects=None) | Q(kind="credit"), name="only_credit_notes_correct"
            ),
            models.UniqueConstraint(
                fields=["company", "series", "year", "sequence_number"],
                name="legal_number_once_per_series",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="invoices_of_customer"),
            models.Index(
                fields=["due_on"],
                condition=Q(status="issued") & Q(applied__lt=F("gross")),
                name="invoices_open_by_due_date",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"

    @property
    def order_number(self) -> str:
        return str(self.order.number) if self.order else ""

    @property
    def open_amount(self) -> Decimal:
        return self.gross - self.applied

    def order_keys(self) -> set[int]:
        """The orders that it bills or credits, by primary key; a collective one's are several."""
        lines = self.lines.values_list("order_line__order", "charge__order")
        return {key for pair in lines for key in pair if key} | (
            {self.order_id} if self.order_id else set()
        )

    def preceding(self) -> list["Invoice"]:
        """The documents that it or its lines refer to, the oldest first: what it corrects, and deposits it deducts."""
        keys = set(self.lines.exclude(corrects=None).values_list("corrects__invoice", flat=True))
        keys |= {self.corrects_id} if self.corrects_id else set()
        return list(Invoice.objects.filter(pk__in=keys - {self.pk}).order_by("pk"))

    @property
    def registration(self) -> str:
        """The seller's VAT registration that it falls under: empty for the company's own, else its country."""
        return str(self.seller.get("registered_in", ""))

    @property
    def sign(self) -> int:
        """Of its amounts in sums: a credit note's count against."""
        return -1 if self.kind == Invoice.Kind.CREDIT else 1


class Installment(models.Model):
    """A part of an invoice that is due on a day of its own; only of those that are paid in more than one."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="installments")
    due_on = models.DateField()
    amount = AmountField()

    class Meta:
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="installment_is_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.due_on}"

    @property
    def currency(self) -> str:
        return self.invoice.currency


class InvoiceLine(models.Model):
    """What an invoice bills or a credit note credits: part of an order line, a charge, or a text of its own."""

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    order_line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice_lines"
    )
    charge = models.ForeignKey(
        OrderCharge, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice_lines"
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_lines",
        verbose_name=_("credited line"),
    )
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    credited = models.PositiveIntegerField(default=0, editable=False)
    unit_price = UnitPriceField()
    discount_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    tax_category = models.CharField(max_length=2, choices=TaxRate.Category, default="S")
    tax_note = models.CharField(max_length=200, blank=True)
    net = AmountField()
    tax = AmountField()
    gross = AmountField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="invoice_line_gross_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(credited__lte=F("quantity")), name="credited_is_not_more_than_invoiced"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def order_key(self) -> int | None:
        """The order that it bills or credits goods or a charge of, by primary key."""
        about = self.order_line or self.charge
        return about.order_id if about is not None else None

    @property
    def currency(self) -> str:
        return self.invoice.currency
