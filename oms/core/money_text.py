"""Amounts as people read them, in their language."""

from decimal import Decimal

from django.utils.formats import number_format

from oms.core.money import minor_units


class Amount(str):
    """An amount as people read it, which still knows its value and currency: a spreadsheet adds it up."""

    value: Decimal
    currency: str

    def __new__(cls, text: str, value: Decimal, currency: str) -> "Amount":
        """The text of an amount, with what it was made of."""
        made = super().__new__(cls, text)
        made.value, made.currency = value, currency
        return made

    @property
    def places(self) -> int:
        """Decimal places: the currency's, and more where they count."""
        return _places(self.value, self.currency)


def display(amount: Decimal, currency: str) -> Amount:
    """An amount for people: grouped, at the currency's minor units, with its code."""
    return Amount(f"{grouped(amount, currency)} {currency}", amount, currency)


def grouped(amount: Decimal, currency: str) -> Amount:
    """An amount or a price for people, as their language writes numbers, without its code.

    More places than the currency has only where they count.
    """
    text = str(number_format(amount, decimal_pos=_places(amount, currency), force_grouping=True))
    return Amount(text, amount, currency)


def _places(amount: Decimal, currency: str) -> int:
    return max(minor_units(currency), -int(amount.normalize().as_tuple().exponent))
