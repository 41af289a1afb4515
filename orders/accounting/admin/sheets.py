"""Spreadsheets of invoices and payments."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, When
from django.utils.translation import gettext as _
from import_export.resources import Resource

from oms.core import policy
from oms.core.errors import Refused
from oms.core.models import Company
from oms.files.columns import Day, Exact, Reference, Text, Whole, column_of
from oms.files.rows import DocumentSheet, Sheet, column
from orders.accounting import applying
from orders.accounting.connectors.gateways import TRANSFER
from orders.accounting.models import Invoice, InvoiceLine, Payment, PaymentApplication
from orders.models import Customer


class InvoiceLineSheet(Sheet, Resource):
    """Invoices and credit notes, a row for each line; credit notes count against. It goes out and never in."""

    title, slug, about = "Invoice lines", "invoice-lines", InvoiceLine
    number = column("invoice__number", Text(), "number")
    kind = column("invoice__kind", Text(), "kind")
    issued_on = column("invoice__issued_on", Day(), "issued_on")
    due_on = column("invoice__due_on", Day(), "due_on")
    customer = column("invoice__customer__code", Text(), "customer")
    name = column("invoice__customer__name", Text(), "name")
    order = column("invoice__order__number", Text(), "order")
    description = column("description", Text())
    quantity = column("signed_quantity", Whole(), "quantity")
    unit_price = column("unit_price", Exact())
    tax_category = column("tax_category", Text())
    tax_percent = column("tax_percent", Exact(is_percent=True))
    net = column("signed_net", Exact(), "net")
    tax = column("signed_tax", Exact(), "tax")
    gross = column("signed_gross", Exact(), "gross")
    currency = column("invoice__currency", Text(), "currency")

    class Meta:
        import_id_fields = ["number"]

    def listed(self, rows: Any) -> Any:
        sign = Case(
            When(invoice__kind=Invoice.Kind.CREDIT, then=-1), default=1, output_field=IntegerField()
        )
        signed = {f"signed_{name}": F(name) * sign for name in ("quantity", "net", "tax", "gross")}
        return (
            InvoiceLine.objects.filter(invoice__in=rows)
            .annotate(**signed)
            .select_related("invoice__customer", "invoice__order")
            .order_by("invoice_id", "position")
        )


class PaymentSheet(DocumentSheet):
    """Lines of a bank's statement. One that is booked already with the same facts is left alone."""

    title, slug, imports, about = "payments", "payments", Payment, Payment
    reference = column("reference", Text("", most=80))
    customer = column("customer", Reference(Customer, "code"))
    amount = column("amount", column_of(Payment._meta.get_field("amount"), empty=None))
    currency = column("currency", column_of(Payment._meta.get_field("currency"), empty=""))
    paid_on = column("paid_on", Day(None))
    company = column("company", Reference(Company, "code"))
    invoice = column("paid_invoice", Text("", most=40), "invoice")

    class Meta:
        import_id_fields = ["reference"]

    @classmethod
    def needed(cls) -> list[str]:
        return ["reference", "customer", "amount"]

    def listed(self, rows: Any) -> Any:
        """Transfers as they came: what was split off, moved or captured by a gateway is no line of a statement."""
        first = PaymentApplication.objects.filter(payment=OuterRef("pk"), reverses=None).order_by(
            "pk"
        )
        came = rows.filter(gateway=TRANSFER, origin=None, order=None, reference__isnull=False)
        return (
            came.annotate(paid_invoice=Subquery(first.values("invoice__number")[:1]))
            .select_related("customer", "company")
            .order_by("pk")
        )

    def perform(self, entries: Sequence[dict[str, Any]]) -> str:
        (row,) = entries
        document = self._invoice(row["invoice"])
        company = row["company"] or (document.company if document else None) or self._only_company()
        payment = applying.book_statement_line(
            row["customer"],
            row["amount"],
            company=company,
            reference=row["reference"],
            on=row["paid_on"],
            currency=row["currency"] or row["customer"].currency,
            document=document,
            by=self.user,
        )
        return f"{payment.number}: {payment.amount} {payment.currency}" if payment else ""

    def _invoice(self, number: str) -> Invoice | None:
        found = policy.scope(Invoice, self.user).filter(number=number).first() if number else None
        if number and found is None:
            raise Refused(
                _("There is no invoice “%(number)s”.") % {"number": number}, field="invoice"
            )
        return found

    def _only_company(self) -> Company:
        found = list(policy.scope(Company, self.user, "import", Payment)[:2])
        if len(found) != 1:
            raise Refused(
                _("Enter the company whose account it is: there are several."), field="company"
            )
        return found[0]
