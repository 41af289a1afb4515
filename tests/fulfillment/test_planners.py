import itertools
from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.planners import pick_path
from fulfillment.planners.cartons import Box, Item, suggest
from fulfillment.planners.pick_path import Floor, Stop, distance, route
from fulfillment.planners.service import Offer, choose
from fulfillment.planners.waves import Candidate, batch

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


@given(st.lists(spots, min_size=1, max_size=6))
@settings(max_examples=60)
def test_route_is_as_short_as_brute_force_finds(places):
    walk = route(stops(places), FLOOR)

    assert walk.total == shortest(places)
    assert sorted(walk.keys) == list(range(len(places)))


@given(st.lists(spots, min_size=12, max_size=40, unique=True))
@settings(max_examples=25, deadline=None)
def test_long_routes_visit_all_and_beat_the_nearest_neighbour(places):
    walk = route(stops(places), FLOOR)

    nodes = [FLOOR.start, *sorted(set(places))]
    matrix = [[distance(a, b, FLOOR.depth) for b in nodes] for a in nodes]
    greedy = pick_path._nearest_neighbour(matrix)
    assert walk.total <= pick_path._length([*greedy, 0], matrix)
    assert sorted(walk.keys) == list(range(len(places)))


def test_distance_goes_over_the_nearer_cross_aisle():
    assert distance((0, 100), (300, 200), 2000) == 600
    assert distance((0, 1900), (300, 1800), 2000) == 600
    assert distance((0, 100), (0, 900), 2000) == 800


def test_the_smallest_box_that_holds_it_all_is_taken():
    boxes = [Box(1, (200, 200, 100), 100, 5000), Box(2, (400, 300, 300), 300, 10000)]

    assert suggest([Item(7, 2, (100, 100, 50), 200)], boxes)[0].box == 1
    (parcel,) = suggest([Item(7, 2, (100, 100, 50), 200), Item(8, 1, (390, 200, 200), 900)], boxes)
    assert (parcel.box, parcel.keys, parcel.weight_g) == (2, (7, 8), 1600)


def test_what_fits_no_box_becomes_a_parcel_without_one():
    assert suggest([Item(7, 1, (900, 900, 900), 200)], [Box(1, (200, 200, 100), 100, 5000)])[0].box is None


def test_the_cheapest_service_within_the_promise_is_chosen():
    slow, fast = Offer(1, "slow", D("3"), D(5)), Offer(2, "fast", D("9"), D(1))

    assert choose([slow, fast], None).offer == slow
    assert choose([slow, fast], 2).offer == fast
    assert choose([slow], 2).reason == "none is within 2 days; this is the fastest"
    assert choose([], 2).offer is None


def test_waves_begin_with_the_urgent_and_keep_to_few_aisles():
    candidates = [Candidate(1, 100, 2, frozenset({0})), Candidate(2, 10, 2, frozenset({900})),
                  Candidate(3, 100, 2, frozenset({900})), Candidate(4, 100, 2, frozenset({0}))]

    assert batch(candidates, max_shipments=2, max_stops=10) == [[2, 3], [1, 4]]
