"""The one writer of money received: asked for, captured, applied.

The gateway is asked by handlers, outside of any transaction: ask (here) – call (handlers) – record (here).
"""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, idempotency, money, money_text, periods, states
from oms.core.errors import Refused, WrongState
from oms.core.locking import advisory_lock, atomic, lock_one, whole
from oms.core.models import Company, User
from orders import pricing
from orders.accounting import due_dates, exchange_gains, write_offs
from orders.accounting.connectors.gateways import TRANSFER, gateways
from orders.accounting.models import Invoice, Payment, PaymentApplication
from orders.models import Customer, Order, OrderHold
from orders.selling import require_seller

S = Payment.Status


def authorize(
    order: Order,
    amount: Decimal,
    *,
    reference: str,
    gateway: str = "manual",
    by: User | None = None,
) -> Payment:
    """Ask a gateway to set money aside for an order, at most what is due. Again with the same reference: the first
    payment."""
    _require_reference(reference)
    gateways.require(gateway, field="gateway")
    with atomic():
        order = lock_one(order)
        advisory_lock(f"payment {reference}")
        amount = positive(amount, order.currency)
        known = _known(
            reference, order.customer, amount, order.currency, company=order.company, order=order
        )
        if known:
            return known
        states.require_status(
            order, Order.Status.PLACED, Order.Status.CONFIRMED, Order.Status.COMPLETED
        )
        _require_due(order, amount)
        return states.create(
            Payment(
                company=order.company,
                customer=order.customer,
                order=order,
                currency=order.currency,
                amount=amount,
                reference=reference,
                gateway=gateway,
                exchange_rate=order.exchange_rate,
            ),
            by=by,
        )


def _require_due(order: Order, amount: Decimal) -> None:
    """Raise Refused for more than what is due of an order, beside what is paid or authorized already."""
    most = due_dates.of_order(order)
    if amount > most:
        raise Refused(
            _(
                "You can't authorize %(amount)s for order %(number)s: at most %(most)s is due, "
                "beside what is paid or authorized already."
            )
            % {
                "amount": money_text.display(amount, order.currency),
                "number": order.number,
                "most": money_text.display(most, order.currency),
            },
            code="too_much",
            field="amount",
        )


def _known(
    reference: str,
    customer: Customer,
    amount: Decimal,
    currency: str,
    *,
    company: Company,
    order: Order | None,
) -> Payment | None:
    """The payment with this reference. Raises Refused where it is another customer's, order's or amount."""
    known = Payment.objects.filter(reference=reference).select_related("customer").first()
    if known:
        told = _("payment %(number)s of %(amount)s by %(customer)s") % {
            "number": known.number,
            "amount": money_text.display(known.amount, known.currency),
            "customer": known.customer,
        }
        idempotency.require_same(
            known,
            told,
            customer_id=customer.pk,
            company_id=company.pk,
            asked=amount,
            currency=currency,
            order_id=order.pk if order else None,
        )
    return known


def _require_reference(reference: str) -> None:
    """Without one, a second payment would count as the first."""
    if not reference.strip():
        raise Refused(
            _("Enter a payment reference from your bank, card terminal or records."),
            field="reference",
        )


def positive(amount: Decimal, currency: str) -> Decimal:
    """The amount. Raises Refused where it isn't more than nothing, in whole coins of the currency."""
    if amount <= 0 or amount != money.round_amount(amount, currency):
        raise Refused(
            _(
                "Enter a positive amount in %(currency)s with up to %(minor_units)s decimal places, not "
                "%(amount)s."
            )
            % {"amount": amount, "currency": currency, "minor_units": money.minor_units(currency)},
            field="amount",
        )
    return amount


@whole
def record_authorized(payment: Payment, gateway_reference: str) -> Payment:
    """Note that the gateway set the money aside."""
    with states.advance(payment, to=S.AUTHORIZED) as payment:
        payment.gateway_reference = gateway_reference
        payment.save(update_fields=["gateway_reference"])
    return payment


@whole
def record_failed(payment: Payment, error: str) -> Payment:
    """Note that the gateway refused."""
    with states.advance(payment, to=S.FAILED, error=error) as payment:
        pass
    return payment


