"""The bridge of an order: from what was ordered to what was refunded, and what is open."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from oms.core.bulk_sql import any_of
from oms.core.money import ZERO, part, spread
from orders.accounting import billing, deducting
from orders.accounting.models import Invoice, InvoiceLine, PaymentApplication, Refund
from orders.models import Order


@dataclass(frozen=True)
class Step:
    """A step of an order's bridge: units, and amounts as far as they make sense there."""

    name: str
    units: int | None
    net: Decimal | None
    tax: Decimal | None
    gross: Decimal


def of(order: Order) -> list[Step]:
    """From what was ordered to what was refunded, to the cent: ordered, canceled, shipped, invoiced, credited, paid,
    written off, refunded, and what is open."""
    billed = _billed(order)
    nothing = (0, ZERO, ZERO, ZERO)
    steps = _of_the_order(order)
    steps.append(Step(_("Invoiced"), *billed.get(Invoice.Kind.INVOICE, nothing)))
    if Invoice.Kind.DEPOSIT in billed:
        steps.append(Step(_("Deposits invoiced"), *billed[Invoice.Kind.DEPOSIT]))
    steps.append(Step(_("Credited"), *billed.get(Invoice.Kind.CREDIT, nothing)))
    owed = sum((step.gross for step in steps[3:-1]), ZERO) - steps[-1].gross
    paid, given_up, refunded = _settled(order)
    amounts = (
        (_("Paid"), paid),
        (_("Written off"), given_up),
        (_("Refunded"), refunded),
        (_("Balance due"), owed - paid - given_up + refunded),
    )
    return steps + [Step(name, None, None, None, amount) for name, amount in amounts]


def _of_the_order(order: Order) -> list[Step]:
    """What was ordered; what of it is not in the order's totals any more; the part that the shipped units carry."""
    lines, charges = list(order.lines.all()), list(order.charges.all())
    names = ("net", "tax", "gross")
    whole = {name: sum((getattr(row, name) for row in [*lines, *charges]), ZERO) for name in names}
    shipped = {
        name: sum(
            (
                part(getattr(line, name), line.quantity, 0, line.shipped, order.currency)
                for line in lines
            ),
            ZERO,
        )
        for name in names
    }
    return [
        Step(_("Ordered"), sum(line.quantity for line in lines), **whole),
        Step(
            _("Canceled"),
            order.canceled,
            **{name: whole[name] - getattr(order, name) for name in names},
        ),
        Step(_("Shipped"), order.shipped, **shipped),
    ]


def _billed(order: Order) -> dict[str, tuple[int, Decimal, Decimal, Decimal]]:
    """Units, net, tax and gross of an order's lines on issued documents, by their kind; collective ones too."""
    own = deducting.lines_of(order) | Q(
        any_of("invoice_id", Invoice.objects.filter(order=order).values("pk"))
    )
    rows = (
        InvoiceLine.objects.filter(own, invoice__status=Invoice.Status.ISSUED)
        .values("invoice__kind")
        .annotate(
            units=Sum("quantity", filter=Q(order_line__isnull=False), default=0),
            net=Sum("net"),
            tax=Sum("tax"),
            gross=Sum("gross"),
        )
    )
    return {
        row["invoice__kind"]: (row["units"], row["net"], row["tax"], row["gross"])
        for row in rows.order_by()
    }


def _settled(order: Order) -> tuple[Decimal, Decimal, Decimal]:
    """What payments and write-offs settled of an order's invoices, and what was refunded of its credit notes."""
    used = PaymentApplication.objects.filter(
        invoice__in=Invoice.objects.filter(order=order).exclude(kind=Invoice.Kind.CREDIT)
    )
    found = used.aggregate(
        paid=Sum("amount", filter=Q(payment__isnull=False), default=ZERO),
        given_up=Sum("amount", filter=Q(write_off__isnull=False), default=ZERO),
    )
    refunds = Refund.objects.filter(credit__order=order).exclude(status=Refund.Status.FAILED)
    refunded = refunds.aggregate(total=Sum("amount", default=ZERO))["total"]
    shared = _shared(order)
    return found["paid"] + shared[0], found["given_up"] + shared[1], refunded + shared[2]


def _shared(order: Order) -> tuple[Decimal, Decimal, Decimal]:
    """An order's share of what settled the invoices that bill it together with others, to the cent.

    What its own credit notes settled is its own; payments and write-offs are spread over what is left of each order.
    """
    weights = _weights(order)
    if not weights:
        return ZERO, ZERO, ZERO

    def shares(amount: Decimal, document: int) -> dict[int, Decimal]:
        own = weights[document]
        return dict(zip(own, spread(amount, list(own.values()), order.currency), strict=True))

    used = list(PaymentApplication.objects.filter(invoice__in=weights))
    for use in used:
        if use.credit_id in weights:
            for key, amount in shares(use.amount, use.credit_id).items():
                weights[use.invoice_id][key] -= amount
    refunds = Refund.objects.filter(credit__in=weights).exclude(status=Refund.Status.FAILED)
    moved = (
        [(use.amount, use.invoice_id) for use in used if use.payment_id],
        [(use.amount, use.invoice_id) for use in used if use.write_off_id],
        list(refunds.values_list("amount", "credit")),
    )
    paid, given_up, refunded = (
        sum((shares(*move).get(order.pk, ZERO) for move in moves), ZERO) for moves in moved
    )
    return paid, given_up, refunded


def _weights(order: Order) -> dict[int, dict[int, Decimal]]:
    """The gross of each order on the collective invoices that bill this one, and on the credit notes for these."""
    shared = billing.of_order(order).filter(order=None).values("pk")
    with_credits = shared.union(Invoice.objects.filter(any_of("corrects_id", shared)).values("pk"))
    lines = InvoiceLine.objects.filter(any_of("invoice_id", with_credits))
    rows = (
        lines.annotate(owner=Coalesce("order_line__order", "charge__order"))
        .values("invoice", "owner")
        .annotate(total=Sum("gross"))
        .order_by("invoice", "owner")
    )
    found: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for row in rows:
        found[row["invoice"]][row["owner"]] = row["total"]
    return found
