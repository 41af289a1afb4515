from decimal import Decimal

from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from oms.core import money

amounts = st.decimals("-99999", "99999", places=2)


weights = st.lists(st.decimals("0", "999", places=2), min_size=1, max_size=9)


@given(amounts, weights, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_spread_adds_up_to_the_whole(whole, weights, currency):
    whole = money.round_amount(whole, currency)

    assert sum(money.spread(whole, weights, currency)) == whole


@given(amounts, st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_parts_of_any_cut_add_up_to_the_whole(whole, cuts):
    quantity, before, parts = sum(cuts), 0, []
    for cut in cuts:
        parts.append(money.part(whole, quantity, before, before + cut, "EUR"))
        before += cut

    assert sum(parts) == whole


def test_spread_gives_the_rest_to_the_largest_remainders():
    shares = money.spread(Decimal("10.00"), [Decimal(1)] * 3, "EUR")

    assert shares == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]


def test_round_half_up_at_minor_units():
    assert money.round_amount(Decimal("2.345"), "EUR") == Decimal("2.35")
    assert money.round_amount(Decimal("2.5"), "JPY") == Decimal(3)


def test_display_groups_and_names_the_currency():
    assert money.display(Decimal("1234.5"), "EUR") == "1,234.50 EUR"


def test_amounts_are_written_as_the_language_writes_numbers():
    with translation.override("de"):
        assert money.display(Decimal("-1234567.5"), "EUR") == "-1.234.567,50 EUR"
        assert money.grouped(Decimal("0.1255"), "EUR") == "0,1255"
    assert money.display(Decimal("1234.5"), "KWD") == "1,234.500 KWD"
