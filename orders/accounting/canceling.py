"""Crediting what was billed and is not wanted any more: goods, and the charges that fall away with them."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext

from oms.core import money, numbering
from oms.core.locking import atomic, lock, lock_one
from oms.core.models import User
from orders import letters
from orders.accounting import billing, crediting, deducting
from orders.accounting.crediting import Credited
from orders.accounting.issuing import SERIES
from orders.accounting.models import Invoice, InvoiceLine
from orders.models import Order, OrderCharge

Plan = dict[int, list[Credited]]


def credit_canceled(order: Order, *, key: int | str, by: User | None = None) -> list[Invoice]:
    """Credit what was billed before it was canceled; of an order that is canceled whole, its charges, too.

    `key` is the identity of the cancellation: its event's. Nothing to credit is success.
    """
    with atomic():
        order = lock_one(order)
        documents = {
            row.pk: row
            for row in lock(Invoice.objects.filter(pk__in=billing.of_order(order).values("pk")))
        }
        numbering.lock_counters(order.company, SERIES.values(), order.company.today().year)
        plan, lowered = _plan(order, documents)
        plan = _without_negative(plan, lowered, order.currency) if plan else plan
        if not plan:
            return []
        last = max(plan)
        with letters.language_of(order.customer, order.company):
            reason = gettext("Canceled")
        notes = [
            crediting.note_of(
                documents[pk],
                items,
                reference=f"{_prefix(order)} {key}/{pk}",
                reason=reason,
                by=by,
                charges=lowered if pk == last else (),
            )
            for pk, items in sorted(plan.items())
        ]
        OrderCharge.objects.filter(pk__in=[charge.pk for charge in lowered]).update(
            is_invoiced=True
        )
        return notes


def _prefix(order: Order) -> str:
    return f"{order.number}/canceled"


def _plan(order: Order, documents: dict[int, Invoice]) -> tuple[Plan, list[OrderCharge]]:
    """What is credited, by invoice, and the allowances that stand for larger ones that are credited with it."""
    plan: Plan = defaultdict(list, crediting.spread_units(order, _due(order)))
    rows = InvoiceLine.objects.filter(
        charge__order=order, corrects=None, credited=0, invoice__in=documents
    )
    if order.status != Order.Status.CANCELED:
        rows = rows.filter(charge__is_canceled=True)
    for line in rows.select_related("invoice").order_by("pk"):
        plan[line.invoice.corrects_id or line.invoice_id].append(Credited(line, line.quantity))
    lowered = [
        charge
        for charge in order.charges.filter(is_invoiced=False, is_canceled=False)
        if charge.replaces_id
    ]
    return dict(plan), lowered


def _due(order: Order) -> dict[int, int]:
    """Billed units, by line, that are canceled and were not credited as that before."""
    done = dict(
        InvoiceLine.objects.filter(
            invoice__reference__startswith=f"{_prefix(order)} ", order_line__order=order
        )
        .values("order_line")
        .annotate(units=Sum("quantity"))
        .values_list("order_line", "units")
    )
    due = {
        line.pk: line.invoiced - (line.quantity - line.canceled) - done.get(line.pk, 0)
        for line in order.lines.all()
    }
    return {key: count for key, count in due.items() if count > 0}


def _without_negative(plan: Plan, lowered: list[OrderCharge], currency: str) -> Plan:
    """The plan, in one note for the newest invoice where one of several would come to less than nothing.

    Where even that would, since its goods were credited before, allowances stay as they are.
    """
    last, more = max(plan), -sum((charge.gross for charge in lowered), money.ZERO)
    worth = {key: _worth(items, currency) for key, items in plan.items()}
    worth[last] += more
    if min(worth.values()) >= 0:
        return plan
    items = [item for key in sorted(plan) for item in plan[key]]
    if sum(worth.values()) < 0:
        items = [item for item in items if _worth([item], currency) >= 0]
    return {last: items} if items else {}


def _worth(items: Sequence[Credited], currency: str) -> Decimal:
    left = deducting.open_amounts([item.line for item in items])
    return sum(
        (
            item.line.invoice.sign
            * deducting.part_left(item.line, item.quantity, left[item.line.pk], currency)["gross"]
            for item in items
        ),
        money.ZERO,
    )
