"""Invoices, credit notes and payments in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice import absent, panels
from oms.backoffice.access import Lines
from oms.backoffice.chips import address_text, chip
from oms.backoffice.decorators import display
from oms.backoffice.documents import DocumentAdmin
from oms.backoffice.records import ReadOnlyAdmin
from oms.core import stored_files
from oms.core.errors import DomainError
from oms.core.money import round_amount
from oms.core.money_text import display as show_amount
from oms.files.runs import offer
from orders.accounting import printing
from orders.accounting.admin.filters import Due, GatewayName
from orders.accounting.admin.sheets import InvoiceLineSheet, PaymentSheet
from orders.accounting.models import (
    Installment,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentApplication,
    Refund,
    WriteOff,
)


class InvoiceLines(Lines):
    model = InvoiceLine
    fk_name = "invoice"
    fields = [
        "description",
        "quantity",
        "unit_price",
        "tax_percent",
        "net",
        "tax",
        "gross",
        "credited",
    ]
    ordering = ["position"]


class Installments(Lines):
    model = Installment
    fields = ["due_on", "amount"]


class Allocations(Lines):
    model = PaymentApplication
    fk_name = "invoice"
    fields = [
        "payment",
        "credit",
        "write_off",
        "amount",
        "exchange_difference",
        "booked_on",
        "by",
        "at",
    ]
    readonly_fields = ["exchange_difference", "at"]


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin):
    list_display = ["number", "kind", "customer", "issued_on", "due_on", "total", "open_now", "pdf"]
    only_links = ["pdf"]
    list_filter = [Due, "kind", "issued_on", "due_on"]
    list_select_related = ["customer"]
    search_fields = exact_search_fields = ["number", "order__number"]
    search_related = ["customer"]
    sheets = offer(InvoiceLineSheet)
    fields = [
        "kind",
        "company",
        "customer",
        "order",
        "corrects",
        "reason",
        "issued_on",
        "supplied_on",
        "due_on",
        "discount_percent",
        "discount_until",
        "currency",
        "net",
        "tax",
        "gross",
        "applied",
        "at_home",
        "billed_to",
        "hash",
    ]
    readonly_fields = ["at_home", "billed_to"]
    inlines = [InvoiceLines, Installments, Allocations]

    @display(description=_("Total"), ordering="gross")
    def total(self, document: Invoice) -> str:
        return show_amount(document.gross, document.currency)

    @display(description=_("Bill to"))
    def billed_to(self, document: Invoice) -> str:
        return address_text(document.bill_to)

    @display(description=_("Balance due"))
    def open_now(self, document: Invoice) -> str:
        return show_amount(document.open_amount, document.currency)

    @display(description=_("Amount in company currency"))
    def at_home(self, document: Invoice) -> str:
        """Net, tax and gross at the document's rate, where its currency is not the company's."""
        home, rate = document.company.currency, document.exchange_rate
        if document.currency == home:
            return "–"
        told = [
            show_amount(round_amount(amount / rate, home), home)
            for amount in (document.net, document.tax, document.gross)
        ]
        return (
            f"{' + '.join(told[:2])} = {told[2]} ({rate.normalize():f} {document.currency}/{home})"
        )

    @display(description=_("PDF"))
    def pdf(self, document: Invoice) -> Any:
        return format_html(
            '<a href="{}">PDF</a>', reverse("admin:orders_invoice_pdf", args=[document.pk])
        )

    def get_urls(self) -> Any:
        return [
            path(
                "<int:pk>/pdf/",
                self.admin_site.admin_view(self.pdf_view),
                name="orders_invoice_pdf",
            ),
            path(
                "<int:pk>/data/",
                self.admin_site.admin_view(self.data_view),
                name="orders_invoice_data",
            ),
            *super().get_urls(),
        ]

    def pdf_view(self, request: HttpRequest, pk: int) -> Any:
        """The frozen PDF of an issued invoice."""
        document = self.get_object(request, str(pk))
        if document is None or not self.has_view_permission(request, document):
            return absent.answer(request, self.opts, pk)
        try:
            content = printing.read_invoice(document)
        except DomainError as refused:
            status = 404 if refused.code == "not_made_yet" else 409
            return HttpResponse(refused.message, status=status, content_type="text/plain")
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{document.number}.pdf"'},
        )

    def data_view(self, request: HttpRequest, pk: int) -> Any:
        """The frozen UBL file of an issued document."""
        document = self.get_object(request, str(pk))
        stored = (
            stored_files.legal("ubl", subject_type="invoice", subject_number=str(document))
            if document
            else None
        )
        if stored is None or not self.has_view_permission(request, document):
            return absent.answer(request, self.opts, pk)
        return HttpResponse(
            stored_files.read(stored),
            content_type="application/xml",
            headers={"Content-Disposition": f'attachment; filename="{document}.xml"'},
        )

    def document_context(self, request: HttpRequest, document: Any) -> dict[str, Any]:
        context = super().document_context(request, document)
        if stored_files.legal("ubl", subject_type="invoice", subject_number=str(document)):
            context["links"].append(
                (gettext("UBL"), reverse("admin:orders_invoice_data", args=[document.pk]))
            )
        return context


@admin.register(WriteOff)
class WriteOffAdmin(ReadOnlyAdmin):
    """What was given up; it is done on the invoice or the payment."""

    list_display = [
        "booked_on",
        "kind",
        "invoice",
        "payment",
        "amount",
        "tax",
        "reverses",
        "reason",
        "by",
    ]
    list_select_related = ["invoice", "payment", "by", "reverses__invoice", "reverses__payment"]
    list_filter = ["kind"]
    ordering = ["-pk"]


class Refunds(Lines):
    model = Refund
    fields = [
        "kind",
        "amount",
        "credit",
        "fee",
        "booked_on",
        "reason",
        "exchange_difference",
        "status",
        "reference",
        "error",
    ]
    readonly_fields = ["kind", "exchange_difference"]


class Uses(Lines):
    model = PaymentApplication
    fk_name = "payment"
    fields = ["invoice", "amount", "exchange_difference", "booked_on", "by", "at"]
    readonly_fields = ["exchange_difference", "at"]


@admin.register(Payment)
class PaymentAdmin(DocumentAdmin):
    sheets = offer(PaymentSheet)
    list_display = [
        "number",
        "state",
        "customer",
        "amount",
        "currency",
        "captured",
        "applied",
        "refunded",
        "paid_on",
    ]
    list_filter = ["status", GatewayName, "paid_on"]
    list_select_related = ["customer"]
    search_fields = exact_search_fields = ["number", "reference"]
    search_related = ["customer"]
    fields = [
        "company",
        "customer",
        "order",
        "gateway",
        "reference",
        "currency",
        "amount",
        "captured",
        "applied",
        "refunded",
        "paid_on",
        "origin",
        "error",
    ]
    readonly_fields = ["origin", "error"]
    inlines = [Uses, Refunds]

    @display(description=_("Status"), ordering="status")
    def state(self, payment: Payment) -> Any:
        return chip(payment)


panels.register(
    Invoice,
    _("Credit notes"),
    Invoice,
    lambda document: document.credits.all(),
    "number",
    "issued_on",
    "gross",
)
