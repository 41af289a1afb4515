"""Giving up what is not worth asking for: small differences, discounts for paying early, bad debts."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from oms.core import events, money, periods
from oms.core.errors import Refused
from oms.core.locking import atomic, lock_one
from oms.core.models import User
from oms.core.money_text import display
from orders.accounting import due_dates
from orders.accounting.models import Invoice, InvoiceLine, Payment, PaymentApplication, WriteOff

Kind = WriteOff.Kind


def write_off(
    document: Invoice,
    kind: str,
    *,
    amount: Decimal | None = None,
    reason: str = "",
    on: date | None = None,
    by: User | None = None,
) -> WriteOff:
    """Give up (a part of) what is open of an issued invoice.

    A small difference is so only up to the company's limit; a discount and a bad debt take their part of the
    invoice's tax back (Directive 2006/112/EC, Articles 79 and 90).
    """
    with atomic():
        document = lock_one(document)
        if document.kind == Invoice.Kind.CREDIT or document.status != Invoice.Status.ISSUED:
            raise Refused(_("%(document)s isn't an issued invoice.") % {"document": document})
        given_up = document.open_amount if amount is None else amount
        if not 0 < given_up <= document.open_amount:
            raise Refused(
                _("You can write off up to %(open)s on %(document)s.")
                % {"document": document, "open": display(document.open_amount, document.currency)},
                field="amount",
            )
        limit = limit_of(document)
        if kind == Kind.DIFFERENCE and given_up > limit:
            raise Refused(
                _(
                    "%(amount)s exceeds the small-difference limit of %(limit)s. Issue a credit note, or "
                    "write it off as bad debt."
                )
                % {
                    "amount": display(given_up, document.currency),
                    "limit": display(limit, document.currency),
                },
                field="amount",
            )
        return _book(document, kind, given_up, reason, on or document.company.today(), by)


def limit_of(document: Invoice | Payment) -> Decimal:
    """The company's limit for small differences, in a document's currency at its rate."""
    return money.round_amount(
        document.company.write_off_limit * document.exchange_rate, document.currency
    )


def _book(
    document: Invoice, kind: str, amount: Decimal, reason: str, on: date, by: User | None
) -> WriteOff:
    periods.require_open(document.company, on)
    taxes = _taxes(document, amount) if kind != Kind.DIFFERENCE else []
    row = WriteOff.objects.create(
        kind=kind,
        invoice=document,
        amount=amount,
        reason=reason[:200],
        booked_on=on,
        by=by,
        tax=sum((Decimal(each["tax"]) for each in taxes), money.ZERO),
        taxes=taxes,
    )
    PaymentApplication.objects.create(write_off=row, invoice=document, amount=amount, by=by)
    due_dates.use(document, amount)
    events.emit(
        "invoice.written_off", document, by=by, kind=kind, amount=str(amount), reason=reason
    )
    if document.open_amount == 0:
        events.emit("invoice.paid", document, by=by)
    return row


def _taxes(document: Invoice, amount: Decimal) -> list[dict[str, str]]:
    """The tax in an amount of an invoice less its credits, by category and rate."""
    left: dict[tuple[str, Decimal], list[Decimal]] = {}
    for line in [*document.lines.all(), *InvoiceLine.objects.filter(invoice__corrects=document)]:
        sign = 1 if line.invoice_id == document.pk else -1
        sums = left.setdefault(
            (line.tax_category, line.tax_percent.normalize()), [money.ZERO, money.ZERO]
        )
        sums[0] += sign * line.gross
        sums[1] += sign * line.tax
    groups = {key: sums for key, sums in sorted(left.items()) if sums[0] > 0}
    shares = money.spread(amount, [gross for gross, _tax in groups.values()], document.currency)
    return [
        {
            "category": category,
            "percent": f"{percent:f}",
            "amount": str(share),
            "tax": str(money.round_amount(share * tax / gross, document.currency)),
        }
        for ((category, percent), (gross, tax)), share in zip(groups.items(), shares, strict=True)
    ]


def grant_discount(
    document: Invoice, payment: Payment, *, by: User | None = None
) -> WriteOff | None:
    """Give up what a locked invoice lacks for the part paid in time for its discount; None if it lacks more."""
    assert payment.paid_on is not None
    if document.discount_until is None or any(
        row.left for row in document.write_offs.filter(reverses=None)
    ):
        return None
    if not 0 < document.open_amount <= due_dates.earned_discount(document):
        return None
    on = periods.open_day(document.company, payment.paid_on)
    return _book(document, Kind.DISCOUNT, document.open_amount, payment.number, on, by)


def write_off_rest(payment: Payment, *, reason: str = "", by: User | None = None) -> Payment:
    """Keep what a payment has too much, up to the company's limit for small differences."""
    with atomic():
        payment = lock_one(payment)
        amount, limit = payment.unapplied, limit_of(payment)
        if amount <= 0:
            raise Refused(
                _("%(number)s has no amount left to write off.") % {"number": payment.number}
            )
        if amount > limit:
            raise Refused(
                _(
                    "%(number)s has %(amount)s left, more than the write-off limit of %(limit)s. Apply or "
                    "refund it."
                )
                % {
                    "number": payment.number,
                    "amount": display(amount, payment.currency),
                    "limit": display(limit, payment.currency),
                }
            )
        WriteOff.objects.create(
            kind=Kind.DIFFERENCE,
            payment=payment,
            amount=amount,
            reason=reason[:200],
            booked_on=payment.company.today(),
            by=by,
        )
        payment.written_off += amount
        payment.save(update_fields=["written_off"])
        events.emit("payment.written_off", payment, by=by, amount=str(amount), reason=reason)
    return payment


