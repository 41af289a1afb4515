"""Pasted blocks as order lines: what each line means for a customer."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core.errors import Refused
from oms.core.models.words import with_words
from orders.models import Customer
from orders.part_numbers import skus_of
from orders.planners import pasting
from orders.planners.pasting import Read

SUGGESTIONS, MOST_SUGGESTED = 5, 50


@dataclass(frozen=True)
class PastedLine:
    """A line of the block: its SKU, or what might be meant."""

    read: Read
    sku: SKU | None
    suggestions: tuple[SKU, ...] = ()


def read_block(customer: Customer, text: str) -> list[PastedLine]:
    """The order lines of a block, those that match nothing with suggestions by their words.

    Raises Refused for more lines than an order can have been meant to have.
    """
    lines = pasting.split(text)
    if len(lines) > pasting.MOST_LINES:
        raise Refused(_("The block has %(lines)s lines; paste at most %(MOST_LINES)s at once.")
                      % {"lines": len(lines), "MOST_LINES": pasting.MOST_LINES}, field="text")
    skus = skus_of((token for line in lines for token in line.tokens), customer)
    found = [pasting.read(line, skus) for line in lines]
    aliases = skus_of((each.rest for each in found if each.code is None and each.rest), customer)
    return list(_with_suggestions((each, skus.get(each.code or "") or aliases.get(each.rest)) for each in found))


def _with_suggestions(found: Iterable[tuple[Read, SKU | None]]) -> Iterable[PastedLine]:
    unmatched = 0
    for each, sku in found:
        unmatched += sku is None
        suggested = _suggested(each) if sku is None and unmatched <= MOST_SUGGESTED else ()
        yield PastedLine(each, sku, suggested)


def _suggested(line: Read) -> tuple[SKU, ...]:
    """SKUs with all of a line's words, else with its longest."""
    sellable = SKU.objects.filter(is_sellable=True).order_by("code")
    longest = max(line.rest.split(), key=len, default="")
    for words in (line.rest, longest):
        rows = tuple(with_words(sellable, words)[:SUGGESTIONS])
        if rows:
            return rows
    return ()
