"""Issuing legal documents: their parties, day, terms and number, covered by a hash."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from oms.core import events, idempotency, money, money_text, numbering, periods, states
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one, mark_created
from oms.core.models import User
from orders import pricing, registrations
from orders.accounting import due_dates
from orders.accounting.models import Installment, Invoice, InvoiceLine
from orders.models import Order, OrderCharge
from orders.pricing import AMOUNTS

SERIES = {Invoice.Kind.INVOICE: "INV", Invoice.Kind.DEPOSIT: "INV", Invoice.Kind.CREDIT: "CN"}
COVERED = (
    "company_id",
    "order_id",
    "corrects_id",
    "reference",
    "reason",
    "seller",
    "ship_to",
    "exchange_rate",
    "supplied_on",
    "discount_percent",
    "discount_until",
)
REACHED = ("endpoint", "endpoint_scheme", "buyer_reference", "email", "phone", "iban", "bic")
LINE_COVERED = (
    "order_line_id",
    "charge_id",
    "corrects_id",
    "discount_percent",
    "tax_category",
    "tax_note",
)


def known(
    reference: str,
    *,
    units: Mapping[int, int] | None = None,
    about: str = "order_line",
    **facts: Any,
) -> Invoice | None:
    """The document with this reference. Raises Refused where it has other facts (fields by name; a relation's key).

    `units`: what it bills or credits, by the field of its lines that says what they are about.
    """
    row = Invoice.objects.filter(reference=reference).first()
    if row is None:
        return None
    told = f"{row.get_kind_display()} {row} ({money_text.display(row.gross, row.currency)})"
    idempotency.require_same(
        row,
        told,
        **{
            name if name in ("kind", "gross") else f"{name}_id": value
            for name, value in facts.items()
        },
    )
    if units is not None:
        lines = row.lines.filter(**{f"{about}__isnull": False}, quantity__gt=0).order_by()
        billed = dict(lines.values_list(about).annotate(Sum("quantity")))
        if billed != {key: count for key, count in units.items() if count}:
            raise idempotency.used(told)
    return row


def start(order: Order, kind: Invoice.Kind, reference: str, registration: str = "") -> Invoice:
    """An invoice of an order, with both parties as they are now, under a VAT registration of the company."""
    return Invoice(
        kind=kind,
        company=order.company,
        customer=order.customer,
        order=order,
        reference=reference,
        bill_to={**order.bill_to, **order.customer.identity()},
        ship_to=order.ship_to,
        seller=registrations.seller(order.company, registration),
        currency=order.currency,
    )


def start_credit(original: Invoice, reference: str, reason: str = "") -> Invoice:
    """A credit note for an invoice: the same parties, supply and rate.

    How the parties are reached is as it is today where the invoice didn't say it: e-invoices may have come since.
    """
    return Invoice(
        kind=Invoice.Kind.CREDIT,
        company=original.company,
        customer=original.customer,
        order=original.order,
        corrects=original,
        reference=reference,
        reason=reason,
        seller=_reached(
            original.seller or original.company.identity(), original.company.identity()
        ),
        bill_to=_reached(original.bill_to, original.customer.identity()),
        ship_to=original.ship_to,
        supplied_on=original.supplied_on,
        currency=original.currency,
        exchange_rate=original.exchange_rate,
    )


def _reached(party: dict[str, str], today: dict[str, str]) -> dict[str, str]:
    """A party of an invoice, with what it lacks of how it is reached and paid."""
    return {**{name: today[name] for name in REACHED if name in today}, **party}


def issue(
    document: Invoice, lines: Sequence[InvoiceLine], on: date | None, by: User | None
) -> Invoice:
    """Add up, agree on when it is due, insert, and take the number last."""
    for name in AMOUNTS:
        setattr(document, name, sum((getattr(line, name) for line in lines), money.ZERO))
    if document.gross < 0:
        raise Refused(
            _("Invoice totals can't be negative. Invoice the allowance together with items."),
            code="below_zero",
        )
    document.issued_on = on or document.company.today()
    periods.require_open(document.company, document.issued_on)
    document.supplied_on = document.supplied_on or document.issued_on
    if document.kind != Invoice.Kind.CREDIT:  # which keeps its invoice's
        document.exchange_rate = pricing.exchange_rate(
            document.company, document.currency, document.issued_on
        )
    document.series, document.year = SERIES[Invoice.Kind(document.kind)], document.issued_on.year
    installments = due_dates.agree(document)
    document.save(force_insert=True)
    mark_created([document])
    _insert(lines)
    if installments:
        Installment.objects.bulk_create(installments)
    _number(document, lines)
    states.write_status(document, Invoice.Status.ISSUED)
    events.emit(
        "invoice.issued",
        document,
        by=by,
        kind=document.kind,
        gross=str(document.gross),
        currency=document.currency,
    )
    return document


def _insert(lines: Sequence[InvoiceLine]) -> None:
    """Insert lines; those that correct others of them, after these."""
    later = [line for line in lines if line.corrects is not None and line.corrects.pk is None]
    first = [line for line in lines if line not in later] if later else lines
    for rows in (first, later):
        InvoiceLine.objects.bulk_create(
            rows, batch_size=1000
        )  # a statement takes 65,535 parameters


def record_settled(document: Invoice) -> None:
    """Note that prepayments have paid what they can of an issued document: from here its PDF says what is open."""
    with atomic():
        events.emit("invoice.settled", lock_one(document))


def record_frozen(document: Invoice) -> None:
    """Note, once, that the files of an issued document are there."""
    with atomic():
        document = lock_one(document)
        if (
            not events.timeline(document.subject_type, str(document.number))
            .filter(name="invoice.frozen")
            .exists()
        ):
            events.emit("invoice.frozen", document)


def _number(document: Invoice, lines: Sequence[InvoiceLine]) -> None:
    taken = numbering.take(
        document.company, document.series, document.year or 0, canonical(document, lines)
    )
    document.number, document.sequence_number = taken.number, taken.sequence_number
    document.hash, document.previous_hash = taken.hash, taken.previous_hash
    document.save(update_fields=["number", "sequence_number", "hash", "previous_hash"])


def canonical(document: Invoice, lines: Sequence[InvoiceLine]) -> str:
    """What the hash of a legal document covers: its parties, days, and every amount, in a fixed form.

    Documents that were issued before sellers were kept on them are covered as they were then.
    """
    content: dict[str, object] = {
        "kind": document.kind,
        "customer": document.customer_id,
        "currency": document.currency,
        "issued_on": str(document.issued_on),
        "bill_to": document.bill_to,
        "totals": [_fixed(getattr(document, name)) for name in AMOUNTS],
        "lines": [
            [
                line.position,
                line.description,
                line.quantity,
                _fixed(line.unit_price),
                _fixed(line.tax_percent),
                *(_fixed(getattr(line, name)) for name in AMOUNTS),
            ]
            for line in lines
        ],
    }
    if document.seller:
        content |= {name: _text(getattr(document, name)) for name in COVERED}
        content["rest of lines"] = [
            [_text(getattr(line, name)) for name in LINE_COVERED] for line in lines
        ]
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def _fixed(amount: Decimal) -> str:
    return f"{amount + money.ZERO:.4f}"  # never "-0.0000", which the database gives back as 0


def _text(value: object) -> object:
    """A value as it reads before it is saved and after: without trailing zeros."""
    if isinstance(value, Decimal):
        return f"{value.normalize() + money.ZERO:f}"
    return value if isinstance(value, dict) else "" if value is None else str(value)


def charge_lines(document: Invoice, charge: OrderCharge, *, sign: int = 1) -> list[InvoiceLine]:
    """A line for each tax rate of a charge."""
    return [
        InvoiceLine(
            invoice=document,
            charge=charge,
            description=charge.description,
            unit_price=sign * part.amount,
            tax_percent=part.tax_percent,
            tax_category=part.tax_category,
            tax_note=part.tax_note,
            **{name: sign * getattr(part, name) for name in AMOUNTS},
        )
        for part in charge.parts
    ]
