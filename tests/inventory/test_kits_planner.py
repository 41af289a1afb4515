"""Which reservations are let go, as a pure question."""

from hypothesis import given
from hypothesis import strategies as st

from inventory.planners import kits
from inventory.planners.kits import Need, Piece

SET = [Need(1, "set", 2), Need(2, "set", 1)]


def test_what_one_part_has_beyond_the_others_is_in_excess():
    pieces = [Piece(10, 1, "x", 3, 0), Piece(11, 2, "x", 2, 0)]

    assert kits.excess(SET, pieces) == {10: 1, 11: 1}


def test_each_bundle_is_whole_by_itself():
    pieces = [Piece(10, 1, "x", 4, 0), Piece(11, 2, "y", 2, 0)]

    assert kits.excess(SET, pieces) == {10: 4, 11: 2}


def test_what_is_easiest_to_free_goes_first():
    pieces = [Piece(10, 1, "x", 2, 2), Piece(11, 1, "x", 2, 1), Piece(12, 2, "x", 1, 2)]

    assert kits.excess(SET, pieces) == {11: 2}


def test_kits_are_chosen_by_bundle_and_the_easiest_first():
    pieces = [
        Piece(10, 1, "x", 2, 2),
        Piece(11, 2, "x", 1, 1),
        Piece(12, 1, "y", 2, 1),
        Piece(13, 2, "y", 1, 0),
    ]

    assert kits.choose(SET, pieces, {"set": 1}) == {12: 2, 13: 1}


def test_plain_goods_are_chosen_one_by_one():
    pieces = [Piece(10, 1, "x", 3, 2), Piece(11, 1, "x", 2, 1), Piece(12, 1, "y", 2, 0)]

    assert kits.choose([Need(1, "tee")], pieces, {"tee": 5}) == {12: 2, 11: 2, 10: 1}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1, 2]), st.sampled_from("xyz"), st.integers(1, 9), st.integers(0, 2)
        ),
        max_size=9,
    ),
    st.integers(0, 9),
)
def test_what_is_left_is_always_whole(drawn, units):
    pieces = [Piece(key, *each) for key, each in enumerate(drawn)]
    gone = kits.excess(SET, pieces)
    left = [
        Piece(each.key, each.demand, each.bundle, rest, each.stage)
        for each in pieces
        if (rest := each.quantity - gone.get(each.key, 0))
    ]
    chosen = kits.choose(SET, left, {"set": units})

    for bundle in "xyz":
        totals = {
            demand: sum(
                each.quantity - chosen.get(each.key, 0)
                for each in left
                if (each.demand, each.bundle) == (demand, bundle)
            )
            for demand in (1, 2)
        }
        assert totals[1] == 2 * totals[2]
    whole = sum(each.quantity for each in left if each.demand == 2)
    assert sum(chosen.get(each.key, 0) for each in left if each.demand == 2) == min(units, whole)
