"""How much of what is available a channel shows, and what is sent first."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What of a listing's pieces a channel shows.

    `last_units`: when so many are left or fewer, they are shown by the preferred channel alone; 0: by all.
    """

    buffer: int = 0
    cap: int | None = None
    share_percent: int = 100
    last_units: int = 0
    is_preferred: bool = True


def shown(available: int, rule: Rule) -> int:
    """The pieces to be shown of those that are available, never below 0."""
    if rule.last_units and available <= rule.last_units and not rule.is_preferred:
        return 0
    left = max(0, available) * rule.share_percent // 100 - rule.buffer
    return max(0, left if rule.cap is None else min(left, rule.cap))


@dataclass(frozen=True)
class Candidate:
    """A channel that could show the last units: its commission in percent, and its preference (lower is first)."""

    key: int
    commission: float
    preference: int
    by_margin: bool


def preferred(candidates: Iterable[Candidate]) -> int | None:
    """Which channel shows the last units; None without any. One that goes by margin is compared by what it leaves."""
    found = list(candidates)
    by_margin = any(each.by_margin for each in found)
    best = min(
        found,
        key=lambda each: (each.commission if by_margin else 0, each.preference, each.key),
        default=None,
    )
    return best.key if best else None


@dataclass(frozen=True)
class Push:
    """A number to be sent: what the channel shows (None: not known), and what it should show."""

    key: int
    before: int | None
    wanted: int


def is_crossing(push: Push) -> bool:
    """Whether it takes a listing off sale, or brings it back."""
    return (push.wanted <= 0) != (push.before is None or push.before <= 0) or (
        push.before is None and push.wanted <= 0
    )


def in_order(pushes: Iterable[Push]) -> list[Push]:
    """What must not wait first: what sells out, what is on sale again, what is less, then what is more."""

    def urgency(push: Push) -> tuple[int, int, int]:
        if is_crossing(push):
            return (0 if push.wanted <= 0 else 1, 0, push.key)
        before = push.before or 0
        return (2, push.wanted - before, push.key) if push.wanted < before else (3, 0, push.key)

    return sorted(pushes, key=urgency)
