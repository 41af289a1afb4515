"""Noticing what must be bought or brought from another warehouse, and proposing it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from inventory.models import SKU, BinStock, Transfer, TransferLine, Warehouse
from inventory.purchasing import positions
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing.models import PurchaseOrder, ReorderRule, Supplier, SupplierItem
from inventory.purchasing.planners import reorder
from inventory.purchasing.positions import Want
from inventory.purchasing.purchase_orders import Purchase
from oms.core import decisions, states
from oms.core.locking import advisory_lock, atomic, whole
from oms.core.models import Topic, User
from oms.messaging import notifications

MOST_NAMED = 5


@dataclass(frozen=True)
class Unserved:
    """A reorder rule, or a back-ordered SKU, for which nothing could be proposed, and why."""

    sku: str
    warehouse: str
    reason: str

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse} ({self.reason})"


@dataclass(frozen=True)
class Check:
    """What a reorder check proposed, and what it could not serve."""

    orders: list[PurchaseOrder] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    unserved: list[Unserved] = field(default_factory=list)


@dataclass
class _Needs:
    """What is needed, by whom it is bought from and by where it is brought from."""

    purchases: dict[tuple[Supplier, Warehouse], list[tuple[Purchase, SupplierItem, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    transfers: dict[tuple[Warehouse, Warehouse], list[tuple[SKU, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    unserved: list[Unserved] = field(default_factory=list)


@whole
def reorder_check(*, within: QuerySet[Warehouse] | None = None, by: User | None = None) -> Check:
    """Propose to buy, or to bring from a warehouse that has more than it needs, what is at or below its reorder point.

    Orders that wait for a SKU without a rule are a need, too. What is reserved, back-ordered, on order and under way
    between warehouses (proposals too) is counted, so that a second run proposes nothing. Buyers are told. `within`
    narrows the warehouses that need it.
    """
    with atomic():
        advisory_lock("reorder check")
        needs = _needs(None if within is None else set(within.values_list("pk", flat=True)))
        transfers = [
            _propose_transfer(source, target, goods, by)
            for (source, target), goods in needs.transfers.items()
        ]
        orders = [
            _propose(supplier, warehouse, goods, by)
            for (supplier, warehouse), goods in needs.purchases.items()
        ]
        check = Check(orders, [each for each in transfers if each], needs.unserved)
        _tell(check)
        return check


def _needs(within: set[int] | None) -> _Needs:
    wants, needs = [], _Needs()
    rules = ReorderRule.objects.select_related("sku", "warehouse__company")
    for rule in rules.order_by("sku__code", "warehouse"):
        if within is not None and rule.warehouse_id not in within:
            continue
        reason = _why_not(rule)
        if reason:
            needs.unserved.append(Unserved(rule.sku.code, rule.warehouse.code, reason))
        else:
            wants.append(Want(rule.sku, rule.warehouse, rule.point, rule.target))
    waiting = positions.back_ordered({(want.sku.pk, want.warehouse.company_id) for want in wants})
    wants += [want for want in waiting if within is None or want.warehouse.pk in within]
    wants.sort(key=lambda want: (want.warehouse.priority, want.warehouse.pk))
    known = positions.read(wants)
    for want in wants:
        _add_need(want, known, needs)
    return needs


def _why_not(rule: ReorderRule) -> str:
    """Why a rule cannot be served whatever there is; empty where it can."""
    if rule.sku.is_kit:
        return _("a kit is not bought; set rules for its components")
    if not rule.warehouse.is_active:
        return _("the warehouse is not active")
    return "" if rule.sku.is_sellable else _("the SKU is not sold")


def _add_need(want: Want, known: positions.Known, needs: _Needs) -> None:
    item = known.item(want)
    position = known.position(
        want, pack=item.pack if item else 1, minimum=item.minimum if item else 1
    )
    advice = reorder.advise(position, known.spare(want))
    for source, quantity in advice.transfers.items():
        known.use_up(want, source, quantity)
        needs.transfers[known.warehouses[source], want.warehouse].append(
            (want.sku, quantity, advice.reason)
        )
    if advice.quantity and item is None:
        needs.unserved.append(
            Unserved(want.sku.code, want.warehouse.code, _("no supplier sells it"))
        )
    elif advice.quantity and item is not None:
        needs.purchases[item.supplier, want.warehouse].append(
            (Purchase(want.sku, advice.quantity, item.cost), item, advice.reason)
        )


def _propose(
    supplier: Supplier,
    warehouse: Warehouse,
    needs: list[tuple[Purchase, SupplierItem, str]],
    by: User | None,
) -> PurchaseOrder:
    lead = max(item.lead_time_days for _purchase, item, _reason in needs)
    order = purchasing.propose(
        supplier,
        warehouse,
        [purchase for purchase, _item, _reason in needs],
        note="reorder check",
        by=by,
        expected_on=warehouse.company.today() + timedelta(days=lead),
    )
    decisions.record(
        "reorder",
        subject_type=order.subject_type,
        subject_number=order.number,
        chosen={purchase.sku.code: purchase.quantity for purchase, _item, _reason in needs},
        candidates=[],
        reasons=[f"{purchase.sku.code}: {reason}" for purchase, _item, reason in needs],
    )
    return order


def _propose_transfer(
    source: Warehouse, target: Warehouse, goods: Sequence[tuple[SKU, int, str]], by: User | None
) -> Transfer | None:
    """Draft a transfer from the bins in which the goods are free; nobody has to take it as it is."""
    lines = [line for sku, quantity, _reason in goods for line in _lines(source, sku, quantity)]
    if not lines:
        return None
    transfer = states.create(Transfer(source=source, target=target), by=by)
    for line in lines:
        line.transfer = transfer
    TransferLine.objects.bulk_create(lines)
    decisions.record(
        "reorder",
        subject_type=transfer.subject_type,
        subject_number=transfer.number,
        chosen={sku.code: quantity for sku, quantity, _reason in goods},
        candidates=[],
        reasons=[f"{sku.code}: {reason}" for sku, _quantity, reason in goods],
    )
    return transfer


def _lines(source: Warehouse, sku: SKU, quantity: int) -> list[TransferLine]:
    drafted = positions.drafted(source, sku)
    rows = BinStock.objects.filter(
        sku=sku, bin__warehouse=source, bin__is_sellable=True, on_hand__gt=F("allocated")
    )
    lines = []
    for row in rows.select_related("bin").order_by(
        F("lot__expires_on").asc(nulls_last=True), "-on_hand", "pk"
    ):
        part = min(quantity, row.on_hand - row.allocated - drafted.get((row.bin_id, row.lot_id), 0))
        if part > 0:
            lines.append(TransferLine(sku=sku, bin=row.bin, lot_id=row.lot_id, quantity=part))
            quantity -= part
    return lines


def _tell(check: Check) -> None:
    """Buyers hear of proposed transfers and of what could not be served; of purchase orders an event tells them."""
    for transfer in check.transfers:
        notifications.tell(
            Topic.PROPOSED,
            partial(_proposed, transfer),
            warehouse=transfer.source.code,
            subject_type=transfer.subject_type,
            subject_number=transfer.number,
        )
    by_warehouse: dict[str, list[Unserved]] = defaultdict(list)
    for each in check.unserved:
        by_warehouse[each.warehouse].append(each)
    for warehouse, rows in by_warehouse.items():
        notifications.tell(
            Topic.PROPOSED,
            partial(_unserved, rows),
            warehouse=warehouse,
            subject_type="warehouse",
            subject_number=warehouse,
        )


def _proposed(transfer: Transfer) -> str:
    return _("Transfer %(transfer)s from %(source)s to %(target)s is proposed.") % {
        "transfer": transfer,
        "source": transfer.source,
        "target": transfer.target,
    }


def _unserved(rows: Sequence[Unserved]) -> str:
    more = (
        _(" and %(count)s more") % {"count": len(rows) - MOST_NAMED}
        if len(rows) > MOST_NAMED
        else ""
    )
    return _("Reorder check: nothing could be proposed for %(rows)s%(more)s.") % {
        "rows": "; ".join(map(str, rows[:MOST_NAMED])),
        "more": more,
    }
