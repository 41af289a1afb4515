"""Noticing what must be bought, and proposing it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import F, OuterRef, Subquery, Sum
from django.utils.translation import gettext as _

from inventory import purchasing
from inventory.models import Demand, PurchaseLine, PurchaseOrder, ReorderRule, Stock, Supplier, SupplierItem, Warehouse
from inventory.planners import reorder
from inventory.planners.reorder import Position
from inventory.purchasing import Purchase
from oms.core import decisions, notices
from oms.core.locking import advisory_lock, atomic, whole
from oms.core.models import Topic, User

MOST_NAMED = 10
Needs = dict[tuple[Supplier, Warehouse], list[tuple[Purchase, SupplierItem, str]]]


@whole
def reorder_check(*, by: User | None = None) -> list[PurchaseOrder]:
    """Propose a purchase order per supplier and warehouse for all that is at or below its reorder point.

    What is held, back-ordered and on order (proposals too) is counted, so that a second run proposes nothing.
    """
    with atomic():
        advisory_lock("reorder check")
        rules = list(ReorderRule.objects.select_related("sku", "warehouse", "warehouse__company").order_by("sku__code"))
        return [_propose(supplier, warehouse, needs, by)
                for (supplier, warehouse), needs in _needs(rules).items()]


def _needs(rules: Sequence[ReorderRule]) -> Needs:
    skus = {rule.sku_id for rule in rules}
    stock = {(row.sku_id, row.warehouse_id): row for row in Stock.objects.filter(sku__in=skus)}
    on_order = _on_order(skus)
    waiting = dict(Demand.objects.filter(sku__in=skus, unheld__gt=0).values_list("sku_id").annotate(Sum("unheld")))
    items = {item.sku_id: item for item in
             SupplierItem.objects.filter(sku__in=skus, is_preferred=True).select_related("supplier", "sku")}
    needs: Needs = defaultdict(list)
    for rule in sorted(rules, key=lambda rule: (rule.warehouse.priority, rule.warehouse_id)):
        item, row = items.get(rule.sku_id), stock.get((rule.sku_id, rule.warehouse_id))
        if item is None:
            continue
        advice = reorder.advise(Position(
            sellable=row.sellable if row else 0, held=row.held if row else 0,
            back_ordered=waiting.pop(rule.sku_id, 0),  # counted once, in the warehouse of the best priority
            on_order=on_order.get((rule.sku_id, rule.warehouse_id), 0),
            point=rule.point, target=rule.target, pack=item.pack, minimum=item.minimum,
        ))
        if advice.quantity:
            purchase = Purchase(rule.sku, advice.quantity, item.cost)
            needs[item.supplier, rule.warehouse].append((purchase, item, advice.reason))
    return needs


def _on_order(skus: Iterable[int]) -> dict[tuple[int, int], int]:
    lines = PurchaseLine.objects.filter(sku__in=list(skus), order__status__in=PurchaseOrder.OPEN)
    totals: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines.select_related("order"):
        totals[line.sku_id, line.order.warehouse_id] += line.outstanding
    return totals


def _propose(
    supplier: Supplier, warehouse: Warehouse, needs: list[tuple[Purchase, SupplierItem, str]], by: User | None,
) -> PurchaseOrder:
    lead = max(item.lead_time_days for _, item, _ in needs)
    order = purchasing.propose(
        supplier, warehouse, [purchase for purchase, _, _ in needs], note="reorder check", by=by,
        expected_on=warehouse.company.today() + timedelta(days=lead),
    )
    decisions.record(
        "reorder", subject_type=order.subject_type, subject_number=order.number,
        chosen={purchase.sku.code: purchase.quantity for purchase, _, _ in needs}, candidates=[],
        reasons=[f"{purchase.sku.code}: {reason}" for purchase, _, reason in needs],
    )
    return order


def tell_low() -> None:
    """Whoever wants to hears, warehouse by warehouse, which SKUs with a reorder rule are low, and which are out."""
    left = F("sellable") - F("held")
    point = ReorderRule.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse")).values("point")[:1]
    rows = Stock.objects.annotate(left=left, point=Subquery(point)).filter(left__lte=F("point"))
    low: dict[tuple[str, Topic], list[str]] = defaultdict(list)
    for code, warehouse, there in rows.order_by("sku__code").values_list("sku__code", "warehouse__code", "left"):
        low[warehouse, Topic.LOW_STOCK if there else Topic.OUT_OF_STOCK].append(code)
    for (warehouse, topic), codes in low.items():
        more = _(" and %(codes)s more") % {"codes": len(codes) - MOST_NAMED} if len(codes) > MOST_NAMED else ""
        notices.tell(topic, _("%(warehouse)s: %(label)s: %(codes)s%(more)s.")
                            % {"warehouse": warehouse, "label": topic.label.lower(),
                               "codes": ", ".join(codes[:MOST_NAMED]), "more": more},
                     warehouse=warehouse, subject_type="warehouse", subject_number=warehouse)
