"""What customers are told about their invoices and money, by email, and colleagues about what is overdue."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import Count, F, Min, Sum
from django.utils.translation import ngettext

from oms.core import stored_files
from oms.core.locking import whole
from oms.core.models import Company, Topic
from oms.core.money_text import display
from oms.messaging import emails, notifications
from orders.accounting.models import Invoice, Payment, Refund
from orders.notifications import Amount, send


def invoice_key(document: Invoice) -> str:
    """The key of the mail that brings an invoice or a credit note."""
    return f"invoice-{document.pk}"


def tell_invoiced(document: Invoice) -> None:
    """The customer gets an invoice or a credit note with its frozen files; it is asked for once they are there."""
    stored = {
        kind: stored_files.legal(
            kind, subject_type=document.subject_type, subject_number=str(document.number)
        )
        for kind in (document.kind, "ubl")
    }
    files = [
        (f"{document.number}.{suffix}", row, mime)
        for row, suffix, mime in (
            (stored[document.kind], "pdf", "application/pdf"),
            (stored["ubl"], "xml", "application/xml"),
        )
        if row
    ]
    template = "credit_issued" if document.kind == Invoice.Kind.CREDIT else "invoice_issued"
    currency = document.currency
    send(
        invoice_key(document),
        template,
        document.customer,
        document,
        files=files,
        invoice=document,
        gross=Amount(document.gross, currency),
        open=Amount(document.open_amount, currency),
        paid=Amount(document.applied, currency),
    )


def tell_refunded(payment: Payment, row: Refund) -> None:
    """The customer hears that money is on its way back, after the credit note that says why."""
    credit = row.credit
    if credit is not None and not credit.is_imported and not emails.is_settled(invoice_key(credit)):
        return  # the mail of the credit note is followed by this one
    send(
        f"refund-{row.pk}",
        "payment_refunded",
        payment.customer,
        payment,
        payment=payment,
        credit=credit,
        amount=Amount(row.amount, payment.currency),
    )


def tell_refunds_of(credit: Invoice) -> None:
    """The refunds that waited for the mail of their credit note."""
    for row in Refund.objects.filter(credit=credit, status=Refund.Status.DONE).select_related(
        "payment", "credit"
    ):
        tell_refunded(row.payment, row)


@whole
def tell_overdue(company: Company) -> None:
    """Accountants hear how much is overdue, currency by currency, and since when."""
    late = Invoice.objects.open().overdue(company.today()).filter(company=company)
    for row in (
        late.order_by()
        .values("currency")
        .annotate(count=Count("pk"), total=Sum(F("gross") - F("applied")), since=Min("due_on"))
        .order_by("currency")
    ):
        notifications.tell(
            Topic.OVERDUE,
            partial(_overdue, company, row),
            without_amounts="",
            company=company,
            subject_type="company",
            subject_number=company.code,
        )


def _overdue(company: Company, row: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(name)s: %(count)s overdue invoice of %(amount)s, due %(since)s.",
        "%(name)s: %(count)s overdue invoices totaling %(amount)s. Oldest due %(since)s.",
        row["count"],
    )
    return text % {**row, "name": company.name, "amount": display(row["total"], row["currency"])}
