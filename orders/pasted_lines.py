"""Pasted blocks as order lines: what each line means for a customer."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Func, Value
from django.db.models.functions import Trim, Upper
from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core.errors import Refused
from oms.core.models.word_search import with_words
from orders.models import Customer
from orders.part_numbers import skus_of
from orders.planners import pasting
from orders.planners.pasting import Item, Pasted, Read

SUGGESTIONS, MOST_SUGGESTED = 5, 50


@dataclass(frozen=True)
class PastedLine:
    """A line of the block: its SKU, or what might be meant."""

    read: Read
    sku: SKU | None
    suggestions: tuple[SKU, ...] = ()


@dataclass(frozen=True)
class Block:
    """What a block asks for, and the lines that are not order lines: greetings, headings, contacts, a signature."""

    lines: list[PastedLine]
    skipped: list[Read]


def read_block(customer: Customer, text: str) -> Block:
    """Read the order lines of a block; those that match nothing come with suggestions by their words.

    Raises Refused for more lines than an order can have been meant to have.
    """
    lines = pasting.split(text)
    if len(lines) > pasting.MOST_LINES:
        raise Refused(
            _("You pasted %(lines)s lines. Paste up to %(MOST_LINES)s at a time.")
            % {"lines": len(lines), "MOST_LINES": pasting.MOST_LINES},
            field="text",
        )
    skus = skus_of((token for line in lines for token in line.tokens), customer)
    named = _skus_by_name(line for line in lines if not any(token in skus for token in line.tokens))
    items = {token: Item(sku.code, sku.name) for token, sku in {**skus, **named}.items()}
    found = [pasting.read(line, skus, items) for line in lines]
    aliases = skus_of((each.rest for each in found if each.code is None and each.rest), customer)
    by_code = {sku.code: sku for sku in [*skus.values(), *named.values()]}
    meant = [(each, by_code.get(each.code or "") or aliases.get(each.rest)) for each in found]
    letter = pasting.lines_of_letter(each for each, sku in meant if sku is None)
    return Block(
        list(_with_suggestions((each, sku) for each, sku in meant if each.number not in letter)),
        [each for each in found if each.number in letter],
    )


def _skus_by_name(lines: Iterable[Pasted]) -> dict[str, SKU]:
    """SKUs by their names, of those that only one has."""
    phrases = {phrase for line in lines for phrase in line.phrases}
    if not phrases:
        return {}
    rows: dict[str, list[SKU]] = {}
    single_blanks = Func(
        F("name"), Value(r"\s+"), Value(" "), Value("g"), function="regexp_replace"
    )
    sellable = SKU.objects.filter(is_sellable=True).alias(upper=Upper(Trim(single_blanks)))
    for sku in sellable.filter(upper__in=phrases):
        rows.setdefault(pasting.comparable(sku.name), []).append(sku)
    return {name: same[0] for name, same in rows.items() if len(same) == 1}


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
