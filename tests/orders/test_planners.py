from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.planners.prices import Offer, Rebate, choose_price, choose_rebate
from orders.planners.taxes import Taxable, compute

TODAY = date(2026, 5, 4)


def offer(price, minimum=1, own=False, valid_from=None, valid_to=None):
    return Offer(D(price), minimum, own, "test", valid_from, valid_to)


@pytest.mark.parametrize(
    "offers, quantity, price",
    [
        ([offer(10)], 1, 10),
        ([offer(10), offer(8, minimum=12)], 11, 10),
        ([offer(10), offer(8, minimum=12)], 12, 8),
        ([offer(8), offer(9, own=True)], 1, 9),
        ([offer(10), offer(5, valid_to=date(2026, 5, 3))], 1, 10),
        ([offer(10), offer(5, valid_from=TODAY, valid_to=TODAY)], 1, 5),
    ],
)
def test_choose_price(offers, quantity, price):
    assert choose_price(offers, quantity, TODAY).unit_price == price


def test_no_price_where_none_applies():
    assert choose_price([offer(10, minimum=5)], 4, TODAY) is None


def test_the_highest_rebate_wins_and_none_add_up():
    later = Rebate(D(9), "c", valid_from=date(2027, 1, 1))

    assert choose_rebate([Rebate(D(5), "a"), Rebate(D(7), "b"), later], TODAY).source == "b"


@pytest.mark.parametrize(
    "includes_tax, net, tax", [(False, "10.00", "2.00"), (True, "8.33", "1.67")]
)
def test_tax_exclusive_and_inclusive(includes_tax, net, tax):
    (line,) = compute(
        [Taxable(D("10.00"), D(20))], includes_tax=includes_tax, per_line=True, currency="EUR"
    )

    assert (line.net, line.tax) == (D(net), D(tax))


def test_rounding_per_document_rounds_once():
    lines = [Taxable(D("0.12"), D(20))] * 5

    per_line = sum(
        line.tax for line in compute(lines, includes_tax=False, per_line=True, currency="EUR")
    )
    per_document = sum(
        line.tax for line in compute(lines, includes_tax=False, per_line=False, currency="EUR")
    )

    assert (per_line, per_document) == (D("0.10"), D("0.12"))


@given(
    st.lists(
        st.tuples(
            st.decimals("-500", "500", places=2), st.sampled_from([D(0), D(5), D("19.6"), D(20)])
        ),
        max_size=12,
    ),
    st.booleans(),
    st.booleans(),
)
def test_parts_always_add_up(rows, includes_tax, per_line):
    taxed = compute(
        [Taxable(*row) for row in rows],
        includes_tax=includes_tax,
        per_line=per_line,
        currency="EUR",
    )

    for (amount, _), line in zip(rows, taxed, strict=True):
        assert (line.gross if includes_tax else line.net) == amount
