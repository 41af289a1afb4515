"""What customers owe: by age as of any day, and their statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.models import Company
from oms.core.money import ZERO
from oms.core.named_rows import named
from oms.core.wording import Words
from orders.accounting.models import Invoice, Payment, Refund, WriteOff
from orders.models import Customer

BUCKETS = {
    "not_due": "not due",
    "days_1_to_30": "1 to 30 days",
    "days_31_to_60": "31 to 60 days",
    "days_61_to_90": "61 to 90 days",
    "days_over_90": "over 90 days",
    "on_account": "on account",
}
# In the language of who reads the statement, so not the names of the admin.
TITLES = {
    Invoice.Kind.INVOICE: _("Invoice"),
    Invoice.Kind.DEPOSIT: _("Deposit invoice"),
    Invoice.Kind.CREDIT: _("Credit note"),
}
# Open items as of a day. An application counts from the later of both its documents' days on; what is paid of an
# invoice in installments covers the first ones first; credit notes and payments with something left stand on account.
ITEMS = """
    WITH used AS (
        SELECT a.invoice_id, a.payment_id, a.credit_id, a.amount
        FROM orders_paymentapplication a JOIN orders_invoice i ON i.id = a.invoice_id
        LEFT JOIN orders_payment p ON p.id = a.payment_id LEFT JOIN orders_invoice n ON n.id = a.credit_id
        LEFT JOIN orders_writeoff w ON w.id = a.write_off_id
        WHERE i.company_id = %(company)s
          AND greatest(i.issued_on, p.paid_on, n.issued_on, w.booked_on, a.booked_on) <= %(until)s::date),
    back AS (
        SELECT r.payment_id, r.credit_id, r.amount FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        WHERE p.company_id = %(company)s AND r.status <> 'failed' AND r.booked_on <= %(until)s::date),
    parts AS (
        SELECT i.id, i.customer_id, i.currency, i.number, coalesce(t.due_on, i.due_on) AS due_on,
               coalesce(t.amount, i.gross) AS amount,
               sum(coalesce(t.amount, i.gross)) OVER (PARTITION BY i.id ORDER BY t.due_on, t.id) AS so_far,
               coalesce((SELECT sum(amount) FROM used u WHERE u.invoice_id = i.id), 0) AS paid
        FROM orders_invoice i LEFT JOIN orders_installment t ON t.invoice_id = i.id
        WHERE i.company_id = %(company)s AND i.status = 'issued' AND i.kind <> 'credit'
          AND i.issued_on <= %(until)s::date)
    SELECT customer_id, currency, number, due_on, least(amount, greatest(so_far - paid, 0)) AS open FROM parts
    UNION ALL
    SELECT i.customer_id, i.currency, i.number, NULL,
           -(i.gross - coalesce((SELECT sum(amount) FROM used u WHERE u.credit_id = i.id), 0)
             - coalesce((SELECT sum(amount) FROM back b WHERE b.credit_id = i.id), 0))
    FROM orders_invoice i WHERE i.company_id = %(company)s AND i.status = 'issued' AND i.kind = 'credit'
      AND i.issued_on <= %(until)s::date
    UNION ALL
    SELECT p.customer_id, p.currency, p.number, NULL,
           -(p.captured - coalesce((SELECT sum(amount) FROM used u WHERE u.payment_id = p.id), 0)
             - coalesce((SELECT sum(amount) FROM back b WHERE b.payment_id = p.id AND b.credit_id IS NULL), 0)
             - coalesce((SELECT sum(amount) FROM orders_writeoff w WHERE w.payment_id = p.id
                         AND w.booked_on <= %(until)s::date), 0))
    FROM orders_payment p WHERE p.company_id = %(company)s AND p.paid_on <= %(until)s::date"""
_AGE = "%(until)s::date - due_on"
AGED = f"""
    SELECT c.code AS customer, c.name AS customer_name,
           sum(open) FILTER (WHERE {_AGE} <= 0) AS not_due,
           sum(open) FILTER (WHERE {_AGE} BETWEEN 1 AND 30) AS days_1_to_30,
           sum(open) FILTER (WHERE {_AGE} BETWEEN 31 AND 60) AS days_31_to_60,
           sum(open) FILTER (WHERE {_AGE} BETWEEN 61 AND 90) AS days_61_to_90,
           sum(open) FILTER (WHERE {_AGE} > 90) AS days_over_90,
           sum(open) FILTER (WHERE due_on IS NULL) AS on_account, sum(open) AS amount, x.currency
    FROM ({ITEMS}) x JOIN orders_customer c ON c.id = x.customer_id
    WHERE open <> 0 GROUP BY c.code, c.name, x.currency ORDER BY x.currency, c.code"""
# The same sums by another way: the heads of the documents, whatever was applied to what.
BALANCES = """
    SELECT currency, NULL::bigint AS documents, sum(amount) AS amount FROM (
        SELECT currency, CASE kind WHEN 'credit' THEN -gross ELSE gross END AS amount FROM orders_invoice
        WHERE company_id = %(company)s AND status = 'issued' AND issued_on <= %(until)s::date
        UNION ALL SELECT currency, -captured FROM orders_payment
        WHERE company_id = %(company)s AND paid_on <= %(until)s::date
        UNION ALL SELECT p.currency, r.amount FROM orders_refund r JOIN orders_payment p ON p.id = r.payment_id
        WHERE p.company_id = %(company)s AND r.status <> 'failed' AND r.booked_on <= %(until)s::date
        UNION ALL SELECT i.currency, -w.amount FROM orders_writeoff w JOIN orders_invoice i ON i.id = w.invoice_id
        WHERE i.company_id = %(company)s AND w.booked_on <= %(until)s::date
        UNION ALL SELECT p.currency, w.amount FROM orders_writeoff w JOIN orders_payment p ON p.id = w.payment_id
        WHERE p.company_id = %(company)s AND w.booked_on <= %(until)s::date) x
    GROUP BY currency HAVING sum(amount) <> 0"""


# As of today the open amounts stand on the documents themselves, which an index finds.
_NOW = "SELECT * FROM reporting.open_items WHERE company_id = %(company)s"
_AGED_NOW = AGED.replace(ITEMS, _NOW)


@dataclass(frozen=True)
class Aged:
    """What a customer owes in a currency, by how long it is due; `on account` is what they have to their credit."""

    code: str
    name: str
    amounts: list[Decimal]
    total: Decimal
    currency: str


def aged(company: Company, as_of: date) -> list[Aged]:
    """Receivables by customer and currency as of a day, in the order of BUCKETS."""
    with connection.cursor() as cursor:
        cursor.execute(
            AGED if as_of < company.today() else _AGED_NOW, {"company": company.pk, "until": as_of}
        )
        return [
            Aged(
                row["customer"],
                row["customer_name"],
                [row[name] or ZERO for name in BUCKETS],
                row["amount"],
                row["currency"],
            )
            for row in named(cursor)
        ]


@dataclass(frozen=True)
class Entry:
    """A line of a statement: what it adds to what the customer owes, and the balance after it."""

    day: date
    text: Words
    number: str
    due_on: date | None
    amount: Decimal
    balance: Decimal


@dataclass(frozen=True)
class Statement:
    """A customer's account in a currency over a period: the balance brought forward, and each document."""

    customer: Customer
    company: Company
    currency: str
    since: date
    until: date
    before: Decimal
    entries: list[Entry]

    @property
    def balance(self) -> Decimal:
        return self.entries[-1].balance if self.entries else self.before


