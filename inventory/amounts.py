"""The one writer of how much of stock, of bins and of demands is reserved, allocated, picked and shipped."""

from inventory.models import BinStock, Demand, Stock
from oms.core import bulk_sql
from oms.core.bulk_sql import Changes, note


class Amounts:
    """Changes to locked rows, summed up and written in one statement per table.

    Rows that are given know it at once, so that what is planned next on them sees it.
    """

    def __init__(self) -> None:
        self._stock: Changes = {}
        self._demands: Changes = {}
        self._places: Changes = {}

    def want(self, demand: int, quantity: int) -> None:
        self._demand(demand, quantity=quantity)

    def reserve(self, demand: int, stock: Stock, quantity: int, *, counted: bool = False) -> None:
        """Set aside, or free where negative; `counted`: the demand was just inserted with it."""
        stock.reserved += quantity
        note(self._stock, stock.pk, reserved=quantity)
        if not counted:
            self._demand(demand, reserved=quantity)

    def allocate(self, place: BinStock, quantity: int) -> None:
        """Bind to a bin, or take off it where negative."""
        place.allocated += quantity
        note(self._places, place.pk, allocated=quantity)

    def pick(self, demand: int, stock: Stock, quantity: int) -> None:
        """From reserved to picked, or back where negative."""
        stock.reserved -= quantity
        note(self._stock, stock.pk, reserved=-quantity)
        self._demand(demand, reserved=-quantity, picked=quantity)

    def ship(self, demand: int, quantity: int) -> None:
        self._demand(demand, picked=-quantity, shipped=quantity)

    def part(self, demand: int, *, quantity: int, reserved: int, picked: int) -> None:
        """Take off what becomes another demand's."""
        self._demand(demand, quantity=-quantity, reserved=-reserved, picked=-picked)

    def write(self) -> None:
        for model, changes in (
            (Stock, self._stock),
            (Demand, self._demands),
            (BinStock, self._places),
        ):
            bulk_sql.add(model, {key: row for key, row in changes.items() if any(row.values())})

    def _demand(
        self, key: int, *, quantity: int = 0, reserved: int = 0, picked: int = 0, shipped: int = 0
    ) -> None:
        note(
            self._demands, key, quantity=quantity, reserved=reserved, picked=picked, shipped=shipped
        )


def keep_shipped(row: Demand) -> None:
    """Let a locked demand want what has shipped and no more: what was reserved and picked is another's."""
    row.quantity, row.reserved, row.picked = row.shipped, 0, 0
    row.save(update_fields=["quantity", "reserved", "picked"])
