"""Who asks the policy: people, programs that act for them, the clock, and outsiders that are tied to one record."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from oms.core.models import User
from oms.core.models.role import Grant, OutsideReach


class Actor(Protocol):
    """Who asks: a person, a program that acts for one, an outsider, or a scheduled job."""

    @property
    def pk(self) -> Any: ...

    @property
    def is_active(self) -> Any: ...

    @property
    def is_superuser(self) -> Any: ...

    @property
    def grants(self) -> tuple[Grant, ...]: ...


class System:
    """What the clock starts: it may do everything."""

    pk = None
    is_active = True
    is_superuser = True
    grants: tuple[Grant, ...] = ()


SYSTEM = System()


@dataclass(frozen=True)
class Outsider:
    """An actor that is no user, such as a customer by a link: it has few rights on the rows of one record.

    `name` is what the history calls it, `tied_to` the key of the record. `policy.outsider` makes one.
    """

    name: str
    reach: OutsideReach
    tied_to: int
    permissions: frozenset[str]

    pk: ClassVar[None] = None
    is_active: ClassVar[bool] = True
    is_superuser: ClassVar[bool] = False

    @property
    def grants(self) -> tuple[Grant, ...]:
        return (Grant("", self.reach, self.permissions),)


_acting: ContextVar[str] = ContextVar("the outsider who acts, by name", default="")


@contextmanager
def acting(actor: Actor) -> Iterator[User | None]:
    """Let an actor act: yields the user whom activities record; an outsider is named in the events instead."""
    token = _acting.set(actor.name if isinstance(actor, Outsider) else "")
    try:
        yield actor if isinstance(actor, User) else None
    finally:
        _acting.reset(token)


def acting_name() -> str:
    """The name of the outsider who acts; empty where none does."""
    return _acting.get()
