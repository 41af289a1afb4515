"""Planners: the walk over bins that nobody measured, and the share on time from few deliveries."""

from itertools import pairwise

import pytest

from fulfillment.planners.pick_path import Floor, Stop, route
from fulfillment.planners.punctuality import EXPECTED_SHARE, Record, mean_of, shrunk


def test_bins_without_coordinates_are_walked_by_name_as_people_count():
    names = ["A-10", "B-1", "a-2", "A-2-10", "A-2-9"]

    walk = route([Stop(key, None, None, name) for key, name in enumerate(names)], Floor(0))

    assert [names[key] for key in walk.keys] == ["a-2", "A-2-9", "A-2-10", "A-10", "B-1"]
    assert (walk.legs, walk.total) == ((0,) * 5, 0)


def test_measured_bins_are_walked_first_and_the_others_by_name():
    stops = [
        Stop(1, None, None, "C-10"),
        Stop(2, 300, 100, "B-01"),
        Stop(3, None, None, "C-9"),
        Stop(4, 0, 100, "A-01"),
    ]

    assert route(stops, Floor(500)).keys == (4, 2, 3, 1)


def test_bins_at_one_spot_are_walked_by_name():
    stops = [Stop(1, 0, 100, "A-1-10"), Stop(2, 0, 100, "A-1-2")]

    assert route(stops, Floor(500)).keys == (2, 1)


def test_nothing_known_is_what_is_expected():
    assert shrunk(Record(), mean_of({})) == EXPECTED_SHARE


def test_the_first_late_delivery_moves_the_share_a_little():
    after_one = shrunk(Record(1, 0), 0.95)

    assert 0.9 < after_one < 0.95


def test_after_as_many_deliveries_as_the_prior_the_record_counts_half():
    assert shrunk(Record(20, 10), 0.9) == pytest.approx((0.5 + 0.9) / 2)


def test_the_share_never_jumps():
    shares = [shrunk(Record(count, 0), 0.95) for count in range(200)]

    assert all(0 < before - after < 0.05 for before, after in pairwise(shares))
    assert shares[-1] < 0.1