def statement(
    customer: Customer, company: Company, since: date, until: date, currency: str = ""
) -> Statement:
    """A customer's account by the days of its documents."""
    currency = currency or customer.currency
    moves = sorted(_moves(customer, company, currency, until), key=lambda move: move[0])
    balance = sum((move[4] for move in moves if move[0] < since), ZERO)
    before, entries = balance, []
    for day, text, number, due_on, amount in moves:
        if day >= since:
            balance += amount
            entries.append(Entry(day, text, number, due_on, amount, balance))
    return Statement(customer, company, currency, since, until, before, entries)


Move = tuple[date, Words, str, date | None, Decimal]


def _moves(customer: Customer, company: Company, currency: str, until: date) -> Iterable[Move]:
    own = {"customer": customer, "company": company, "currency": currency}
    for document in Invoice.objects.filter(
        status=Invoice.Status.ISSUED, issued_on__lte=until, **own
    ).order_by("pk"):
        assert document.issued_on is not None
        yield (
            document.issued_on,
            TITLES[Invoice.Kind(document.kind)],
            str(document.number),
            None if document.sign < 0 else document.due_on,
            document.sign * document.gross,
        )
    for payment in Payment.objects.filter(
        status=Payment.Status.CAPTURED, paid_on__lte=until, **own
    ):
        assert payment.paid_on is not None
        yield payment.paid_on, _("Payment"), str(payment.number), None, -payment.captured
    refunds = Refund.objects.filter(
        payment__customer=customer, payment__company=company, payment__currency=currency
    )
    for refund in (
        refunds.exclude(status=Refund.Status.FAILED)
        .filter(booked_on__lte=until)
        .select_related("payment")
    ):
        text = {
            Refund.Kind.RETURNED: _("Returned payment"),
            Refund.Kind.MOVED: _("Moved payment"),
        }.get(Refund.Kind(refund.kind), _("Refund"))
        yield refund.booked_on, text, str(refund.payment.number), None, refund.amount
    of_customer = Q(
        invoice__customer=customer, invoice__company=company, invoice__currency=currency
    )
    of_payment = Q(payment__customer=customer, payment__company=company, payment__currency=currency)
    given_up = WriteOff.objects.filter(of_customer | of_payment, booked_on__lte=until)
    for row in given_up.select_related("invoice", "payment"):
        number = str((row.invoice or row.payment).number)  # type: ignore[union-attr]
        text = _("Written off") if row.reverses_id is None else _("Write-off reversed")
        yield row.booked_on, text, number, None, row.amount if row.payment else -row.amount


def default_period(company: Company) -> tuple[date, date]:
    """From the first of the month before last until today."""
    today = company.today()
    first = today.replace(day=1)
    for _months in range(2):
        first = (first - timedelta(days=1)).replace(day=1)
    return first, today
