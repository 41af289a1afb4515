"""Which cartons are suggested, and how lines spread over them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.planners.cartons import Box, Item, loose, suggest

BIG = Box(1, (600, 400, 400), 800, 25_000)
SMALL = Box(2, (300, 200, 200), 300, 10_000)


def kilo(units, key=7):
    return Item(key, units, (100, 100, 50), 1000)


def test_a_hundred_kilos_in_cartons_of_twenty_five_are_four_parcels():
    parcels = suggest([kilo(100)], [BIG])

    assert [(each.box, each.contents, each.weight_g) for each in parcels] == [
        (1, ((7, 25),), 25_800)
    ] * 4


def test_the_rest_of_a_line_joins_another_and_takes_the_smallest_carton():
    parcels = suggest([kilo(30), kilo(3, key=8)], [BIG, SMALL])

    assert [(each.box, each.contents) for each in parcels] == [
        (1, ((7, 25),)),
        (2, ((7, 5), (8, 3))),
    ]


def test_a_line_stays_whole_where_a_carton_takes_it_whole():
    assert [each.contents for each in suggest([kilo(20), kilo(20, key=8)], [BIG])] == [
        ((7, 20),),
        ((8, 20),),
    ]


@pytest.mark.parametrize(
    "huge", [Item(9, 2, (2000, 100, 100), 500), Item(9, 2, (10, 10, 10), 40_000)]
)
def test_a_unit_that_fits_no_carton_is_a_parcel_of_its_own_and_told(huge):
    parcels = sorted(
        (each.box or 0, each.contents) for each in suggest([huge, kilo(1)], [BIG, SMALL])
    )

    assert parcels == [(0, ((9, 1),)), (0, ((9, 1),)), (2, ((7, 1),))]
    assert (loose([huge, kilo(1)], [BIG, SMALL]), loose([huge], [])) == ([9], [])


def test_without_cartons_all_is_one_parcel_and_without_lines_none():
    assert [each.contents for each in suggest([kilo(3), kilo(2, key=8)], [])] == [((7, 3), (8, 2))]
    assert suggest([], [BIG]) == []


items = st.builds(
    Item,
    st.integers(1, 10**6),
    st.integers(1, 200),
    st.tuples(*[st.integers(0, 700)] * 3),
    st.integers(0, 30_000),
)


cartons = st.lists(st.sampled_from([BIG, SMALL]), unique=True)


@given(st.lists(items, max_size=6, unique_by=lambda item: item.key), cartons)
@settings(max_examples=60, deadline=None)
def test_every_unit_is_in_exactly_one_parcel_and_no_carton_is_too_full(lines, boxes):
    parcels, by_key = suggest(lines, boxes), {item.key: item for item in lines}

    packed = {}
    for key, units in (each for parcel in parcels for each in parcel.contents):
        packed[key] = packed.get(key, 0) + units
    assert packed == {item.key: item.quantity for item in lines}
    for parcel in parcels:
        box = next((box for box in boxes if box.key == parcel.box), None)
        grams = sum(units * by_key[key].weight_g for key, units in parcel.contents)
        assert parcel.weight_g == grams + (box.weight_g if box else 0)
        if box:
            assert grams <= box.max_weight_g
            assert (
                sum(units * by_key[key].volume for key, units in parcel.contents)
                <= 0.85 * box.volume
            )
