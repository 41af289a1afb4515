from decimal import Decimal as D

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from oms.core import money, money_text
from orders.planners import taxes

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
    shares = money.spread(D("10.00"), [D(1)] * 3, "EUR")

    assert shares == [D("3.34"), D("3.33"), D("3.33")]


def test_whole_numbers_are_spread_as_well():
    assert money.spread(5, [D(1), D(1)], "JPY") == [D(3), D(2)]


def test_round_half_up_at_minor_units():
    assert money.round_amount(D("2.345"), "EUR") == D("2.35")
    assert money.round_amount(D("2.5"), "JPY") == D(3)


def test_display_groups_and_names_the_currency():
    assert money_text.display(D("1234.5"), "EUR") == "1,234.50 EUR"


def test_amounts_are_written_as_the_language_writes_numbers():
    with translation.override("de"):
        assert money_text.display(D("-1234567.5"), "EUR") == "-1.234.567,50 EUR"
        assert money_text.grouped(D("0.1255"), "EUR") == "0,1255"
    assert money_text.display(D("1234.5"), "KWD") == "1,234.500 KWD"


@pytest.mark.parametrize("includes_tax", [False, True])
@pytest.mark.parametrize("per_line", [False, True])
def test_what_rounds_to_nothing_is_never_minus_zero(includes_tax, per_line):
    """A document's hash covers amounts as text; the database gives -0 back as 0."""
    [taxed] = taxes.compute(
        [taxes.Taxable(D("-0.01"), D(20))],
        includes_tax=includes_tax,
        per_line=per_line,
        currency="EUR",
    )

    assert str(taxed.tax) == "0.00"
    assert str(money.round_amount(D("-0.004"), "GBP")) == "0.00"
    assert [str(share) for share in money.spread(D("-0.01"), [D(1), D(0)], "GBP")] == [
        "-0.01",
        "0.00",
    ]
