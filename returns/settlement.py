"""Giving the customer what a return is worth."""

from decimal import Decimal

from oms.core import states
from oms.core.locking import lock, whole
from oms.core.models import User
from oms.core.money import ZERO
from orders.accounting import crediting, part_credits, refunds
from orders.accounting.models import Invoice, Payment, Refund
from returns import components, requests
from returns.models import ReturnRequest, Settlement
from returns.planners import refund as planner
from returns.planners.refund import Came, Payable

Resolution = ReturnRequest.Resolution


def settle(request: ReturnRequest, *, by: User | None = None) -> Settlement:
    """Credit what came back: it clears the order's open invoices first; the rest is for the customer's resolution.

    What was shipped and is not invoiced yet is invoiced first.
    """
    with states.advance(
        request, to=ReturnRequest.Status.SETTLED, by=by, first=request.order
    ) as request:
        policy = requests.policy_of(request.order)
        lines = list(request.lines.all())
        came = [
            Came(line.order_line_id, line.good, line.damaged)
            for line in lines
            if line.component_id is None
        ]
        units = planner.creditable(came, credit_damaged=policy.credit_damaged)
        notes = (
            part_credits.credit_units(request.order, units, reference=request.number, by=by)
            if units
            else []
        )
        shares = components.worth(lines, credit_damaged=policy.credit_damaged)
        if shares:
            notes += part_credits.credit_shares(
                request.order, shares, reference=f"{request.number}/components", by=by
            )
        cleared = _clear_open_invoices(request, notes, by)
        left = sum((note.open_amount for note in notes), ZERO)
        settlement = Settlement.objects.create(
            request=request,
            credited=sum((note.gross for note in notes), ZERO),
            cleared=cleared,
            to_refund=left if request.resolution == Resolution.REFUND else ZERO,
        )
        settlement.credits.set(notes)
        request.event_data |= {
            "credited": str(settlement.credited),
            "to_refund": str(settlement.to_refund),
        }
    return settlement


def _clear_open_invoices(request: ReturnRequest, notes: list[Invoice], by: User | None) -> Decimal:
    """Set the notes off against other open invoices of the order; returns what was set off in all."""
    others = lock(
        Invoice.objects.open().filter(order=request.order).exclude(kind=Invoice.Kind.CREDIT)
    )
    for note in notes:
        for document in others:
            crediting.set_off(note, document, by=by)
    return sum((note.applied for note in notes), ZERO)


@whole
def refund(request: ReturnRequest, *, by: User | None = None) -> list[Refund]:
    """Give back the money of a settled return, over the order's payments; what none of them has left stays a credit."""
    settlement = Settlement.objects.get(request=request)
    left = settlement.to_refund
    keys = [row.pk for row in refunds.refundable(request.order)]
    by_key = {row.pk: row for row in lock(Payment.objects.filter(pk__in=keys))}
    payables = [Payable(key, by_key[key].refundable) for key in keys]
    made: list[Refund] = []
    for share in planner.compute(left, payables):
        made += _refund_share(settlement, by_key[share.payment], share.amount, by)
    return made


def _refund_share(
    settlement: Settlement, payment: Payment, amount: Decimal, by: User | None
) -> list[Refund]:
    """An amount of one payment, over the credit notes that are still open."""
    made = []
    for note in settlement.credits.order_by("pk"):
        note.refresh_from_db()
        part = min(amount, note.open_amount)
        if part > 0:
            reference = f"{settlement.request.number}/{payment.number}/{note.number}"
            made.append(refunds.refund(payment, part, reference=reference, credit=note, by=by))
            amount -= part
    return made
