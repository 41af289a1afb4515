"""What must be looked at before an order is confirmed."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import states
from oms.core.errors import Refused
from oms.core.locking import lock_one, whole
from oms.core.models import User
from oms.core.money import ZERO
from oms.core.money_text import display
from orders import accounts, exposure, taxing
from orders.models import FraudRule, Order, OrderHold

REQUIRED_IN_ADDRESS = ("name", "country")


def screen(order: Order, *, by: User | None = None) -> list[OrderHold]:
    """Put a locked order on hold for what a program can see: credit, address, payment at checkout and fraud rules."""
    found = [
        hold for hold in (_credit(order), _address(order), _payment(order), _fraud(order)) if hold
    ]
    for hold in found:
        hold.placed_by = by
    return OrderHold.objects.bulk_create(found) if found else []


def screen_address(order: Order, *, dearer: bool, by: User | None = None) -> list[OrderHold]:
    """Screen a locked order again for its new address, and for credit if it became dearer; open holds stay."""
    known = set(order.holds.filter(released_at=None).values_list("kind", flat=True))
    seen = [
        hold
        for hold in (_credit(order) if dearer else None, _address(order), _fraud(order))
        if hold
    ]
    found = [hold for hold in seen if hold.kind not in known]
    for hold in found:
        hold.placed_by = by
    return OrderHold.objects.bulk_create(found)


def _credit(order: Order) -> OrderHold | None:
    limit = order.customer.credit_limit
    if limit is None:
        return None
    lock_one(order.customer)
    after = exposure.of(order.customer) + (ZERO if _counts_already(order) else order.gross)
    if after <= limit:
        return None
    text = _("Exposure of %(display)s exceeds the credit limit of %(display2)s") % {
        "display": display(after, order.currency),
        "display2": display(limit, order.currency),
    }
    return OrderHold(order=order, kind=OrderHold.Kind.CREDIT, reason=text)


def _counts_already(order: Order) -> bool:
    """Whether the order is among those that exposure counts: one taken in at once is placed when it is inserted."""
    return order.status in (Order.Status.PLACED, Order.Status.CONFIRMED)


def _address(order: Order) -> OrderHold | None:
    """A hold for what an address lacks; its postal code, where the tax depends on what only that tells."""
    missing = [name for name in REQUIRED_IN_ADDRESS if not order.ship_to.get(name)]
    if taxing.is_place_uncertain(order):
        missing.append(_("the postal code, without which the VAT area isn't known"))
    if not missing:
        return None
    return OrderHold(
        order=order,
        kind=OrderHold.Kind.ADDRESS,
        reason=(_("Shipping address is missing: %(missing)s") % {"missing": ", ".join(missing)}),
    )


def _payment(order: Order) -> OrderHold | None:
    """Where a channel is paid at checkout, an order waits until all of it is authorized or received."""
    if not order.channel.paid_at_checkout or order.gross <= accounts.secured(order):
        return None
    return OrderHold(
        order=order,
        kind=OrderHold.Kind.PAYMENT,
        reason=_("%(secured)s of %(gross)s is paid or authorized")
        % {
            "secured": display(accounts.secured(order), order.currency),
            "gross": display(order.gross, order.currency),
        },
    )


def lift_payment(order: Order, *, by: User | None = None) -> None:
    """Lift a locked order's payment hold for good: what pays it is known."""
    order.holds.filter(kind=OrderHold.Kind.PAYMENT, released_at=None).update(
        released_at=timezone.now(), released_by=by
    )


def follow_payment(order: Order) -> None:
    """Lift a locked order's payment hold once it is paid, and place it where its money is gone before all has left.

    A hold that a person lifted is not placed again.
    """
    if not order.channel.paid_at_checkout or order.status not in (
        Order.Status.PLACED,
        Order.Status.CONFIRMED,
    ):
        return
    wanted, kind = _payment(order), OrderHold.Kind.PAYMENT
    is_open = order.holds.filter(kind=kind, released_at=None).exists()
    if wanted is None and is_open:
        with states.change(order, event="order.hold_released", note=_("Paid.")) as order:
            order.holds.filter(kind=kind, released_at=None).update(released_at=timezone.now())
    elif (
        wanted is not None
        and not is_open
        and order.shipped < order.units - order.canceled
        and (not order.holds.filter(kind=kind, released_by__isnull=False).exists())
    ):
        with states.change(order, event="order.hold_placed", reason=wanted.reason) as order:
            wanted.save()


