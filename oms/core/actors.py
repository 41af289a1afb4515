"""Who asks the policy: people, programs that act for them, and the clock."""

from typing import Any, Protocol

from oms.core.models.role import Grant


class Actor(Protocol):
    """Who asks: a person, a program that acts for one, or a scheduled job."""

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
