"""How often a way is on time, from few deliveries or many."""

from collections.abc import Mapping
from dataclasses import dataclass

PRIOR_DELIVERIES = 20.0
EXPECTED_SHARE = 0.95


@dataclass(frozen=True)
class Record:
    """Deliveries that had a date to keep, and how many of them kept it."""

    deliveries: int = 0
    on_time: int = 0


def shrunk(record: Record, mean: float, strength: float = PRIOR_DELIVERIES) -> float:
    """The share on time, 0 to 1, drawn towards a mean: (on time + strength × mean) ÷ (deliveries + strength).

    The posterior mean of a Beta-Binomial model with the prior Beta(strength × mean, strength × (1 − mean)); Gelman et
    al., Bayesian Data Analysis, 3rd edition, section 2.4. The prior weighs as much as 20 deliveries: after 20 of its
    own, a way's record and the mean count alike. It moves from the first delivery on, and never jumps.
    """
    return (record.on_time + strength * mean) / (record.deliveries + strength)


def mean_of(records: Mapping[object, Record]) -> float:
    """A company's share on time over all its ways, itself drawn towards what is expected where little is known."""
    total = Record(
        sum(each.deliveries for each in records.values()),
        sum(each.on_time for each in records.values()),
    )
    return shrunk(total, EXPECTED_SHARE)
