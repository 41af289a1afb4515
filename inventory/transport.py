"""What the ledger is asked to move."""

from dataclasses import dataclass
from decimal import Decimal

from inventory.models import SKU, Bin, Lot


@dataclass(frozen=True)
class Transport:
    """A quantity (base units) that goes from one place to another. `unit_cost` is given where goods come in."""

    sku: SKU
    source: Bin
    target: Bin
    quantity: int
    lot: Lot | None = None
    unit_cost: Decimal | None = None

    @property
    def is_serial(self) -> bool:
        return self.sku.tracking == SKU.Tracking.SERIAL
