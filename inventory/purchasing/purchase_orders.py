"""Purchase orders from proposal to close."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory import catalog
from inventory.models import SKU, Warehouse
from inventory.purchasing.models import PurchaseLine, PurchaseOrder, Supplier, SupplierItem
from inventory.purchasing.models.purchase import OTHER_COMPANY
from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import User

USUAL_TOLERANCE = 10  # percent more than ordered, of what no supplier item describes


@dataclass(frozen=True)
class Purchase:
    """Base units of a SKU to buy, at a cost each in the supplier's currency."""

    sku: SKU
    quantity: int
    unit_cost: Decimal


def propose(
    supplier: Supplier,
    warehouse: Warehouse,
    purchases: Sequence[Purchase],
    *,
    expected_on: date | None = None,
    note: str = "",
    by: User | None = None,
) -> PurchaseOrder:
    """Propose to buy; a buyer approves it."""
    with atomic():
        order = states.create(
            PurchaseOrder(
                company=warehouse.company,
                supplier=supplier,
                warehouse=warehouse,
                currency=supplier.currency,
                expected_on=expected_on,
                note=note,
            ),
            by=by,
        )
        PurchaseLine.objects.bulk_create(
            PurchaseLine(
                order=order, sku=each.sku, quantity=each.quantity, unit_cost=each.unit_cost
            )
            for each in purchases
        )
    return order


def approve(order: PurchaseOrder, *, by: User | None = None) -> PurchaseOrder:
    """Agree to buy."""
    with states.advance(order, to=PurchaseOrder.Status.APPROVED, by=by) as order:
        if not order.lines.exists():
            raise Refused(_("Purchase order %(order)s has no lines.") % {"order": order})
        catalog.require_active(order.warehouse)
        if order.warehouse.company_id != order.company_id:
            raise Refused(str(OTHER_COMPANY), code="other_company", field="warehouse")
    return order


def send(order: PurchaseOrder, *, by: User | None = None) -> PurchaseOrder:
    """Note that the supplier has the order; from here goods can be received."""
    with states.advance(order, to=PurchaseOrder.Status.SENT, by=by) as order:
        states.require_status(order, PurchaseOrder.Status.APPROVED)
    return order


def close(order: PurchaseOrder, *, by: User | None = None) -> PurchaseOrder:
    """Expect nothing more of it."""
    with states.advance(order, to=PurchaseOrder.Status.CLOSED, by=by) as order:
        pass
    return order


def reopen(order: PurchaseOrder, *, by: User | None = None) -> PurchaseOrder:
    """Expect more of a closed order after all."""
    with states.advance(order, to=PurchaseOrder.Status.SENT, by=by, reopened=True) as order:
        states.require_status(order, PurchaseOrder.Status.CLOSED)
    return order


def cancel(order: PurchaseOrder, *, by: User | None = None) -> PurchaseOrder:
    """Take the order back; not once goods have come."""
    with states.advance(order, to=PurchaseOrder.Status.CANCELED, by=by) as order:
        if order.lines.filter(received__gt=0).exists():
            raise Refused(
                _("%(order)s has been partly received and can't be canceled. Close it instead.")
                % {"order": order},
                code="goods_came",
            )
    return order


def most_expected(order: PurchaseOrder, lines: Iterable[PurchaseLine]) -> dict[int, int]:
    """Base units that may come of each line in all without asking, by its key: what is due, and the tolerance."""
    lines = list(lines)
    known = dict(
        SupplierItem.objects.filter(
            supplier=order.supplier_id, sku__in=[line.sku_id for line in lines]
        ).values_list("sku", "over_receipt_percent")
    )
    return {
        line.pk: line.due + line.due * known.get(line.sku_id, USUAL_TOLERANCE) // 100
        for line in lines
    }


def require_expected(order: PurchaseOrder, lines: Iterable[PurchaseLine]) -> None:
    """Raise Refused where more of a line was received than was ordered and its tolerance allows."""
    lines = list(lines)
    most = most_expected(order, lines)
    for line in lines:
        if line.received > most[line.pk]:
            raise Refused(
                _(
                    "%(received)s × %(sku)s would be received of %(due)s ordered; up to %(most)s are taken "
                    "without asking. Check the count, or accept more than ordered."
                )
                % {
                    "received": line.received,
                    "sku": line.sku,
                    "due": line.due,
                    "most": most[line.pk],
                },
                code="more_than_ordered",
                line=line.pk,
            )
