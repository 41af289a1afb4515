"""Pasted blocks: code and quantity in any order, other words or none, and what a customer calls things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import part_numbers, pasted_lines
from orders.planners import pasting as planner
from tests import builders as make

KNOWN = {"22423", "85123A", "TEE-M", "12", "PACK 12"}


@pytest.mark.parametrize(
    ("line", "code", "quantity", "rest"),
    [
        ("22423\t3", "22423", 3, ""),
        ("3\t22423\tREGENCY CAKESTAND", "22423", 3, "REGENCY CAKESTAND"),
        ("3 x 22423", "22423", 3, ""),
        ("22423, 3 pcs", "22423", 3, ""),
        ("22423;3", "22423", 3, ""),
        ("22423,300", "22423", 300, ""),
        ("- 22423 (x3) please", "22423", 3, "please"),
        ("22423 Cake stand 1,200", "22423", 1200, "Cake stand"),
        ("12pcs of TEE-M", "TEE-M", 12, ""),
        ("5 12", "12", 5, ""),
        ("12 22423", "22423", 12, ""),
        ("PACK 12\t7", "PACK 12", 7, ""),
        ("22423 3.00", "22423", 3, ""),
        ("22423", "22423", 1, ""),
        ("4 red mugs", None, 4, "red mugs"),
        ("99999 6", None, 6, "99999"),
        ("5x22423", "22423", 5, ""),
        ("22423*5", "22423", 5, ""),
        ("22423=5", "22423", 5, ""),
        ("1. 22423 3", "22423", 3, ""),
        ("22423 3 @ 2.50", "22423", 3, "@ 2.50"),
        ("22423\t3\t2.55", "22423", 3, "2.55"),
        ("22423 Stk. 4", "22423", 4, ""),
        ("22423 3,00", "22423", 3, ""),
    ],
)
def test_a_line_is_read_whatever_the_order(line, code, quantity, rest):
    (pasted,) = planner.split(line)
    read = planner.read(pasted, KNOWN)

    assert (read.code, read.quantity, read.rest) == (code, quantity, rest)


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("1.000 x 22423", "1.000"),
        ("22423 2.5", "2.5"),
        ("22423 2,5", "2,5"),
        ("-3 x 22423", "-3"),
        ("2 dozen 22423", "2 dozen"),
        ("22423 2 boxes", "2 boxes"),
        ("22423 two", "two"),
        ("22423 a dozen", "dozen"),
        ("22423 2-3", "2-3"),
        ("22423 1/2", "1/2"),
        ("22423 ~5", "~5"),
        ("22423 5k", "5k"),
        ("0 22423", "0"),
        ("22423 5012345678900", "5012345678900"),
        ("22423 9999999", "9999999"),
        ("22423 3 4", "3, 4"),
        ("3. 22423", "3."),
        ("22423 TEE-M 3", "TEE-M"),
        ("22423 2½", "2½"),
    ],
)
def test_what_is_not_plainly_a_count_is_marked_and_never_guessed(line, doubt):
    (pasted,) = planner.split(line)

    read = planner.read(pasted, KNOWN)

    assert (read.quantity, read.doubt) == (None, doubt)


@given(st.permutations(["85123A", "7", "heart holder", ""]), st.sampled_from(["\t", ";", " | "]))
def test_cells_may_come_in_any_order(cells, separator):
    (line,) = planner.split(separator.join(cells))

    read = planner.read(line, KNOWN)

    assert (read.code, read.quantity, read.rest) == ("85123A", 7, "heart holder")


@given(st.text())
def test_no_text_is_too_strange_to_read(text):
    for line in planner.split(text):
        assert (planner.read(line, KNOWN).quantity or 1) >= 1


@pytest.mark.django_db
def test_a_block_matches_codes_part_numbers_and_barcodes_and_suggests_for_the_rest():
    customer = make.customer()
    for code in ("TEE-M", "MUG-RED", "MUG-BLUE"):
        make.sku(code)
    part_numbers.remember(customer, "X 1", make.sku("TEE-M"))

    found = pasted_lines.read_block(customer, "TEE-M 2\n\n3\tX 1\n4 mug\nnonsense 5\n").lines

    assert [
        (each.read.number, each.sku and each.sku.code, each.read.quantity) for each in found
    ] == [(1, "TEE-M", 2), (3, "TEE-M", 3), (4, None, 4), (5, None, 5)]
    assert [[sku.code for sku in each.suggestions] for each in found[2:]] == [
        ["MUG-BLUE", "MUG-RED"],
        [],
    ]


@pytest.mark.django_db
def test_what_a_customer_calls_a_thing_is_remembered_for_them_alone():
    customer = make.customer()
    part_numbers.remember(customer, "the red  mug", make.sku("MUG-RED"))
    part_numbers.remember(customer, "the red mug", make.sku("MUG-BLUE"))

    (found,) = pasted_lines.read_block(customer, "2 x the red mug").lines
    (other,) = pasted_lines.read_block(make.customer("C-2"), "2 x the red mug").lines

    assert (found.sku.code, found.read.quantity) == ("MUG-BLUE", 2)
    assert other.sku is None


LETTER = """Hi Mary,

please send us the following:
Code\tQty
12 JUMBO BAG OWLS
SET OF 3 CAKE TINS x 4
22423 Regency cakestand 3 tier - 2 pcs
6 blue things

Delivery before 01/12/2026 please.
Kind regards
Anna Smith
Example Gifts Ltd
Tel. 020 7946 0958
anna@example.com
"""


@pytest.mark.django_db
def test_of_a_letter_the_items_are_read_and_the_letter_is_not():
    make.sku("85099F", name="Jumbo bag owls")
    make.sku("22720", name="SET OF 3  CAKE TINS")
    make.sku("22423", name="REGENCY CAKESTAND 3 TIER")

    block = pasted_lines.read_block(make.customer(), LETTER)

    assert [(each.sku and each.sku.code, each.read.quantity) for each in block.lines] == [
        ("85099F", 12),
        ("22720", 4),
        ("22423", 2),
        (None, 6),
        (None, None),
    ]
    assert [each.text for each in block.skipped] == [
        "Hi Mary,",
        "please send us the following:",
        "Code\tQty",
        "Kind regards",
        "Anna Smith",
        "Example Gifts Ltd",
        "Tel. 020 7946 0958",
        "anna@example.com",
    ]


@pytest.mark.django_db
def test_a_name_that_two_items_share_is_not_chosen():
    make.sku("A-1", name="Red mug")
    make.sku("A-2", name="Red mug")

    (line,) = pasted_lines.read_block(make.customer(), "3 red mug").lines

    assert (line.sku, line.read.quantity) == (None, 3)
    assert [sku.code for sku in line.suggestions] == ["A-1", "A-2"]