def reverse(
    row: WriteOff,
    amount: Decimal | None = None,
    *,
    reason: str = "",
    on: date | None = None,
    by: User | None = None,
) -> WriteOff:
    """Take (a part of) a write-off back: the invoice is open again by it, with its tax; a payment has it left again."""
    with atomic():
        if row.invoice is not None:
            return _reverse_of_invoice(lock_one(row.invoice), row, amount, reason, on, by)
        assert row.payment is not None
        payment = lock_one(row.payment)
        wanted = _reversible(row, amount)
        made = _counter(row, wanted, reason, on or payment.company.today(), by)
        payment.written_off -= wanted
        payment.save(update_fields=["written_off"])
        events.emit("payment.write_off_reversed", payment, by=by, amount=str(wanted), reason=reason)
        return made


def _reverse_of_invoice(
    document: Invoice,
    row: WriteOff,
    amount: Decimal | None,
    reason: str,
    on: date | None,
    by: User | None,
) -> WriteOff:
    was_paid = document.open_amount == 0
    made = take_back(
        document,
        row,
        _reversible(row, amount),
        on=on or document.company.today(),
        reason=reason,
        by=by,
    )
    if was_paid:
        events.emit("invoice.reopened", document, by=by, open=str(document.open_amount))
    return made


def _reversible(row: WriteOff, amount: Decimal | None) -> Decimal:
    """How much of it is taken back: what is given, at most what is left of it, else all of that."""
    left = row.left
    wanted = left if amount is None else amount
    if row.reverses_id or not 0 < wanted <= left:
        raise Refused(
            _("You can reverse up to %(left)s of this write-off.")
            % {"left": display(left, row.currency)},
            code="too_much",
            field="amount",
        )
    return wanted


def take_back(
    document: Invoice,
    row: WriteOff,
    amount: Decimal,
    *,
    on: date,
    reason: str = "",
    by: User | None = None,
) -> WriteOff:
    """Let a locked invoice owe again what was given up of it, with its part of the tax."""
    made = _counter(row, amount, reason, on, by)
    PaymentApplication.objects.create(
        write_off=made, invoice=document, amount=-amount, reverses=row.use, booked_on=on, by=by
    )
    due_dates.use(document, -amount)
    events.emit(
        "invoice.write_off_reversed",
        document,
        by=by,
        kind=row.kind,
        amount=str(amount),
        tax=str(-made.tax),
        reason=reason,
    )
    return made


def _counter(row: WriteOff, amount: Decimal, reason: str, on: date, by: User | None) -> WriteOff:
    periods.require_open((row.invoice or row.payment).company, on)  # type: ignore[union-attr]
    before = row.amount - row.left
    after = before + amount

    def part(whole: Decimal) -> Decimal:
        return money.part(whole, row.amount, before, after, row.currency)

    taxes = [
        {
            **each,
            "amount": str(-part(Decimal(each["amount"]))),
            "tax": str(-part(Decimal(each["tax"]))),
        }
        for each in row.taxes
    ]
    tax = -sum((Decimal(each["tax"]) for each in taxes), money.ZERO) if taxes else part(row.tax)
    return WriteOff.objects.create(
        kind=row.kind,
        invoice=row.invoice,
        payment=row.payment,
        amount=-amount,
        tax=-tax,
        taxes=taxes,
        reverses=row,
        reason=reason[:200],
        booked_on=on,
        by=by,
    )


def bad_debts(document: Invoice) -> list[WriteOff]:
    """What was given up of an invoice as a bad debt and not taken back, the newest first."""
    rows = (
        document.write_offs.filter(kind=Kind.BAD_DEBT, reverses=None)
        .order_by("-pk")
        .prefetch_related("reversals")
    )
    return [row for row in rows if row.left]


def recoverable(document: Invoice) -> Decimal:
    """What of an invoice's bad debts can still be paid late."""
    return sum((row.left for row in bad_debts(document)), money.ZERO)


def recover(document: Invoice, amount: Decimal, *, on: date | None, by: User | None = None) -> None:
    """Let a locked invoice owe again what is paid late of its bad debts: the tax in it is owed again, too."""
    day = periods.open_day(document.company, on or document.company.today())
    for row in bad_debts(document):
        part = min(amount, row.left)
        if part > 0:
            take_back(document, row, part, on=day, reason=_("paid late"), by=by)
            amount -= part
