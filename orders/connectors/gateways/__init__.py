"""Payment gateways, by name."""

from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Protocol

from django.utils.translation import gettext as _

from oms.core.errors import Refused


@dataclass(frozen=True)
class Answer:
    """What a gateway said: its own reference of what it did."""

    reference: str


class Gateway(Protocol):
    """The contract of a gateway. `key` makes each call idempotent; failures raise ConnectorError."""

    def authorize(self, key: str, amount: Decimal, currency: str) -> Answer: ...
    def capture(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer: ...
    def void(self, key: str, reference: str) -> Answer: ...
    def refund(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer: ...


NAMES = ("manual",)


def gateway(name: str) -> Gateway:
    """The gateway of this name, loaded when it is first asked for."""
    if name not in NAMES:
        raise Refused(_("There is no payment gateway %(name)r; there are %(NAMES)s.")
                      % {"name": name, "NAMES": ", ".join(NAMES)})
    connector: Gateway = import_module(f"{__name__}.{name}.connector").connect()
    return connector
