"""What must be looked at before an order is confirmed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import lock_one
from oms.core.models import User
from oms.core.money import ZERO, display
from orders import taxing
from orders.models import Customer, Hold, Invoice, Order, Payment, WriteOff

AMOUNT: "DecimalField[Any, Any]" = DecimalField(max_digits=16, decimal_places=3)
REQUIRED_IN_ADDRESS = ("name", "country")


def screen(order: Order, *, by: User | None = None) -> list[Hold]:
    """Put a locked order on hold for what a program can see: credit and address."""
    found = [hold for hold in (_credit(order), _address(order)) if hold]
    for hold in found:
        hold.placed_by = by
    return Hold.objects.bulk_create(found) if found else []


def screen_address(order: Order, *, dearer: bool, by: User | None = None) -> list[Hold]:
    """Screen a locked order again for its new address, and for credit if it became dearer; open holds stay."""
    known = set(order.holds.filter(lifted_at=None).values_list("kind", flat=True))
    seen = [hold for hold in (_credit(order) if dearer else None, _address(order)) if hold]
    found = [hold for hold in seen if hold.kind not in known]
    for hold in found:
        hold.placed_by = by
    return Hold.objects.bulk_create(found)


def _credit(order: Order) -> Hold | None:
    limit = order.customer.credit_limit
    if limit is None:
        return None
    lock_one(order.customer)
    after = exposure(order.customer) + (ZERO if _counts_already(order) else order.gross)
    if after <= limit:
        return None
    text = (_("%(display)s owed and ordered is over the limit of %(display2)s")
            % {"display": display(after, order.currency), "display2": display(limit, order.currency)})
    return Hold(order=order, kind=Hold.Kind.CREDIT, reason=text)


def _counts_already(order: Order) -> bool:
    """Whether the order is among those that exposure counts: one taken in at once is placed when it is inserted."""
    return order.status in (Order.Status.PLACED, Order.Status.CONFIRMED)


def exposure(customer: Customer) -> Decimal:
    """What a customer owes, and has ordered that is not yet invoiced, in their currency."""
    open_orders = Order.objects.filter(customer=OuterRef("pk"), status__in=["placed", "confirmed"])
    uninvoiced = (F("gross") * (F("units") - F("cancelled") - F("invoiced"))
                  / NullIf(F("units") - F("cancelled"), 0))
    known = Customer.objects.filter(pk=customer.pk).annotate(total=_sum(open_orders, uninvoiced) + _balance())
    return known.values_list("total", flat=True).get()


def balance(customer: Customer) -> Decimal:
    """Invoices − credit notes − payments + refunds of a customer, in their currency."""
    return balances([customer])[customer.pk]


def balances(customers: Sequence[Customer]) -> dict[int, Decimal]:
    """What each customer owes (positive) or has to their credit (negative)."""
    known = Customer.objects.filter(pk__in=[customer.pk for customer in customers])
    return dict(known.annotate(total=_balance()).values_list("pk", "total"))


def _balance() -> Combinable:
    issued = Invoice.objects.filter(customer=OuterRef("pk"), status=Invoice.Status.ISSUED)
    paid = Payment.objects.filter(customer=OuterRef("pk"))
    return (_sum(issued.exclude(kind=Invoice.Kind.CREDIT), F("gross"))
            - _sum(issued.filter(kind=Invoice.Kind.CREDIT), F("gross"))
            - _sum(paid, F("captured") - F("refunded") - F("written_off"))
            - _written_off())


def _written_off() -> Coalesce:
    """What was given up of a customer's invoices."""
    rows = WriteOff.objects.filter(invoice__customer=OuterRef("pk")).values("invoice__customer")
    total = rows.annotate(total=Sum("amount", output_field=AMOUNT)).values("total")
    return Coalesce(Subquery(total), ZERO, output_field=AMOUNT)


def _sum(rows: "QuerySet[Any]", expression: Combinable) -> Coalesce:
    """The sum over a customer's rows, as a column of the customer."""
    total = rows.values("customer").annotate(total=Sum(expression, output_field=AMOUNT)).values("total")
    return Coalesce(Subquery(total), ZERO, output_field=AMOUNT)


def _address(order: Order) -> Hold | None:
    """A hold for what an address lacks; its postal code, where the tax depends on what only that tells."""
    missing = [name for name in REQUIRED_IN_ADDRESS if not order.ship_to.get(name)]
    if taxing.is_place_uncertain(order):
        missing.append(_("the postal code, without which the VAT area isn't known"))
    if not missing:
        return None
    return Hold(order=order, kind=Hold.Kind.ADDRESS, reason=(_("the delivery address lacks %(missing)s")
                                                             % {"missing": ", ".join(missing)}))


def hold(order: Order, *, reason: str, by: User | None = None) -> Order:
    """Make an order wait, with the reason why: it isn't confirmed, and if it is, none of its goods leave."""
    with states.change(order, event="order.held_back", by=by, reason=reason) as order:
        states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
        if order.status == Order.Status.CONFIRMED and order.shipped >= order.units - order.cancelled:
            raise Refused(_("All of order %(number)s has left; there is nothing to stop. Open a return instead.")
                          % {"number": order.number}, code="shipped")
        if not reason.strip():
            raise Refused(_("Say why the order must wait."), field="reason")
        if order.holds.filter(kind=Hold.Kind.MANUAL, lifted_at=None).exists():
            raise Refused(_("Order %(number)s is on hold by hand already; lift that hold first.")
                          % {"number": order.number})
        Hold.objects.create(order=order, kind=Hold.Kind.MANUAL, reason=reason, placed_by=by)
    return order


def lift(order: Order, *, note: str = "", by: User | None = None) -> Order:
    """Let an order go on in spite of its holds."""
    with states.change(order, event="order.hold_lifted", by=by, note=note) as order:
        lifted = order.holds.filter(lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by)
        if not lifted:
            raise Refused(_("Order %(number)s is not on hold.") % {"number": order.number}, code="not_on_hold")
    return order


def require_clear(order: Order) -> None:
    """Raise Refused where a hold has not been lifted, or nobody has said yet to which country the goods go."""
    open_holds = [hold for hold in order.holds.all() if hold.lifted_at is None]
    if open_holds:
        raise Refused(_("Order %(number)s is on hold (%(map)s). Lift the hold first.")
                      % {"number": order.number, "map": "; ".join(map(str, open_holds))},
                      code="on_hold")
    if not order.ship_to.get("country"):
        raise Refused(_("You can't confirm order %(number)s: its delivery address has no country, so its tax isn't "
                        "known. Change the delivery address first.") % {"number": order.number}, code="no_country")
