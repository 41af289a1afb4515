"""Payment gateways, by name."""

from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from typing import Protocol

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError, Refused


@dataclass(frozen=True)
class Answer:
    """What a gateway said: its own reference of what it did."""

    reference: str


class Gateway(Protocol):
    """The contract of a gateway. `key` makes each call idempotent; failures raise ConnectorError.

    `outcome` tells what became of what was asked under a key: the answer, None where it never arrived; a refusal for
    good raises ConnectorError as the call itself would have.
    """

    def outcome(self, key: str) -> Answer | None: ...
    def authorize(self, key: str, amount: Decimal, currency: str) -> Answer: ...
    def capture(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer: ...
    def void(self, key: str, reference: str) -> Answer: ...
    def refund(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer: ...


NAMES = ("manual",)
TRANSFER = "transfer"  # what came to the bank, and asks no gateway


def require_known(name: str) -> None:
    """Raise Refused for a gateway that there is not."""
    if name not in NAMES:
        raise Refused(
            _("There is no payment gateway %(name)r. Use one of these: %(names)s.")
            % {"name": name, "names": ", ".join(NAMES)},
            code="unknown_gateway",
            field="gateway",
        )


def gateway(name: str) -> Gateway:
    """The gateway of this name, loaded when it is first asked for. Raises ConnectorError for one that there is not."""
    if name not in NAMES:
        raise ConnectorError(
            _("Unknown payment gateway %(name)r.") % {"name": name}, permanent=True
        )
    connector: Gateway = import_module(f"{__name__}.{name}.connector").connect()
    return connector
