"""What the accountant should know with an export: gaps, what is not posted, what was credited since."""

from django.db import connection
from django.db.models import F, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core.models import Company
from orders.accounting import export_files
from orders.accounting.connectors.exports.quickbooks_online import mapping as quickbooks
from orders.accounting.models import ExportedDocument, ExportRun, Invoice, InvoiceLine
from orders.accounting.models.export import Profile
from orders.models import OrderLine

_REGISTRATION = KeyTextTransform("registered_in", "invoice__seller")


def findings(run: ExportRun) -> list[str]:
    """What the accountant should know with the file: gaps, what is not posted, what was credited since."""
    if run.profile == Profile.SUPPLIER_INVOICES:
        return []
    found = [
        _("%(series)s %(year)s: number %(number)s is missing.")
        % {"series": series, "year": year, "number": number}
        for series, year, number in _gaps(run.company)
    ]
    drafts = Invoice.objects.filter(company=run.company, status=Invoice.Status.DRAFT).count()
    waiting = (
        OrderLine.objects.filter(order__company=run.company, shipped__gt=F("invoiced"))
        .values("order")
        .distinct()
        .count()
    )
    if drafts:
        found.append(
            ngettext(
                "%(count)s draft invoice hasn't been issued.",
                "%(count)s draft invoices haven't been issued.",
                drafts,
            )
            % {"count": drafts}
        )
    if waiting:
        found.append(
            ngettext(
                "%(count)s order has shipped items that haven't been invoiced.",
                "%(count)s orders have shipped items that haven't been invoiced.",
                waiting,
            )
            % {"count": waiting}
        )
    return (
        found + (_of_quickbooks(run) if run.profile == Profile.QUICKBOOKS else []) + _credited(run)
    )


def _of_quickbooks(run: ExportRun) -> list[str]:
    """What its imports don't take, and tax codes that nobody has named."""
    found, codes = [], export_files.tax_codes(run.company)
    if run.documents.exclude(kind="invoice").exists():
        found.append(
            _(
                "QuickBooks imports no payments from a file. Enter those of payments-to-enter-by-hand.csv, or "
                "match them with your bank's."
            )
        )
    taxes = InvoiceLine.objects.filter(
        invoice__in=run.documents.filter(kind="invoice").values("key")
    )
    for registration, category, percent in (
        taxes.annotate(registration=Coalesce(_REGISTRATION, Value(""), output_field=TextField()))
        .order_by("registration", "tax_category", "tax_percent")
        .values_list("registration", "tax_category", "tax_percent")
        .distinct()
    ):
        if (registration, category, percent.normalize()) not in codes:
            found.append(
                _(
                    "The tax code of QuickBooks for %(code)s isn't known. Enter it under Tax codes, or choose "
                    "it at the import."
                )
                % {"code": quickbooks.unknown_code(registration, category, percent)}
            )
    return found


def _gaps(company: Company) -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.series, s.year, n FROM core_sequence s CROSS JOIN LATERAL generate_series(1, s.last) n
            WHERE s.company_id = %s AND NOT EXISTS (
                SELECT 1 FROM orders_invoice i WHERE i.company_id = s.company_id AND i.series = s.series
                AND i.year = s.year AND i.sequence_number = n) ORDER BY 1, 2, 3 LIMIT 50""",
            [company.pk],
        )
        found: list[tuple[str, int, int]] = cursor.fetchall()
        return found


def _credited(run: ExportRun) -> list[str]:
    """Invoices of earlier sent runs that credit notes of this one change."""
    own = ExportedDocument.objects.filter(run=run, kind="invoice").values("key")
    sent = ExportedDocument.objects.filter(
        profile=run.profile, kind="invoice", is_sent=True
    ).values("key")
    notes = Invoice.objects.filter(
        pk__in=own, kind=Invoice.Kind.CREDIT, corrects__in=sent
    ).order_by("pk")
    return [
        _("%(note)s credits %(invoice)s, which was in an earlier export.")
        % {"note": note, "invoice": note.corrects}
        for note in notes.select_related("corrects")[:200]
    ]
