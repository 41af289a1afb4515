"""A customer's account on paper."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from oms.core import money
from oms.core.money_text import display, grouped
from oms.printing import letterheads
from orders import letters, order_entry
from orders.accounting.receivables import Statement
from orders.letters import Paper


def statement_lines(statement: Statement) -> list[dict[str, str]]:
    """A statement as its page and its letter show it, the balance brought forward first."""

    def show(amount: Any) -> str:
        return grouped(money.round_amount(amount, statement.currency), statement.currency)

    before = {
        "day": statement.since.isoformat(),
        "text": gettext("Balance brought forward"),
        "balance": show(statement.before),
    }
    return [before] + [
        {
            "day": entry.day.isoformat(),
            "text": str(entry.text),
            "number": entry.number,
            "due": letters.digits(entry.due_on),
            "amount": show(entry.amount),
            "balance": show(entry.balance),
        }
        for entry in statement.entries
    ]


def print_statement(statement: Statement) -> bytes:
    """A customer's account as a letter."""
    customer, company = statement.customer, statement.company
    billing, _shipping = order_entry.addresses(customer)
    with letters.language_of(customer, company):
        total = display(
            money.round_amount(statement.balance, statement.currency), statement.currency
        )
        paper = Paper(
            title=gettext("Statement"),
            number=customer.code,
            letterhead=letterheads.letterhead(company),
            language=translation.get_language(),
            recipient=letters.recipient(billing or {"name": customer.name}, customer.vat_number),
            facts=[
                (gettext("Date"), statement.until.isoformat()),
                (gettext("Customer"), customer.code),
                (
                    "",
                    gettext("From %(start)s to %(end)s")
                    % {"start": statement.since, "end": statement.until},
                ),
            ],
            lines=statement_lines(statement),
            taxes=[],
            net="",
            tax="",
            gross=total,
            notes=[],
        )
        return letters.render("statement", paper)
