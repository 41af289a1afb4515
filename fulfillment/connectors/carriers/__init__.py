"""Carriers, by name."""

from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Protocol

from django.utils.translation import gettext as _

from oms.core.errors import Refused


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


NAMES = ("manual",)


def carrier(name: str) -> Carrier:
    """The carrier's connector of this name, loaded when it is first asked for."""
    if name not in NAMES:
        raise Refused(
            _("Unknown carrier connector %(name)r. Available: %(NAMES)s.")
            % {"name": name, "NAMES": ", ".join(NAMES)}
        )
    connector: Carrier = import_module(f"{__name__}.{name}.connector").connect()
    return connector
