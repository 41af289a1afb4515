"""Whether a return is approved."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """How many days ago the goods were shipped (None = not known), and what the policy says."""

    days_since_shipped: int | None
    window_days: int
    auto_approve: bool


@dataclass(frozen=True)
class Verdict:
    """Approved by the rules, or for a person to decide; and why."""

    is_approved: bool
    reason: str


def judge(facts: Facts) -> Verdict:
    """Approve what is within the window, where the policy may; anything else is for a person."""
    if facts.days_since_shipped is None:
        return Verdict(False, "it is not known when the goods were shipped")
    if facts.days_since_shipped > facts.window_days:
        return Verdict(
            False, f"shipped {facts.days_since_shipped} days ago, more than {facts.window_days}"
        )
    if not facts.auto_approve:
        return Verdict(False, "the policy wants a person to look")
    return Verdict(True, f"shipped {facts.days_since_shipped} days ago, within {facts.window_days}")