def capture(payment: Payment, amount: Decimal | None = None, *, by: User | None = None) -> Payment:
    """Ask the gateway to collect (a part of) what it set aside; the rest stays authorized, as a payment of its own.

    Once: a second capture is WrongState.
    """
    with atomic():
        _require_wanted(payment)
        payment = lock_one(payment)
        states.require_status(payment, S.AUTHORIZED)
        if payment.capture_requested:
            raise WrongState(
                _("Payment %(number)s is already being captured.") % {"number": payment.number}
            )
        wanted = positive(amount if amount is not None else payment.amount, payment.currency)
        if wanted > payment.amount:
            raise Refused(
                _("You can capture up to %(amount)s of %(number)s.")
                % {"amount": payment.amount, "number": payment.number},
                field="amount",
            )
        if wanted < payment.amount:
            _split_off(payment, payment.amount - wanted, by)
        payment.amount = payment.capture_requested = wanted
        key = f"{payment.number}-capture"
        payment.capture_key, payment.error = (
            idempotency.new_reference(key) if payment.capture_key else key,
            "",
        )
        payment.save(update_fields=["amount", "capture_requested", "capture_key", "error"])
        events.emit("payment.capture_requested", payment, by=by, amount=str(wanted))
    return payment


def _require_wanted(payment: Payment) -> None:
    """Raise Refused where the payment's order, which is locked, is canceled or waits for a fraud check."""
    order = lock_one(payment.order) if payment.order else None
    if order is None:
        return
    if order.status == Order.Status.CANCELED:
        raise Refused(
            _("Order %(number)s is canceled; its money isn't collected any more. Void the payment.")
            % {"number": order.number},
            code="canceled",
        )
    if order.holds.filter(kind=OrderHold.Kind.FRAUD, released_at=None).exists():
        raise Refused(
            _("Order %(number)s waits for a fraud check. Lift that hold first.")
            % {"number": order.number},
            code="on_hold",
        )


def _split_off(payment: Payment, rest: Decimal, by: User | None) -> Payment:
    """What a partial capture leaves of an authorization."""
    return states.create(
        Payment(
            company=payment.company,
            customer=payment.customer,
            order=payment.order,
            currency=payment.currency,
            amount=rest,
            status=S.AUTHORIZED,
            gateway=payment.gateway,
            origin=payment,
            gateway_reference=payment.gateway_reference,
            exchange_rate=payment.exchange_rate,
        ),
        by=by,
    )


@whole
def record_captured(payment: Payment, gateway_reference: str) -> Payment:
    """Note that the money is ours."""
    with states.advance(payment, to=S.CAPTURED) as payment:
        payment.captured, payment.paid_on = payment.capture_requested, payment.company.today()
        payment.exchange_rate = pricing.exchange_rate(
            payment.company, payment.currency, payment.paid_on
        )
        payment.gateway_reference = gateway_reference
        payment.save(update_fields=["captured", "paid_on", "exchange_rate", "gateway_reference"])
    return payment


@whole
def record_capture_failed(payment: Payment, error: str) -> Payment:
    """Note that the gateway did not collect the money for good: it stays set aside, to be tried again or voided."""
    with atomic():
        payment = lock_one(payment)
        if payment.status == S.AUTHORIZED and payment.capture_requested:
            payment.capture_requested, payment.error = money.ZERO, error[:200]
            payment.save(update_fields=["capture_requested", "error"])
            events.emit("payment.capture_failed", payment, error=error)
    return payment


def void(payment: Payment, *, by: User | None = None) -> Payment:
    """Let go of money that was set aside and not captured."""
    with states.advance(payment, to=S.VOIDED, by=by) as payment:
        if payment.capture_requested:
            raise WrongState(
                _(
                    "Payment %(number)s is already being captured and can't be voided. Refund it after "
                    "the capture."
                )
                % {"number": payment.number}
            )
    return payment


