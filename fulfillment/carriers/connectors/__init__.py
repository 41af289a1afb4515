"""Carriers, by name."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from oms.core.connectors import Connectors


@dataclass(frozen=True)
class LabelRequest:
    """What a carrier needs for a label: weight in g, price in the company's currency. `key` makes it idempotent."""

    key: str
    service: str
    weight_g: int
    ship_to: dict[str, str]
    price: Decimal


@dataclass(frozen=True)
class BoughtLabel:
    """What a carrier answers."""

    tracking_number: str
    cost: Decimal


class Carrier(Protocol):
    """The contract of a carrier; failures raise ConnectorError."""

    def buy(self, request: LabelRequest) -> BoughtLabel: ...
    def void(self, key: str, tracking_number: str) -> None:
        """Give back the label of a key; nothing is wrong where none was bought. The number may not be known."""


carriers: Connectors[Carrier] = Connectors(__name__)
