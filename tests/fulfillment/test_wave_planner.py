"""Waves by the walk that each shipment adds: beside the exact optimum, in time, and by who is urgent."""

import functools
import random
import time

import pytest

from fulfillment.planners.pick_path import Floor, Stop, length, route
from fulfillment.planners.waves import Candidate, Limits, batch

FLOOR = Floor(2000)


def orders(count, seed, *, aisles=10, lines=(1, 5), depth=2000):
    chance = random.Random(seed)
    return [
        Candidate(
            key,
            100,
            number,
            frozenset(
                (chance.randrange(aisles) * 300, chance.randrange(1, 20) * depth // 20)
                for _ in range(number)
            ),
        )
        for key, number in enumerate(chance.randint(*lines) for _ in range(count))
    ]


def walked(waves, candidates, floor=FLOOR):
    by_key = {each.key: each for each in candidates}
    return sum(
        length({spot for key in wave for spot in by_key[key].spots}, floor) for wave in waves
    )


def least(candidates, limits):
    """The shortest walks of all ways to share orders out, by dynamic programming over their subsets."""
    count, walks = len(candidates), {}
    for chosen in range(1, 1 << count):
        wave = [each for place, each in enumerate(candidates) if chosen >> place & 1]
        if limits.allow(wave):
            walks[chosen] = length({spot for each in wave for spot in each.spots}, FLOOR)

    @functools.cache
    def best(left):
        if not left:
            return 0
        first = left & -left
        rest = others = left ^ first
        found = []
        while True:
            if (others | first) in walks:
                found.append(walks[others | first] + best(rest ^ others))
            if not others:
                return min(found)
            others = (others - 1) & rest

    return best((1 << count) - 1)


@pytest.mark.parametrize("seed", range(40))
def test_few_orders_are_within_five_percent_of_the_exact_optimum(seed):
    chance = random.Random(seed + 999)
    limits = Limits(chance.randint(2, 6), chance.randint(6, 20))
    candidates = orders(
        12 if seed < 4 else chance.randint(4, 10),
        seed,
        aisles=chance.choice([3, 6, 10, 20]),
        lines=chance.choice([(1, 1), (1, 3), (1, 5), (3, 6)]),
    )

    waves = batch(candidates, FLOOR, limits)

    assert sorted(key for wave in waves for key in wave) == [each.key for each in candidates]
    assert all(limits.allow([candidates[key] for key in wave]) for wave in waves)
    assert walked(waves, candidates) <= 1.05 * least(candidates, limits)


def test_five_thousand_shipments_take_seconds_and_grow_about_linearly():
    floor, limits, taken = Floor(3000), Limits(12, 60), {}
    for count in (1250, 5000):
        candidates = orders(count, 1, aisles=40, depth=3000)
        began = time.process_time()
        waves = batch(candidates, floor, limits)
        taken[count] = time.process_time() - began
    in_turn = [
        [each.key for each in candidates[start : start + 12]] for start in range(0, count, 12)
    ]

    assert taken[5000] < 10 and taken[5000] < 8 * taken[1250]
    assert len(waves) <= 1.02 * len(in_turn)  # full ones
    assert walked(waves, candidates, floor) < 0.8 * walked(in_turn, candidates, floor)


def test_a_wave_goes_on_after_a_shipment_that_does_not_fit():
    near, large, small = (
        Candidate(key, 100, stops, frozenset({(0, 100 * (key + 1))}))
        for key, stops in enumerate((5, 6, 4))
    )

    assert batch([near, large, small], FLOOR, Limits(12, 10)) in ([[0, 2], [1]], [[0], [1, 2]])


def test_urgent_ones_come_first_and_are_never_alone():
    candidates = orders(60, 5)
    urgent = {3, 17, 41}
    candidates = [
        Candidate(
            each.key, 10 if each.key in urgent else 100, each.stops, each.spots, each.key in urgent
        )
        for each in candidates
    ]

    for limits in (Limits(12, 60), Limits(2, 60)):
        waves = batch(candidates, FLOOR, limits)
        first = -(-len(urgent) // limits.shipments)
        assert urgent <= {key for wave in waves[:first] for key in wave}
        assert all(len(wave) > 1 for wave in waves[:first])


def test_a_shipment_larger_than_a_wave_is_one_and_places_that_nobody_measured_fill_up():
    huge, unknown, known = (
        Candidate(1, 100, 90, frozenset({(0, 100)})),
        Candidate(2, 100, 1),
        Candidate(3, 100, 1, frozenset({(300, 100)})),
    )

    assert sorted(batch([huge, unknown, known], FLOOR, Limits(12, 60))) == [[1], [2, 3]]
    assert batch([], FLOOR, Limits(12, 60)) == []


def test_of_two_ways_around_the_one_to_the_lower_bin_is_taken():
    corners = [(300, 500, "B-05"), (300, 1500, "B-15"), (900, 500, "A-05"), (900, 1500, "A-15")]

    walk = route(
        [Stop(key, x, y, name) for key, (x, y, name) in enumerate(corners)], Floor(2000, (600, 0))
    )

    assert [corners[key][2] for key in walk.keys] == ["A-05", "A-15", "B-15", "B-05"]
