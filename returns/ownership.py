"""Whose stock returned goods go into, and what they cost there."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db.models import Case, F, Sum, When
from django.utils.translation import gettext as _

from fulfillment.models import Shipment
from inventory import costs
from inventory.models import SKU, Bin, Lot, Move, Reservation, Warehouse
from oms.core.errors import Refused
from orders.accounting import intercompany, supplier_invoices
from orders.accounting.models import IntercompanySupply, Invoice
from orders.models import Order
from returns import identity
from returns.models import ReturnRequest


def companies(order: Order) -> Collection[int]:
    """The companies into whose warehouses an order's goods may come back, by key: its own, and those that sent some."""
    sent = Shipment.objects.filter(order=order, shipped_at__isnull=False).values_list(
        "warehouse__company", flat=True
    )
    return {order.company_id, *sent}


def require_may_come(order: Order, warehouse: Warehouse, skus: Iterable[SKU]) -> None:
    """Raise Refused for another company's warehouse, unless all that was shipped of these SKUs was that company's."""
    if warehouse.company_id == order.company_id:
        return
    shipped = Reservation.objects.filter(
        demand__promise__line__order=order, state=Reservation.State.SHIPPED
    )
    for sku in skus:
        owners = set(shipped.filter(sku=sku).values_list("warehouse__company", flat=True))
        if owners != {warehouse.company_id}:
            raise Refused(
                _(
                    "%(warehouse)s belongs to another company, which didn't send all %(sku)s of order "
                    "%(number)s. Choose a warehouse of %(company)s."
                )
                % {
                    "warehouse": warehouse,
                    "sku": sku,
                    "number": order.number,
                    "company": order.company,
                },
                code="other_company",
                field="warehouse",
            )


def cost_of(request: ReturnRequest, sku: SKU, lot: Lot | None) -> Decimal | None:
    """What a base unit that comes back costs: what it left at, or its transfer price if it was another company's.

    Goods that come back to their owner cost what they left at. Raises Refused while a transfer price isn't known.
    """
    shipments = identity.shipments_of(request)
    if request.warehouse.company_id != request.order.company_id:
        return costs.left_at(sku, lot, shipments)
    return costs.left_at(sku, lot, shipments, instead=_transfer_prices(request.order, sku))


def _transfer_prices(order: Order, sku: SKU) -> dict[str, Decimal]:
    """What base units of a SKU that were another company's cost the order's company, in its currency, by shipment."""
    borrowed = (
        Shipment.objects.filter(order=order, lines__reservation__sku=sku, shipped_at__isnull=False)
        .exclude(warehouse__company=order.company_id)
        .distinct()
    )
    known = {
        row.shipment: row
        for row in IntercompanySupply.objects.filter(order=order, sku=sku).select_related(
            "line__invoice"
        )
    }
    for shipment in borrowed:
        if shipment.number not in known:
            raise Refused(
                _(
                    "%(shipment)s has no intercompany invoice yet, so the goods have no cost. See Needs attention."
                )
                % {"shipment": shipment},
                code="not_invoiced",
            )
    return {number: supplier_invoices.bought_at(row) for number, row in known.items()}


def credit_owner(request: ReturnRequest) -> list[Invoice]:
    """Credit what an inspected return brought back into the stock of the company that had supplied it."""
    if request.warehouse.company_id == request.order.company_id:
        return []
    sign = Case(
        When(source__kind=Bin.Kind.CUSTOMER, then=1),
        When(target__kind=Bin.Kind.CUSTOMER, then=-1),
        default=0,
    )
    came = (
        Move.objects.filter(reference=request.number)
        .order_by()
        .values_list("sku")
        .annotate(units=Sum(F("quantity") * sign))
    )
    units = {sku: count for sku, count in came if count > 0}
    _require_billed(request.order, request.warehouse, units)
    return intercompany.credit_returned(
        request.order, request.warehouse.company, units, reference=request.number
    )


def _require_billed(order: Order, warehouse: Warehouse, skus: Collection[int]) -> None:
    """Raise Refused while something that the owner sent isn't billed: it would be, after its return."""
    sent = Shipment.objects.filter(
        order=order,
        warehouse__company=warehouse.company_id,
        shipped_at__isnull=False,
        lines__reservation__sku__in=skus,
    ).distinct()
    billed = set(IntercompanySupply.objects.filter(order=order).values_list("shipment", flat=True))
    for shipment in sent:
        if shipment.number not in billed:
            raise Refused(
                _(
                    "%(shipment)s has no intercompany invoice yet that could be credited. See Needs attention."
                )
                % {"shipment": shipment},
                code="not_invoiced",
            )
