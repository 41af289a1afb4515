"""Crediting what was billed and is not wanted any more: goods, and the charges that fall away with them."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext

from oms.core import money, numbering
from oms.core.errors import Refused
from oms.core.locking import atomic, attempt, lock, lock_one
from oms.core.models import User
from orders import letters, pricing, registrations
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
        charges: dict[str, list[OrderCharge]] = defaultdict(list)
        for charge in lowered:
            charges[registrations.of(order, charge)].append(charge)
        notes: list[Invoice] = []
        for registration in sorted({*charges, *(documents[pk].registration for pk in plan)}):
            own = {
                pk: document
                for pk, document in documents.items()
                if document.registration == registration
            }
            items = {pk: plan[pk] for pk in own if pk in plan}
            notes += _notes(order, own, items, charges[registration], key, by)
        return notes


def _notes(
    order: Order,
    documents: dict[int, Invoice],
    plan: Plan,
    lowered: list[OrderCharge],
    key: int | str,
    by: User | None,
) -> list[Invoice]:
    """The credit notes of a plan under one VAT registration, or of allowances alone that came to it.

    Where they would come to less than nothing, since its goods were credited before, allowances stay as they are, if
    the order can bear it.
    """
    if not plan:
        billed = [pk for pk, row in documents.items() if row.kind == Invoice.Kind.INVOICE]
        note = billed and billing.credit_allowances(order, documents[max(billed)], by=by)
        return [note] if note else []
    try:
        with attempt():
            return _issue(
                order, documents, _merged(plan, lowered, order.currency), lowered, key, by
            )
    except Refused as refused:
        if refused.code != "below_zero":
            raise
    plan, lowered = _of_goods(plan, order.currency), _not_restored(order, lowered)
    return _issue(order, documents, plan, lowered, key, by) if plan else []


def _issue(
    order: Order,
    documents: dict[int, Invoice],
    plan: Plan,
    lowered: list[OrderCharge],
    key: int | str,
    by: User | None,
) -> list[Invoice]:
    """A credit note for each invoice of a plan; the last one credits the lowered allowances, too."""
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
    OrderCharge.objects.filter(pk__in=[charge.pk for charge in lowered]).update(is_invoiced=True)
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


def _merged(plan: Plan, lowered: list[OrderCharge], currency: str) -> Plan:
    """The plan, in one note for the newest invoice where one of several would come to less than nothing."""
    last, more = max(plan), -sum((charge.gross for charge in lowered), money.ZERO)
    worth = {key: _worth(items, currency) for key, items in plan.items()}
    worth[last] += more
    if min(worth.values()) >= 0:
        return plan
    return {last: [item for key in sorted(plan) for item in plan[key]]}


def _of_goods(plan: Plan, currency: str) -> Plan:
    """What of a plan gives something back, in one note for the newest invoice."""
    items = [item for key in sorted(plan) for item in plan[key] if _worth([item], currency) >= 0]
    return {max(plan): items} if items else {}


def _not_restored(order: Order, lowered: list[OrderCharge]) -> list[OrderCharge]:
    """Let billed allowances stand instead of those that replace them, and return what isn't to be undone.

    That is all of them where the order would come to less than nothing.
    """
    keys = {charge.replaces_id for charge in lowered if charge.replaces_id}
    replacing = order.charges.filter(replaces__in=keys, is_invoiced=False, is_canceled=False)
    before = sum((charge.gross for charge in order.charges.filter(pk__in=keys)), money.ZERO)
    after = sum((charge.gross for charge in replacing), money.ZERO)
    if not keys or order.gross + before - after < 0:
        return lowered
    order.charges.filter(pk__in=keys).update(is_canceled=False)
    pricing.drop_charges(order, list(replacing))
    return []


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
