"""The other side of intercompany documents: supplier invoices of the company that buys."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import exchange_rates, money, periods
from oms.core.errors import Refused
from oms.core.locking import atomic
from orders.accounting.models import (
    IntercompanyRule,
    IntercompanySupply,
    Invoice,
    InvoiceLine,
    SupplierInvoice,
    SupplierInvoiceLine,
)

AMOUNTS = ("net", "tax", "gross")
COPIED = (
    "position",
    "description",
    "quantity",
    "unit_price",
    "tax_percent",
    "tax_category",
    *AMOUNTS,
)


def mirror(document: Invoice) -> SupplierInvoice | None:
    """Record an intercompany invoice or credit note with the company that buys; None for any other document.

    Called again it returns the first. Raises Refused where the buying company has no exchange rate of its currency.
    """
    known = SupplierInvoice.objects.filter(mirrors=document).first()
    lines = list(document.lines.order_by("position"))
    supplies = _supplies(lines)
    if known or not supplies:
        return known
    assert document.issued_on is not None and document.due_on is not None
    with atomic():
        rule = next(iter(supplies.values())).rule
        company = rule.selling
        original = _original(document)
        row = SupplierInvoice.objects.create(
            company=company,
            supplier=rule.supplier,
            kind=document.kind,
            number=str(document.number),
            mirrors=document,
            corrects=original,
            currency=document.currency,
            issued_on=document.issued_on,
            exchange_rate=_rate(rule, document, original),
            due_on=document.due_on,
            booked_on=periods.open_day(company, document.issued_on),
            **{name: getattr(document, name) for name in AMOUNTS},
        )
        SupplierInvoiceLine.objects.bulk_create(
            SupplierInvoiceLine(
                invoice=row,
                sku_id=supplies[line.corrects_id or line.pk].sku_id,
                **{name: getattr(line, name) for name in COPIED},
            )
            for line in lines
        )
        return row


def _supplies(lines: Iterable[InvoiceLine]) -> dict[int, IntercompanySupply]:
    """What intercompany lines, or those that they correct, bill; by the key of the line that bills it."""
    keys = [line.corrects_id or line.pk for line in lines]
    rows = IntercompanySupply.objects.filter(line__in=keys).select_related(
        "rule__selling", "rule__supplier"
    )
    return {row.line_id: row for row in rows}


def _original(document: Invoice) -> SupplierInvoice | None:
    """What a credit note corrects in the books of the buying company. Raises Refused while that isn't recorded."""
    if document.corrects_id is None:
        return None
    found = SupplierInvoice.objects.filter(mirrors=document.corrects_id).first()
    if found is None:
        raise Refused(
            _("The supplier invoice for %(invoice)s isn't recorded yet. Try again once it is.")
            % {"invoice": document.corrects},
            code="not_recorded",
        )
    return found


def _rate(rule: IntercompanyRule, document: Invoice, original: SupplierInvoice | None) -> Decimal:
    """Units of the document's currency for one of the buying company's; a credit note keeps its invoice's."""
    if original is not None:
        return original.exchange_rate
    return exchange_rates.exchange_rate(rule.selling, document.currency, document.issued_on)  # type: ignore[arg-type]


def bought_at(supply: IntercompanySupply) -> Decimal:
    """What a base unit of a supply cost the buying company, in its currency. Raises Refused while that isn't known."""
    line = supply.line
    recorded = SupplierInvoice.objects.filter(mirrors=line.invoice_id).first()
    if recorded is None:
        raise Refused(
            _(
                "The supplier invoice for %(invoice)s isn't recorded yet, so the goods have no cost. See "
                "Needs attention."
            )
            % {"invoice": line.invoice},
            code="not_recorded",
        )
    return (
        round(line.net / line.quantity / recorded.exchange_rate, 4) if line.quantity else money.ZERO
    )
