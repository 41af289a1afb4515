"""What was asked of a payment gateway: whether it is still wanted, and what became of it."""

from django.utils.translation import gettext as _

from oms.core import events
from oms.core.errors import WrongState
from oms.core.locking import atomic, lock_one, whole
from oms.core.models import User
from orders.accounting import payments
from orders.accounting.models import Payment, Refund
from orders.models import Order

S = Payment.Status


@whole
def is_wanted(payment: Payment) -> bool:
    """Whether a capture is still wanted, before the gateway is asked for it; for a canceled order it ends here."""
    with atomic():
        order = lock_one(payment.order) if payment.order else None
        payment = lock_one(payment)
        if order is None or order.status != Order.Status.CANCELED:
            return True
        payments.record_capture_failed(
            payment, _("Order %(number)s was canceled.") % {"number": order.number}
        )
        return False


@whole
def record_voided(payment: Payment, gateway_reference: str, error: str = "") -> Payment:
    """Note what the gateway answered to the void, its refusal for good included."""
    with atomic():
        payment = lock_one(payment)
        payment.void_reference, payment.error = gateway_reference, error[:200]
        payment.save(update_fields=["void_reference", "error"])
        if error:
            events.emit("payment.void_failed", payment, error=error)
    return payment


def pending(payment: Payment) -> bool:
    """Whether something was asked of the gateway and not answered yet."""
    is_asked = (
        payment.status == S.REQUESTED
        or (payment.status == S.AUTHORIZED and payment.capture_requested > 0)
        or (payment.status == S.VOIDED and not payment.void_reference and not payment.error)
    )
    return is_asked or payment.refunds.filter(status=Refund.Status.REQUESTED).exists()


def ask_outcome(payment: Payment, *, by: User | None = None) -> Payment:
    """Ask the gateway what became of what it was asked before."""
    with atomic():
        payment = lock_one(payment)
        if not pending(payment):
            raise WrongState(
                _("The gateway has answered all that was asked about %(number)s.")
                % {"number": payment.number}
            )
        events.emit("payment.outcome_asked", payment, by=by)
    return payment
