from inventory.planners.sourcing import Allocation, Part, Source, Want, distance_km, plan


def want(key, sku, quantity):
    return Want(key, (Part(sku),), quantity)


def test_one_near_warehouse_beats_a_far_one():
    near = Source(1, {7: 10}, cost=4, days=1, distance_km=20)
    far = Source(2, {7: 10}, cost=4, days=4, distance_km=900)

    assert plan([want(1, 7, 5)], [far, near]).allocations == (Allocation(1, 1, 5),)


def test_one_parcel_beats_a_split_that_is_little_cheaper():
    whole = Source(1, {7: 5, 8: 5}, cost=6, days=1, distance_km=0)
    half = Source(2, {7: 5}, cost=5, days=1, distance_km=0)

    chosen = plan([want(1, 7, 5), want(2, 8, 5)], [whole, half]).allocations

    assert chosen == (Allocation(1, 1, 5), Allocation(2, 1, 5))


def test_splitting_fills_what_no_warehouse_has_alone():
    result = plan([want(1, 7, 8)], [Source(1, {7: 5}, 1, 1, 0), Source(2, {7: 5}, 2, 1, 0)])

    assert result.allocations == (Allocation(1, 1, 5), Allocation(1, 2, 3))
    assert result.short == {}


def test_lines_that_share_a_sku_share_its_stock():
    result = plan([want(1, 7, 4), want(2, 7, 4)], [Source(1, {7: 6}, 1, 1, 0)])

    assert result.allocations == (Allocation(1, 1, 4), Allocation(2, 1, 2))
    assert result.short == {2: 2}


def test_a_kit_comes_whole_from_one_warehouse():
    kit = Want(1, (Part(7, 2), Part(8, 1)), 3)
    split = [Source(1, {7: 4, 8: 1}, 1, 1, 0), Source(2, {7: 2, 8: 5}, 1, 1, 0)]

    result = plan([kit], split)

    assert result.allocations == (Allocation(1, 1, 1), Allocation(1, 2, 1))
    assert result.short == {1: 1}


def test_a_warehouse_that_is_often_late_loses():
    late = Source(1, {7: 5}, cost=4, days=1, distance_km=0, on_time_share=0.5)
    punctual = Source(2, {7: 5}, cost=5, days=1, distance_km=0, on_time_share=1.0)

    assert plan([want(1, 7, 5)], [late, punctual]).allocations == (Allocation(1, 2, 5),)


def test_nothing_anywhere_is_all_short():
    assert plan([want(1, 7, 5)], []).short == {1: 5}


def test_distance_from_london_to_paris_is_344_km():
    assert round(distance_km((51.5074, -0.1278), (48.8566, 2.3522))) == 344
