"""What selling asks of the books, a room above: each answer is registered there."""

from collections.abc import Callable
from decimal import Decimal

from oms.core.money import ZERO
from orders.models import Order

Check = Callable[[Order], None]
_checks: list[Check] = []
_secured: list[Callable[[Order], Decimal]] = []


def before_confirming(check: Check) -> Check:
    """Register a check of orders with their lines, before they are confirmed or changed: it raises Refused."""
    _checks.append(check)
    return check


def require_confirmable(order: Order) -> None:
    """Raise Refused where an order could not be billed as it would be confirmed."""
    for check in _checks:
        check(order)


def secures(secured: Callable[[Order], Decimal]) -> Callable[[Order], Decimal]:
    """Register what is authorized, received for an order, or set off against its invoices."""
    _secured.append(secured)
    return secured


def secured(order: Order) -> Decimal:
    """What of an order is authorized, received for it, or set off against its invoices."""
    return sum((find(order) for find in _secured), ZERO)
