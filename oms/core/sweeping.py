"""Doing whatever waits in rows: each room names what it does with its own."""

import logging
from collections.abc import Callable

from django.db import connection

from oms.core import outbox

log = logging.getLogger(__name__)
Step = Callable[[], object]
_steps: list[Step] = [outbox.drain]
_long_steps: list[Step] = []


def also(step: Step, *, is_long: bool = False) -> None:
    """Name a function that does what waits of one kind, and returns once nothing of it is due; long ones come last."""
    (_long_steps if is_long else _steps).append(step)


def sweep() -> None:
    """Do whatever waits; one kind of work that fails does not stop the others."""
    for step in [*_steps, *_long_steps]:
        try:
            step()
        except Exception:
            log.exception("sweep_failed step=%s", getattr(step, "__name__", step))
            connection.close_if_unusable_or_obsolete()
