"""The manual gateway: a person sees to the money, and the system notes that it was done."""

from decimal import Decimal

from orders.accounting.connectors.gateways import Answer


class ManualGateway:
    """Always succeeds; its reference is the key under which it was asked."""

    def outcome(self, key: str) -> Answer | None:
        """It keeps nothing; asked once more under the same key it answers the same."""
        return None

    def authorize(self, key: str, amount: Decimal, currency: str) -> Answer:
        return Answer(f"manual:{key}")

    def capture(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer:
        return Answer(f"manual:{key}")

    def void(self, key: str, reference: str) -> Answer:
        return Answer(f"manual:{key}")

    def refund(self, key: str, reference: str, amount: Decimal, currency: str) -> Answer:
        return Answer(f"manual:{key}")


def connect() -> ManualGateway:
    return ManualGateway()