def _fraud(order: Order) -> OrderHold | None:
    """The first fraud rule all of which applies."""
    rules = FraudRule.objects.filter(Q(channel=None) | Q(channel=order.channel), is_active=True)
    name = next((rule.name for rule in rules if _applies(rule, order)), None)
    return OrderHold(order=order, kind=OrderHold.Kind.FRAUD, reason=name) if name else None


def _applies(rule: FraudRule, order: Order) -> bool:
    if order.gross / order.exchange_rate < rule.minimum:
        return False
    if rule.countries_differ and order.ship_to.get("country") == order.bill_to.get("country"):
        return False
    return not (
        rule.is_new_customer
        and Order.objects.filter(customer=order.customer, status=Order.Status.COMPLETED).exists()
    )


def hold(
    order: Order, *, reason: str, kind: str = OrderHold.Kind.MANUAL, by: User | None = None
) -> Order:
    """Make an order wait, with the reason why: it isn't confirmed, and if it is, none of its goods leave."""
    with states.change(order, event="order.hold_placed", by=by, reason=reason) as order:
        states.require_status(order, Order.Status.PLACED, Order.Status.CONFIRMED)
        if order.status == Order.Status.CONFIRMED and order.shipped >= order.units - order.canceled:
            raise Refused(
                _(
                    "All of order %(number)s has left; there is nothing to stop. Open a return instead."
                )
                % {"number": order.number},
                code="shipped",
            )
        if not reason.strip():
            raise Refused(_("Enter a reason for the hold."), field="reason")
        if order.holds.filter(kind=kind, released_at=None).exists():
            raise Refused(
                _("Order %(number)s is already on hold (%(kind)s). Release that hold first.")
                % {"number": order.number, "kind": OrderHold.Kind(kind).label}
            )
        OrderHold.objects.create(order=order, kind=kind, reason=reason, placed_by=by)
    return order


def hold_for_tax(order: Order, reason: str) -> None:
    """Make a locked, confirmed order wait because its goods can't be taxed as they would leave."""
    if not order.holds.filter(kind=OrderHold.Kind.TAX, released_at=None).exists():
        hold(order, reason=reason[:200], kind=OrderHold.Kind.TAX)


@whole
def screen_retaxed(order: Order, *, dearer: bool) -> None:
    """Screen a locked order again that has other taxes now: for credit, and for what is paid at checkout."""
    if order.status != Order.Status.CONFIRMED or order.shipped >= order.units - order.canceled:
        return
    found = _credit(order) if dearer else None
    if found and not order.holds.filter(kind=OrderHold.Kind.CREDIT, released_at=None).exists():
        hold(order, reason=found.reason, kind=OrderHold.Kind.CREDIT)
    follow_payment(order)


def release_hold(order: Order, *, note: str = "", by: User | None = None) -> Order:
    """Let an order go on in spite of its holds."""
    with states.change(order, event="order.hold_released", by=by, note=note) as order:
        lifted = order.holds.filter(released_at=None).update(
            released_at=timezone.now(), released_by=by
        )
        if not lifted:
            raise Refused(
                _("Order %(number)s is not on hold.") % {"number": order.number}, code="not_on_hold"
            )
    return order


def require_clear(order: Order) -> None:
    """Raise Refused where a hold has not been lifted, or nobody has said yet to which country the goods go.

    A channel's order without amounts needs no country yet: the channel names both when it releases the order.
    """
    open_holds = [hold for hold in order.holds.all() if hold.released_at is None]
    if open_holds:
        raise Refused(
            _("Order %(number)s is on hold (%(map)s). Release the hold first.")
            % {"number": order.number, "map": "; ".join(map(str, open_holds))},
            code="on_hold",
        )
    if not order.ship_to.get("country") and (order.gross or not order.is_as_sold):
        raise Refused(
            _(
                "You can't confirm order %(number)s: its delivery address has no country, so its tax isn't "
                "known. Change the delivery address first."
            )
            % {"number": order.number},
            code="no_country",
        )
