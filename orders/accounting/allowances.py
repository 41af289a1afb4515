"""Allowances that a credit note takes back, so that no more of an invoice or an order is credited than was billed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.core import money
from orders import taxing
from orders.accounting import deducting
from orders.accounting.deducting import Open
from orders.accounting.models import Invoice, InvoiceLine

Scope = Callable[[InvoiceLine], bool]


def taken_back(note: Invoice, lines: Sequence[InvoiceLine]) -> list[InvoiceLine]:
    """Lines that take allowances back for a note with these lines; the orders that it credits are locked.

    First come the allowances of the invoices that it credits, then those that were credited alone, also by the note;
    none of another VAT registration. Where allowances share the rates of the goods, each rate is limited by what was
    billed at it; then all of them.
    """
    by_order: dict[int, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        if line.order_key is not None:
            by_order[line.order_key].append(line)
    return [
        line
        for order, own in by_order.items()
        for line in _Account(own, _billed(order, note.registration)).take_back(note)
    ]


def _billed(order: int, registration: str) -> list[InvoiceLine]:
    """What was billed, or credited alone, of an order under a VAT registration."""
    rows = InvoiceLine.objects.filter(deducting.lines_of(order), corrects=None)
    found = rows.select_related("invoice__company", "charge").order_by("pk")
    return [line for line in found if line.invoice.registration == registration]


@dataclass
class _Allowance:
    """An allowance, what is left of it, and how much of that is taken back; both above zero."""

    line: InvoiceLine
    left: Open
    taken: Decimal = money.ZERO


class _Account:
    """What a note credits of an order's billed lines, and the allowances that it takes back."""

    def __init__(self, own: Sequence[InvoiceLine], billed: Sequence[InvoiceLine]) -> None:
        self.own, self.billed = own, billed
        self.left = deducting.open_amounts(billed)
        credited = {line.corrects_id for line in own}
        free = [line for line in billed if line.pk not in credited]
        self.on_invoices = [
            _Allowance(line, Open(-left.gross, -left.tax))
            for line in free
            if _is_on_invoice(line) and (left := self.left[line.pk]).gross < 0
        ]
        self.alone = [
            _Allowance(line, self.left[line.pk]) for line in free if not _is_on_invoice(line)
        ] + [_Allowance(line, Open(line.gross, line.tax)) for line in own if line.corrects is None]

    def take_back(self, note: Invoice) -> list[InvoiceLine]:
        """The lines that the note needs beside its own."""
        invoices = {
            line.corrects.invoice_id
            for line in self.own
            if line.corrects is not None and _is_on_invoice(line.corrects)
        }
        for key in sorted(invoices):
            self._limit_each_rate(_of_invoice(key), self.on_invoices)
        self._limit_each_rate(lambda line: True, self.alone + self.on_invoices)
        return [_share_of(note, each) for each in [*self.on_invoices, *self.alone] if each.taken]

    def _limit_each_rate(self, scope: Scope, allowances: Sequence[_Allowance]) -> None:
        """Limit what is credited of the billed lines in a scope: at each tax rate, and then in all."""
        if all(_has_rates_of_goods(each.line) for each in allowances):
            for rate in sorted({taxing.rate_of(line) for line in self.own}):
                self._limit(_at_rate(scope, rate), allowances)
        self._limit(scope, allowances)

    def _limit(self, scope: Scope, allowances: Sequence[_Allowance]) -> None:
        credited = self._credited(scope)
        excess = min(credited, credited - self._left(scope))
        for each in allowances:
            share = min(excess, each.left.gross - each.taken)
            if share > 0 and scope(each.line):
                each.taken += share
                excess -= share

    def _left(self, scope: Scope) -> Decimal:
        """What was billed in a scope and isn't credited yet."""
        return sum(
            (line.invoice.sign * self.left[line.pk].gross for line in self.billed if scope(line)),
            money.ZERO,
        )

    def _credited(self, scope: Scope) -> Decimal:
        """What the note credits in a scope, less what it takes back there."""
        given = sum((line.gross for line in self.own if scope(line.corrects or line)), money.ZERO)
        every = [*self.on_invoices, *self.alone]
        return given - sum((each.taken for each in every if scope(each.line)), money.ZERO)


def _of_invoice(key: int) -> Scope:
    return lambda line: line.invoice_id == key


def _at_rate(scope: Scope, rate: taxing.Rate) -> Scope:
    return lambda line: scope(line) and taxing.rate_of(line) == rate


def _is_on_invoice(line: InvoiceLine) -> bool:
    return line.invoice.kind == Invoice.Kind.INVOICE


def _has_rates_of_goods(line: InvoiceLine) -> bool:
    return line.charge is not None and taxing.has_rates_of_goods(line.invoice.company, line.charge)


def _share_of(note: Invoice, allowance: _Allowance) -> InvoiceLine:
    line, left = allowance.line, allowance.left
    gross = -allowance.taken
    tax = money.part(left.tax, left.gross, money.ZERO, gross, note.currency)
    return InvoiceLine(
        invoice=note,
        charge=line.charge,
        corrects=line,
        quantity=0,
        description=line.description,
        unit_price=gross - tax,
        gross=gross,
        tax=tax,
        net=gross - tax,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_note=line.tax_note,
    )
