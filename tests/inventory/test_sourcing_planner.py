import pytest

from inventory.planners.sourcing import Assignment, Part, Parts, Source, Want, distance_km, plan


def want(key, sku, quantity):
    return Want(key, (Part(sku),), quantity)


def test_one_near_warehouse_beats_a_far_one():
    near = Source(1, {7: 10}, cost=4, days=1, distance_km=20)
    far = Source(2, {7: 10}, cost=4, days=4, distance_km=900)

    assert plan([want(1, 7, 5)], [far, near]).assignments == (Assignment(1, 1, 5),)


def test_one_parcel_beats_a_split_that_is_little_cheaper():
    whole = Source(1, {7: 5, 8: 5}, cost=6, days=1, distance_km=0)
    half = Source(2, {7: 5}, cost=5, days=1, distance_km=0)

    chosen = plan([want(1, 7, 5), want(2, 8, 5)], [whole, half]).assignments

    assert chosen == (Assignment(1, 1, 5), Assignment(2, 1, 5))


def test_splitting_fills_what_no_warehouse_has_alone():
    result = plan([want(1, 7, 8)], [Source(1, {7: 5}, 1, 1, 0), Source(2, {7: 5}, 2, 1, 0)])

    assert result.assignments == (Assignment(1, 1, 5), Assignment(1, 2, 3))
    assert result.short == {}


def test_lines_that_share_a_sku_share_its_stock():
    result = plan([want(1, 7, 4), want(2, 7, 4)], [Source(1, {7: 6}, 1, 1, 0)])

    assert result.assignments == (Assignment(1, 1, 4), Assignment(2, 1, 2))
    assert result.short == {2: 2}


def test_a_kit_comes_whole_from_one_warehouse():
    kit = Want(1, (Part(7, 2), Part(8, 1)), 3)
    split = [Source(1, {7: 4, 8: 1}, 1, 1, 0), Source(2, {7: 2, 8: 5}, 1, 1, 0)]

    result = plan([kit], split)

    assert result.assignments == (Assignment(1, 1, 1), Assignment(1, 2, 1))
    assert result.short == {1: 1}


def test_a_warehouse_that_is_often_late_loses():
    late = Source(1, {7: 5}, cost=4, days=1, distance_km=0, on_time_share=0.5)
    punctual = Source(2, {7: 5}, cost=5, days=1, distance_km=0, on_time_share=1.0)

    assert plan([want(1, 7, 5)], [late, punctual]).assignments == (Assignment(1, 2, 5),)


def test_nothing_anywhere_is_all_short():
    assert plan([want(1, 7, 5)], []).short == {1: 5}


def test_distance_from_london_to_paris_is_344_km():
    assert round(distance_km((51.5074, -0.1278), (48.8566, 2.3522))) == 344


def test_priority_decides_where_all_else_is_equal():
    first = Source(1, {7: 5}, cost=4, days=1, distance_km=20, priority=100)
    preferred = Source(2, {7: 5}, cost=4, days=1, distance_km=21, priority=10)

    assert plan([want(1, 7, 5)], [first, preferred]).assignments == (Assignment(1, 2, 5),)


def test_priority_decides_among_equal_pairs():
    sources = [
        Source(key, {7: 3}, cost=4, days=1, distance_km=20, priority=priority)
        for key, priority in ((1, 100), (2, 50), (3, 10))
    ]

    assert {each.warehouse for each in plan([want(1, 7, 6)], sources).assignments} == {2, 3}


def test_distance_counts_where_rates_are_equal():
    far = Source(1, {7: 5}, cost=4, days=3, distance_km=500, priority=1)
    near = Source(2, {7: 5}, cost=4, days=3, distance_km=30)

    assert plan([want(1, 7, 5)], [far, near]).assignments == (Assignment(1, 2, 5),)


def test_a_cost_that_is_not_known_is_no_bargain():
    unknown = Source(1, {7: 5}, cost=None, days=3, distance_km=100, priority=200)
    rated = Source(2, {7: 5}, cost=40, days=3, distance_km=100)

    result = plan([want(1, 7, 5)], [unknown, rated])

    assert result.assignments == (Assignment(1, 2, 5),)
    assert {each.parts.cost for each in result.candidates if len(each.warehouses) == 1} == {40}


def test_a_candidate_tells_the_parts_of_its_score():
    sources = [
        Source(1, {7: 5}, cost=4, days=2, distance_km=100, on_time_share=0.9),
        Source(2, {7: 5}, cost=5, days=1, distance_km=300),
    ]

    (both,) = plan([want(1, 7, 8)], sources).candidates[:1]

    assert (both.warehouses, both.units, both.km) == ((1, 2), 8, (100, 300))
    assert both.parts == Parts(
        cost=9, distance=0.2 + 0.6, days=3, lateness=pytest.approx(1.0), split=4.0
    )
    assert both.score == pytest.approx(17.8)
