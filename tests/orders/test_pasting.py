"""Pasted blocks: code and quantity in any order, other words or none, and what a customer calls things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders import part_numbers, pasting
from orders.planners import pasting as planner
from tests import builders as make

KNOWN = {"22423", "85123A", "TEE-M", "12", "PACK 12"}


@pytest.mark.parametrize(("line", "code", "quantity", "rest"), [
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
    ("0 22423", "22423", 1, "0"),
])
def test_a_line_is_read_whatever_the_order(line, code, quantity, rest):
    (pasted,) = planner.split(line)
    read = planner.read(pasted, KNOWN)

    assert (read.code, read.quantity, read.rest) == (code, quantity, rest)


@given(st.permutations(["85123A", "7", "heart holder", ""]), st.sampled_from(["\t", ";", " | "]))
def test_cells_may_come_in_any_order(cells, separator):
    (line,) = planner.split(separator.join(cells))

    read = planner.read(line, KNOWN)

    assert (read.code, read.quantity, read.rest) == ("85123A", 7, "heart holder")


@given(st.text())
def test_no_text_is_too_strange_to_read(text):
    for line in planner.split(text):
        assert planner.read(line, KNOWN).quantity >= 1


@pytest.mark.django_db
def test_a_block_matches_codes_part_numbers_and_barcodes_and_suggests_for_the_rest():
    customer = make.customer()
    for code in ("TEE-M", "MUG-RED", "MUG-BLUE"):
        make.sku(code)
    part_numbers.remember(customer, "X 1", make.sku("TEE-M"))

    found = pasting.read_block(customer, "TEE-M 2\n\n3\tX 1\n4 mug\nnonsense 5\n")

    assert [(each.read.number, each.sku and each.sku.code, each.read.quantity) for each in found] == [
        (1, "TEE-M", 2), (3, "TEE-M", 3), (4, None, 4), (5, None, 5)]
    assert [[sku.code for sku in each.suggestions] for each in found[2:]] == [["MUG-BLUE", "MUG-RED"], []]


@pytest.mark.django_db
def test_what_a_customer_calls_a_thing_is_remembered_for_them_alone():
    customer = make.customer()
    part_numbers.remember(customer, "the red  mug", make.sku("MUG-RED"))
    part_numbers.remember(customer, "the red mug", make.sku("MUG-BLUE"))

    (found,) = pasting.read_block(customer, "2 x the red mug")
    (other,) = pasting.read_block(make.customer("C-2"), "2 x the red mug")

    assert (found.sku.code, found.read.quantity) == ("MUG-BLUE", 2)
    assert other.sku is None
