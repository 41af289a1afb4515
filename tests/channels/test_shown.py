"""The rule of what is shown, what goes first, and what a simulation says of it."""

import pytest

from orders.channels.planners.shown import Candidate, Push, Rule, in_order, preferred, shown
from orders.channels.planners.simulation import Policy, World, simulate


@pytest.mark.parametrize(
    "available, rule, expected",
    [
        (10, Rule(), 10),
        (0, Rule(), 0),
        (-3, Rule(), 0),
        (10, Rule(buffer=3), 7),
        (2, Rule(buffer=3), 0),
        (10, Rule(cap=4), 4),
        (10, Rule(share_percent=50, buffer=1, cap=3), 3),
        (3, Rule(last_units=3, is_preferred=False), 0),
        (3, Rule(last_units=3, is_preferred=True), 3),
        (4, Rule(last_units=3, is_preferred=False), 4),
    ],
)
def test_what_is_shown(available, rule, expected):
    assert shown(available, rule) == expected


def test_the_last_units_go_to_the_preferred_channel():
    by_priority = [Candidate(1, 15.0, 20, False), Candidate(2, 5.0, 30, False)]
    by_margin = [Candidate(1, 15.0, 20, True), Candidate(2, 5.0, 30, True)]
    assert (preferred(by_priority), preferred(by_margin), preferred([])) == (1, 2, None)


def test_what_sells_out_is_sent_first_and_increases_last():
    pushes = [Push(1, 5, 9), Push(2, 5, 0), Push(3, 0, 4), Push(4, 5, 2), Push(5, None, 0)]
    assert [push.key for push in in_order(pushes)] == [2, 5, 3, 4, 1]


def test_the_last_units_on_one_channel_are_oversold_less_often():
    world = World(seconds_between_sales=5)
    plain = simulate(world, Policy("plain", Rule()), 200, seed=3)
    kept = simulate(world, Policy("last", Rule(last_units=6)), 200, seed=3)
    assert kept.oversold < plain.oversold / 2
    assert kept.sold > world.stock - 1
