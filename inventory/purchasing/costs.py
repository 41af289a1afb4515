"""What bought goods cost in the company's currency."""

from decimal import Decimal

from inventory import costs
from inventory.costs import PLACES
from inventory.models import Bin, Move
from inventory.purchasing.models import PurchaseLine, PurchaseOrder
from oms.core import exchange_rates


def arriving(order: PurchaseOrder, line: PurchaseLine) -> Decimal:
    """What a base unit of a purchase line costs in the company's currency at the rate of its business day."""
    rate = exchange_rates.exchange_rate(order.company, order.currency, order.company.today())
    return round(line.unit_cost / rate, PLACES)


def received(order: PurchaseOrder, line: PurchaseLine) -> Decimal:
    """What the received units of a purchase line cost on average as they came in, less receipts that were undone."""
    return costs.average(
        Move.objects.filter(sku=line.sku, reference=order.number, reason=Move.Reason.RECEIPT),
        came=Bin.Kind.SUPPLIER,
    ) or arriving(order, line)
