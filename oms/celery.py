"""The Celery application, its broker of files, and the pulse of its processes; its schedule is in oms.web.schedule."""

import os
from typing import Any

from celery import Celery, bootsteps, signals
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["files"] = "oms.core.broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
app = Celery("oms")
app.config_from_object("django.conf:settings", namespace="CELERY")


class Begin(bootsteps.StartStopStep):
    """A worker lives, and looks every few seconds for rows that wait, whatever the broker lost.

    It begins once the pool is there, and before the broker is reached, which may be away.
    """

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        from django.conf import settings

        from oms.core import pulse, tasks

        pulse.start("worker", every=settings.SWEEP_SECONDS, call=tasks.look)


app.steps["worker"].add(Begin)


@signals.worker_process_init.connect
def begin_child(**_: Any) -> None:
    """A process of a worker's pool lives."""
    from oms.core import pulse

    pulse.start("worker")


@signals.beat_init.connect
@signals.beat_embedded_init.connect
def begin_clock(**_: Any) -> None:
    """The clock goes."""
    from oms.core import pulse

    pulse.start("clock")


@signals.worker_shutting_down.connect
@signals.worker_process_shutdown.connect
def end(**_: Any) -> None:
    """A process ends as it was asked to."""
    from oms.core import pulse

    pulse.stop()
