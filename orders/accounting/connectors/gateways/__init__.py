"""Payment gateways, by name."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from oms.core.connectors import Connectors


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


TRANSFER = "transfer"  # what came to the bank, and asks no gateway
CHANNEL = "channel"  # what was paid through a channel, which gives it back, too
gateways: Connectors[Gateway] = Connectors(__name__)
