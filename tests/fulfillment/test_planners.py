import functools
import itertools
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.carriers.planners.service import Offer, choose
from fulfillment.planners.cartons import Box, Item, suggest
from fulfillment.planners.pick_path import Floor, Stop, Walk, distance, route

FLOOR = Floor(depth=2000)
spots = st.tuples(st.sampled_from([0, 300, 600, 900]), st.integers(0, 20).map(lambda n: n * 100))


def stops(places):
    return [Stop(key, x, y) for key, (x, y) in enumerate(places)]


def shortest(places):
    """By brute force over all orders."""
    best = None
    for order in itertools.permutations(set(places)):
        tour = [FLOOR.start, *order, FLOOR.start]
        length = sum(distance(a, b, FLOOR.depth) for a, b in itertools.pairwise(tour))
        best = length if best is None or length < best else best
    return best


def held_karp(places):
    """The shortest round over all places by Held and Karp (1962), in 2^n steps."""

    @functools.cache
    def rest(here, left):
        if not left:
            return distance(here, places[0], FLOOR.depth)
        return min(
            distance(here, place, FLOOR.depth) + rest(place, left - {place}) for place in left
        )

    return rest(places[0], frozenset(places[1:]))


@given(st.lists(spots, min_size=1, max_size=6))
@settings(max_examples=60)
def test_route_is_as_short_as_brute_force_finds(places):
    walk = route(stops(places), FLOOR)

    assert walk.total == shortest(places)
    assert sorted(walk.keys) == list(range(len(places)))


@given(
    st.lists(spots, min_size=7, max_size=10, unique=True),
    st.sampled_from([(0, 0), (600, 0), (300, 900)]),
)
@settings(max_examples=30, deadline=None)
def test_route_is_as_short_as_dynamic_programming_over_all_subsets(places, start):
    walk = route(stops(places), Floor(FLOOR.depth, start))

    assert walk.total == held_karp([start, *(place for place in places if place != start)])


@given(
    st.lists(
        st.tuples(st.integers(0, 30).map(lambda n: n * 250), st.integers(0, 2000)),
        min_size=100,
        max_size=300,
    )
)
@settings(max_examples=10, deadline=None)
def test_long_routes_visit_all_and_their_legs_add_up(places):
    walk = route(stops(places), FLOOR)

    tour = [FLOOR.start, *(places[key] for key in walk.keys), FLOOR.start]
    assert sorted(walk.keys) == list(range(len(places)))
    assert walk.total == sum(distance(a, b, FLOOR.depth) for a, b in itertools.pairwise(tour))
    assert sum(walk.legs) == walk.total - distance(tour[-2], FLOOR.start, FLOOR.depth)


def test_a_row_of_bins_without_depth_and_an_empty_wave_have_a_walk():
    assert route([Stop(1, 300, 0), Stop(2, 900, 0)], Floor(0)).total == 1800
    assert route([], FLOOR) == Walk((), (), 0)


def test_a_stop_outside_the_aisles_is_refused():
    with pytest.raises(ValueError, match=r"\(300, 2100\) lies outside"):
        route([Stop(1, 300, 2100)], FLOOR)


def test_distance_goes_over_the_nearer_cross_aisle():
    assert distance((0, 100), (300, 200), 2000) == 600
    assert distance((0, 1900), (300, 1800), 2000) == 600
    assert distance((0, 100), (0, 900), 2000) == 800


def test_the_smallest_box_that_holds_it_all_is_taken():
    boxes = [Box(1, (200, 200, 100), 100, 5000), Box(2, (400, 300, 300), 300, 10000)]

    assert suggest([Item(7, 2, (100, 100, 50), 200)], boxes)[0].box == 1
    (parcel,) = suggest([Item(7, 2, (100, 100, 50), 200), Item(8, 1, (390, 200, 200), 900)], boxes)
    assert (parcel.box, parcel.contents, parcel.weight_g) == (2, ((7, 2), (8, 1)), 1600)


def test_what_fits_no_box_becomes_a_parcel_without_one():
    assert (
        suggest([Item(7, 1, (900, 900, 900), 200)], [Box(1, (200, 200, 100), 100, 5000)])[0].box
        is None
    )


def test_the_cheapest_service_within_the_promise_is_chosen():
    slow, fast = Offer(1, "slow", D("3"), D(5)), Offer(2, "fast", D("9"), D(1))

    assert choose([slow, fast], None).offer == slow
    assert choose([slow, fast], 2).offer == fast
    assert choose([slow], 2).reason == "none is within 2 days; this is the fastest"
    assert choose([], 2).offer is None
