"""Bells: messages that wake a worker. What is to be done stands in rows, so that a lost one costs seconds at most."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import KombuError

log = logging.getLogger(__name__)


def ring(task: str, *args: object, expires: float | None = None) -> bool:
    """Wake a worker for a task; whether the bell was rung. Where it was not, a worker finds the row by itself."""
    try:
        options: dict[str, Any] = {"expires": expires} if expires else {}
        current_app.tasks[task].apply_async(args, ignore_result=True, retry=False, **options)
    except (KombuError, OSError) as error:
        log.warning("bell_lost task=%s error=%s", task, error)
        return False
    return True