def register_transfer(
    customer: Customer,
    amount: Decimal,
    *,
    company: Company,
    reference: str,
    currency: str | None = None,
    order: Order | None = None,
    gateway: str = TRANSFER,
    on: date | None = None,
    by: User | None = None,
) -> Payment:
    """Book money that came to the bank or through a channel. Again with the same reference: the first payment."""
    _require_reference(reference)
    require_seller(company, customer)
    with atomic():
        advisory_lock(f"payment {reference}")
        currency = currency or customer.currency
        amount = positive(amount, currency)
        known = _known(reference, customer, amount, currency, company=company, order=order)
        if known:
            return known
        return receive(
            Payment(
                company=company,
                customer=customer,
                order=order,
                currency=currency,
                amount=amount,
                reference=reference,
                gateway=gateway,
            ),
            on=on,
            by=by,
        )


def receive(payment: Payment, *, on: date | None, by: User | None = None) -> Payment:
    """Book a payment that is here, at its value date: the day given, else today."""
    with atomic():
        today = payment.company.today()
        payment.paid_on = on or today
        if payment.paid_on > today:
            raise Refused(
                _("%(day)s is in the future. Enter the day on which the money came.")
                % {"day": payment.paid_on},
                field="paid_on",
            )
        periods.require_open(payment.company, payment.paid_on)
        payment.exchange_rate = pricing.exchange_rate(
            payment.company, payment.currency, payment.paid_on
        )
        payment.capture_requested = payment.amount
        states.create(payment, by=by)
        with states.advance(payment, to=S.CAPTURED, by=by, amount=str(payment.amount)) as payment:
            payment.captured = payment.amount
            payment.save(update_fields=["captured"])
        return payment


def book(
    payment: Payment,
    *,
    applied: Decimal = money.ZERO,
    refunded: Decimal = money.ZERO,
    refunded_unlinked: Decimal = money.ZERO,
) -> None:
    """Count what a locked payment is used for, or what is taken back of it."""
    payment.applied += applied
    payment.refunded += refunded
    payment.refunded_unlinked += refunded_unlinked
    payment.save(update_fields=["applied", "refunded", "refunded_unlinked"])


def apply(
    payment: Payment, document: Invoice, amount: Decimal | None = None, *, by: User | None = None
) -> PaymentApplication:
    """Use a payment, as far as both are open, to pay an invoice of the same customer, company and currency.

    What was given up of it as a bad debt can be paid late: it is owed again first, with its tax.
    """
    with atomic():
        payment = lock_one(payment)
        document = lock_one(document)
        _require_match(payment, document)
        most = min(payment.unapplied, document.open_amount + write_offs.recoverable(document))
        usual = min(payment.unapplied, document.open_amount) or most
        wanted = usual if amount is None else positive(amount, payment.currency)
        if not 0 < wanted <= most:
            raise Refused(
                _("You can apply up to %(most)s of %(number)s to %(document)s, not %(wanted)s.")
                % {
                    "wanted": money_text.display(wanted, payment.currency),
                    "number": payment.number,
                    "document": document,
                    "most": money_text.display(most, payment.currency),
                },
                field="amount",
            )
        if wanted > document.open_amount:
            write_offs.recover(document, wanted - document.open_amount, on=payment.paid_on, by=by)
        made = PaymentApplication.objects.create(
            payment=payment,
            invoice=document,
            amount=wanted,
            by=by,
            exchange_difference=exchange_gains.difference(payment, document, wanted),
        )
        book(payment, applied=wanted)
        due_dates.use(document, wanted)
        events.emit("payment.applied", payment, by=by, invoice=document.number, amount=str(wanted))
        if document.open_amount == 0:
            events.emit("invoice.paid", document, by=by)
        else:
            write_offs.grant_discount(document, payment, by=by)
    return made


def _require_match(payment: Payment, document: Invoice) -> None:
    if document.kind == Invoice.Kind.CREDIT or document.status != Invoice.Status.ISSUED:
        raise Refused(_("%(document)s isn't an issued invoice.") % {"document": document})
    names = ("customer_id", "company_id", "currency")
    if any(getattr(payment, name) != getattr(document, name) for name in names):
        raise Refused(
            _("%(number)s and %(document)s must have the same customer, company and currency.")
            % {"number": payment.number, "document": document}
        )
    if payment.order_id and payment.order_id not in document.order_keys():
        raise Refused(_("%(number)s is reserved for another order.") % {"number": payment.number})
