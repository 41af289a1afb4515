import threading

import pytest
from django.db import connections

from oms.core import outbox
from oms.core.models import Event, User
from oms.rest.events import read_stream
from orders import lifecycle
from tests import builders as make

WRITERS, ORDERS = 8, 8


@pytest.mark.django_db(transaction=True)
def test_a_reader_beside_eight_writers_sees_each_event_once_and_in_position(race):
    """Transactions commit in another order than they took their keys; the positions hide that."""
    boss = make.user("boss", "manager")
    make.order(lines=[("TEE-M", 1)])
    writers_left, seen = threading.Semaphore(0), []

    def write():
        for _ in range(ORDERS):
            lifecycle.cancel(make.order(lines=[("TEE-M", 1)]))
        writers_left.release()

    def read():
        user, after, finished = User.objects.get(pk=boss.pk), 0, 0
        while True:
            finished += writers_left.acquire(blocking=False)
            is_last = finished == WRITERS
            outbox.number_events()
            part = read_stream(user, after, 7)
            seen.extend(event["position"] for event in part["events"])
            after = part["next"]
            if is_last and not part["events"]:
                return

    problems = [result for result in race(read, *[write] * WRITERS) if result is not None]
    connections.close_all()

    assert problems == []
    assert len(seen) == WRITERS * ORDERS * 3 + 1
    assert (
        seen
        == sorted(set(seen))
        == list(Event.objects.order_by("position").values_list("position", flat=True))
    )
