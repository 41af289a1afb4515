"""The accountant's exports: what was given to whom, once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.locking import LockRank
from oms.core.models import Company, Document, Job
from oms.core.numbering import number_field
from orders.models.tax import TaxRate


class Profile(models.TextChoices):
    """What a file holds, and in which layout."""

    INVOICE_LINES = "invoice_lines", _("Invoices and credit notes, by line")
    INVOICE_TAXES = "invoice_taxes", _("Invoices and credit notes, by tax rate")
    SUPPLIER_INVOICES = "supplier_invoices", _("Intercompany supplier invoices, by line")
    PAYMENTS = "payments", _("payments, refunds and write-offs")
    RECEIVABLES = "receivables", _("Aged receivables")
    SALES_BY_PRODUCT = "sales_by_product", _("sales by product")
    SALES_BY_CHANNEL = "sales_by_channel", _("sales by channel")
    SALES_BY_CUSTOMER = "sales_by_customer", _("sales by customer")
    STOCK_VALUE = "stock_value", _("Inventory valuation")
    QUICKBOOKS = "quickbooks", _("QuickBooks Online: invoices and credit notes")


class ExportRun(Document):
    """A file for the accountant's books: prepared, looked at, and marked as sent; or taken back."""

    class Status(models.TextChoices):
        PREPARED = "prepared", _("prepared")
        SENT = "sent", _("sent")
        UNDONE = "undone", _("reversed")

    TRANSITIONS = {Status.PREPARED: (Status.SENT, Status.UNDONE), Status.SENT: (Status.UNDONE,)}
    lock_rank = LockRank.SUPPLY
    subject_type = "export"

    number = number_field("EXP")
    status = models.CharField(max_length=8, choices=Status, default=Status.PREPARED, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    profile = models.CharField(max_length=20, choices=Profile)
    file_format = models.CharField(max_length=4, default="xlsx")
    since = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    only_new = models.BooleanField(
        default=False, help_text=_("Exclude documents already sent with this export type.")
    )
    rows = models.PositiveIntegerField(default=0, editable=False)
    totals = models.JSONField(default=dict, editable=False)
    findings = models.JSONField(default=list, editable=False)
    job = models.ForeignKey(
        Job, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("export run")


class ExportedDocument(models.Model):
    """A document that a run holds: in at most one that was sent, for each profile."""

    run = models.ForeignKey(ExportRun, on_delete=models.CASCADE, related_name="documents")
    profile = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    key = models.BigIntegerField()
    is_sent = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "key"], name="document_once_per_run"),
            models.UniqueConstraint(
                fields=["profile", "kind", "key"],
                condition=Q(is_sent=True),
                name="document_in_one_sent_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class TaxCode(models.Model):
    """What a company's accounting program calls a tax category and rate."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="tax_codes")
    registration = models.CharField(
        _("country of the VAT number"),
        max_length=2,
        blank=True,
        db_default="",
        help_text=_("Of another VAT number of the company, for example NL. Empty: its own."),
    )
    category = models.CharField(
        max_length=2, choices=TaxRate.Category, default=TaxRate.Category.STANDARD
    )
    percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    code = models.CharField(
        max_length=40, help_text=_("As the accounting program writes it, for example 19.0% S.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "registration", "category", "percent"],
                name="one_tax_code_per_rate",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0), name="percent_of_tax_code_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.code
