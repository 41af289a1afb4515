"""What an operation raises when it cannot do what it was asked to do."""

from typing import Any

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A refusal with a stable code, a message that says what is wrong and what to do, and details for programs."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = details


class WrongState(DomainError):
    """The document is in a state that does not allow this."""

    code = "wrong_state"


class Refused(DomainError):
    """A business rule forbids this."""

    code = "refused"


class NeedsConfirmation(DomainError):
    """This is unusual; asked for again with a yes to the question, it is done."""

    code = "confirm"


class NotEnough(DomainError):
    """Stock is short; `shortfall` gives the missing quantity in base units by SKU code, a message where it is short."""

    code = "not_enough"

    def __init__(self, shortfall: dict[str, int], message: str = "") -> None:
        listed = ", ".join(f"{quantity} × {code}" for code, quantity in sorted(shortfall.items()))
        text = _(
            "Not enough stock: %(listed)s short. Reduce the quantity or wait for the next receipt."
        )
        super().__init__(message or text % {"listed": listed}, shortfall=shortfall)
        self.shortfall = shortfall


class Conflict(DomainError):
    """Somebody else changed this in the meantime, or the same thing is under way."""

    code = "conflict"


class NotAllowed(DomainError):
    """The person may not do this."""

    code = "not_allowed"


class ConnectorError(DomainError):
    """The outside world failed; `permanent` says that trying again is of no use."""

    code = "connector_error"

    def __init__(self, message: str, *, permanent: bool, **details: Any) -> None:
        super().__init__(message, **details)
        self.permanent = permanent
