"""What goes wrong between us and a channel, by what follows from it."""

from oms.core.errors import ConnectorError


class ChannelError(ConnectorError):
    """A channel could not be asked, or refused."""

    code = "channel_error"
    is_permanent = False

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message, permanent=self.is_permanent, **details)


class Throttled(ChannelError):
    """Too many requests: wait `after` seconds. It counts as no attempt.

    `is_narrow`: only requests of this kind must wait, others go on.
    """

    code = "throttled"

    def __init__(self, message: str, after: float, **details: object) -> None:
        self.after, self.is_narrow = after, bool(details.pop("is_narrow", False))
        super().__init__(message, after=after, **details)


class Unavailable(ChannelError):
    """It can't be reached or answers nonsense; nothing was done, or it was a read."""

    code = "unavailable"


class Unknown(ChannelError):
    """A write without a verdict (a time-out, any 5xx): it is asked what became of it before it is repeated."""

    code = "unknown_outcome"


class AuthEnded(ChannelError):
    """The credentials no longer hold: the channel is stopped until a person connects it again."""

    code, is_permanent = "auth_ended", True


class ScopeMissing(ChannelError):
    """The account lacks a scope: the channel is stopped until a person grants it."""

    code, is_permanent = "scope_missing", True


class Invalid(ChannelError):
    """The channel refuses this as wrong; the same again would be refused again."""

    code, is_permanent = "invalid", True


class Stale(ChannelError):
    """What we saw has changed there: read again."""

    code = "stale"


class NotFound(ChannelError):
    """There is no such order or listing (any more)."""

    code, is_permanent = "not_found", True


class AlreadyDone(ChannelError):
    """It was done before: a success."""

    code, is_permanent = "already_done", True


class SchemaChanged(ChannelError):
    """An answer isn't as the provider describes it; its raw text is kept in the details."""

    code, is_permanent = "schema_changed", True


class BadSignature(ChannelError):
    """A message isn't signed by the channel."""

    code, is_permanent = "bad_signature", True
