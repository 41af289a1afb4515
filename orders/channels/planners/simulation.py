"""What a rule of stock costs: units sold twice and units never sold, by a simulation of several channels.

Buyers come at random (Poisson) to each channel and buy one piece where the channel shows any. Sales reach us after a
delay, and our numbers reach the channels after another; some are lost. At the end every rule is at rest.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from orders.channels.planners.shown import Rule, shown


@dataclass(frozen=True)
class World:
    """Channels that sell one SKU, with rates and delays in seconds."""

    stock: int = 20
    channels: int = 4
    seconds_between_sales: float = 10.0  # of all channels together
    import_delay: float = 20.0  # the mean, until a sale is known here
    push_delay: float = 3.0  # the mean, until a number is shown there
    lost: float = 0.05  # share of numbers that never arrive and are sent again a minute later


@dataclass(frozen=True)
class Policy:
    """A rule for the numbers, and how they are sent.

    `computes_late`: the number is computed when it is sent; else it is that of the moment of the change.
    """

    name: str
    rule: Rule
    computes_late: bool = True


@dataclass(frozen=True)
class Outcome:
    """Of many runs: pieces oversold in a run, the share of runs with any, and pieces sold of those in stock."""

    oversold: float
    runs_oversold: float
    sold: float


def simulate(world: World, policy: Policy, runs: int, seed: int) -> Outcome:
    """Run a policy many times, each with its own buyers."""
    random = Random(seed)  # noqa: S311  # a simulation, no secret
    results = [_Run(world, policy, random).play() for _ in range(runs)]
    over = [max(0, sold - world.stock) for sold in results]
    return Outcome(
        sum(over) / runs,
        sum(1 for units in over if units) / runs,
        sum(min(sold, world.stock) for sold in results) / runs,
    )


class _Run:
    """One run: what each channel shows, what is known here, and what is going to happen, in order of time."""

    def __init__(self, world: World, policy: Policy, random: Random) -> None:
        self.world, self.policy, self.random = world, policy, random
        self.known, self.sold, self.order = world.stock, 0, count()
        self.shows = [self.wanted(channel) for channel in range(world.channels)]
        self.events: list[tuple[float, int, str, int, int]] = []
        self.ends = 3 * world.stock * world.seconds_between_sales

    def play(self) -> int:
        """Let everything happen; the pieces that were sold in all."""
        self.at(self.after(self.world.seconds_between_sales), "visit")
        while self.events:
            time, _order, kind, channel, number = heapq.heappop(self.events)
            if kind == "visit" and time <= self.ends:
                self.buy(time, self.random.randrange(self.world.channels))
            elif kind == "sale":
                self.known -= 1
                for other in range(self.world.channels):
                    self.push(time, other)
            elif kind == "again":
                self.push(time, channel)
            elif kind == "show":
                late = self.policy.computes_late
                self.shows[channel] = self.wanted(channel) if late else number
        return self.sold

    def at(self, time: float, kind: str, channel: int = 0, number: int = 0) -> None:
        heapq.heappush(self.events, (time, next(self.order), kind, channel, number))

    def after(self, mean: float) -> float:
        return self.random.expovariate(1 / mean)

    def buy(self, time: float, channel: int) -> None:
        self.at(time + self.after(self.world.seconds_between_sales), "visit")
        if self.shows[channel] > 0:
            self.shows[channel] -= 1
            self.sold += 1
            self.at(time + self.after(self.world.import_delay), "sale", channel)

    def push(self, time: float, channel: int) -> None:
        """Send a number; one that is lost is sent again a minute later."""
        if self.random.random() < self.world.lost:
            self.at(time + 60, "again", channel)
        else:
            arrives = time + self.after(self.world.push_delay)
            self.at(arrives, "show", channel, self.wanted(channel))

    def wanted(self, channel: int) -> int:
        """What a channel should show by what is known here; the first one is preferred."""
        rule = replace(self.policy.rule, is_preferred=channel == 0)
        return shown(self.known, rule)


def compare(
    world: World, policies: Sequence[Policy], runs: int, seed: int
) -> list[tuple[str, Outcome]]:
    """The outcome of each policy in the same world."""
    return [(policy.name, simulate(world, policy, runs, seed)) for policy in policies]
