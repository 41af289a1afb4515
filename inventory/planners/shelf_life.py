"""How much of a SKU can be promised where lots expire and customers ask for a minimum remaining life."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass
class Layers:
    """Stock of a SKU in a warehouse that no pick has taken, by expiry date (`date.max`: never), and what is reserved of
    it.

    `reserved`: base units by the earliest expiry date that will do. Whoever accepts a date accepts every later one, so
    that all of them can be served exactly if, from each such date on, there is as much stock as is reserved.
    """

    today: date
    stock: Mapping[date, int]
    reserved: Counter[date] = field(default_factory=Counter)

    def earliest(self, min_life_days: int) -> date:
        return self.today + timedelta(days=min_life_days)

    def available(self, min_life_days: int) -> int:
        """Base units that can still be promised to somebody who asks for so many days of remaining life."""
        own = self.earliest(min_life_days)
        return max(
            0, min(self._free(day) for day in {own, *(day for day in self.reserved if day < own)})
        )

    def reserve(self, min_life_days: int, quantity: int) -> None:
        self.reserved[self.earliest(min_life_days)] += quantity

    def _free(self, day: date) -> int:
        return sum(count for expires, count in self.stock.items() if expires >= day) - sum(
            count for asked, count in self.reserved.items() if asked >= day
        )

    def copy(self) -> "Layers":
        return Layers(self.today, self.stock, Counter(self.reserved))

    @property
    def lacking(self) -> int:
        """Base units that are reserved and can't be served anymore."""
        return max(0, *(-self._free(day) for day in self.reserved), 0)
