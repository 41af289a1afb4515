"""Letters to customers: what stands on quotes, confirmations, invoices and statements alike."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from oms.core import money
from oms.core.models import Company
from oms.core.money_text import display, grouped
from oms.printing import letterheads, rendering
from oms.printing.barcodes import Bars, Matrix
from oms.printing.letterheads import Letterhead
from orders import taxing
from orders.models import Customer, OrderLine

Facts = list[tuple[str, str]]


LETTER_MM = 170  # across a letter between its margins


@dataclass(frozen=True)
class Paper:
    """What stands on a letter to a customer: parties, facts, lines, totals, what is said below, a code."""

    title: str
    number: str
    letterhead: Letterhead
    language: str
    recipient: list[str]
    facts: Facts
    lines: list[dict[str, str]]
    taxes: list[dict[str, str]]
    net: str
    tax: str
    gross: str
    notes: list[str]
    elsewhere: Facts = field(default_factory=list)
    bars: Bars | Matrix | None = None


def render(template: str, paper: Paper, *, archive: bool = False) -> bytes:
    """A letter as a PDF, under its company's logo."""
    head = paper.letterhead
    return rendering.render(
        template,
        {"paper": paper},
        assets={head.logo_name: head.logo} if head.logo else {},
        archive=archive,
    )


def digits(day: Any) -> str:
    """A day as papers show it; nothing for none."""
    return day.isoformat() if day else ""


def recipient(address: dict[str, str], vat_number: str) -> list[str]:
    """The lines of an address, and the VAT number below it."""
    place = f"{address.get('postal_code', '')} {address.get('city', '')}".strip()
    lines = [
        address.get("name", ""),
        address.get("street", ""),
        place,
        address.get("region", ""),
        address.get("country", ""),
        gettext("VAT number %(value)s") % {"value": vat_number} if vat_number else "",
    ]
    return [line for line in lines if line]


def tax_notes(lines: Sequence[Any]) -> list[str]:
    return sorted({taxing.translated(line.tax_note) for line in lines if line.tax_note})


def line_cells(line: Any, description: str, quantity: int, currency: str) -> dict[str, str]:
    price = getattr(line, "unit_price", None)
    return {
        "description": description,
        "quantity": str(quantity) if quantity else "",
        "unit_price": grouped(line.net if price is None else price, currency),
        "discount": _discount(line, quantity, currency),
        "tax": f"{line.tax_percent.normalize():f} %",
        "net": grouped(line.net, currency),
    }


def _discount(line: Any, quantity: int, currency: str) -> str:
    """What is off a line: its own percentage, and what its share of the order's discount comes to."""
    order_line = line if isinstance(line, OrderLine) else getattr(line, "order_line", None)
    if order_line is None or not quantity:
        return ""
    own = line.discount_percent
    with_tax = order_line.order.prices_include_tax
    full = money.round_amount(line.unit_price * quantity * (100 - own) / 100, currency)
    rest = full - (line.gross if with_tax else line.net)
    told = ([f"−{own.normalize():f} %"] if own else []) + (
        [f"−{grouped(rest, currency)}"] if rest > 0 else []
    )
    return ", ".join(told)


def sums(document: Any, lines: Sequence[Any]) -> dict[str, Any]:
    """The totals of a document, and its tax by rate."""
    currency = document.currency
    return {
        "net": display(document.net, currency),
        "tax": display(document.tax, currency),
        "gross": display(document.gross, currency),
        "taxes": [
            {
                "percent": f"{group.percent:f} %",
                "base": display(group.net, currency),
                "tax": display(group.tax, currency),
            }
            for group in taxing.tax_groups(lines)
        ],
    }


def language_of(customer: Customer, company: Company) -> AbstractContextManager[object]:
    """Write texts of documents in the language of who reads them, whoever issues them."""
    return translation.override(letterheads.language(company, customer.language))
