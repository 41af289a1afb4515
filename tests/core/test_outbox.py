from datetime import timedelta

import pytest
from django.utils import timezone

from oms.core import event_handlers, events, outbox
from oms.core.errors import ConnectorError
from oms.core.models import Delivery, Event, Notice
from oms.insights import verification
from tests import builders as make

pytestmark = [pytest.mark.smoke, pytest.mark.django_db, pytest.mark.usefixtures("test_event")]


@pytest.fixture
def handler(monkeypatch):
    """Declare a handler of the event "test.happened" for one test."""
    monkeypatch.setattr(event_handlers, "_handlers", {})

    def declare(function, **options):
        event_handlers.on("test.happened", **options)(function)
        return function

    return declare


def happened(subject="T-1", **data):
    return events.record("test.happened", subject_type="test", subject_number=subject, **data)


def drain_after(minutes):
    return outbox.drain(now=timezone.now() + timedelta(minutes=minutes))


def test_drain_delivers_each_event_once(handler):
    seen = []
    handler(lambda event: seen.append(event.data["n"]))
    happened(n=1)
    happened(n=2)

    assert outbox.drain() == 2
    assert outbox.drain() == 0

    assert seen == [1, 2]


def test_events_without_handlers_are_numbered_and_done():
    happened()

    outbox.drain()

    event = Event.objects.get()
    assert (event.position, event.is_drained) == (outbox.stream_end(), True)


def test_a_failed_effect_leaves_nothing_and_is_tried_again_later(handler):
    person, attempts = make.user(), []

    def half_done(event):
        Notice.objects.create(to=person, text="half done")
        attempts.append(event.pk)
        if len(attempts) == 1:
            raise ValueError("not yet")

    handler(half_done)
    happened()
    outbox.drain()
    assert Notice.objects.count() == 0

    drain_after(1)

    assert (Notice.objects.count(), len(attempts)) == (1, 2)


def test_a_failure_blocks_later_events_of_its_subject_alone(handler):
    seen = []

    def choosy(event):
        if event.data["n"] == 1 and not seen.count("retry"):
            raise ValueError("no")
        seen.append(event.data["n"])

    handler(choosy)
    happened("A", n=1)
    happened("A", n=2)
    happened("B", n=3)

    outbox.drain()
    assert seen == [3]

    seen.append("retry")
    drain_after(1)
    assert seen == [3, "retry", 1, 2]


def test_five_failures_park_the_delivery_and_let_the_next_pass(handler):
    seen = []

    def broken(event):
        if event.data["n"] == 1:
            raise ValueError("broken for good")
        seen.append(event.data["n"])

    handler(broken)
    happened(n=1)
    happened(n=2)

    for hour in range(6):
        drain_after(60 * hour)

    (parked,) = outbox.parked()
    assert (parked.attempts, "broken for good" in parked.error, seen) == (5, True, [2])


def test_retry_takes_a_parked_delivery_out(handler):
    handler(lambda event: None)
    event = happened()
    Delivery.objects.create(
        event=event, handler="tests.core.<lambda>", attempts=5, parked_at=timezone.now()
    )
    outbox.drain()
    assert len(outbox.parked()) == 1

    outbox.retry(outbox.parked()[0])
    outbox.drain()

    assert (outbox.parked(), Delivery.objects.get().done_at is not None) == ([], True)


def test_what_fails_does_not_hold_up_what_does_not_however_much_it_is(handler, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 20)
    seen = []

    def choosy(event):
        if not event.data["good"]:
            raise ValueError("no")
        seen.append(event.subject_number)

    handler(choosy)
    for number in range(50):
        happened(f"BAD-{number}", good=False)
    happened("GOOD", good=True)
    for _ in range(30):
        happened("BAD-0", good=True)
    happened("BETTER", good=True)

    assert outbox.drain() == 2
    assert seen == ["GOOD", "BETTER"]
    assert outbox.drain() == 0


def test_what_waits_behind_a_failure_comes_in_order_once_it_is_over(handler, monkeypatch):
    monkeypatch.setattr(outbox, "BATCH", 2)
    seen, works = [], []

    def choosy(event):
        if not works:
            raise ValueError("no")
        seen.append(event.data["n"])

    handler(choosy)
    for n in range(5):
        happened(n=n)
    outbox.drain()

    works.append(True)
    drain_after(1)

    assert seen == [0, 1, 2, 3, 4]


def test_what_waits_behind_another_process_is_not_taken_before_it(handler):
    seen = []
    handler(lambda event: seen.append(event.data["n"]))
    first = happened(n=1)
    happened(n=2)
    outbox.number_events()
    leased = Delivery.objects.create(
        event=first,
        handler="tests.core.<lambda>",
        attempts=1,
        claimed_by="other",
        leased_until=timezone.now() + timedelta(minutes=5),
    )

    assert outbox.drain() == 0
    Delivery.objects.filter(pk=leased.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    drain_after(1)

    assert seen == [1, 2]


def test_a_handler_that_keeps_failing_stands_under_attention_from_the_second_try(handler):
    def broken(event):
        raise ValueError("no")

    handler(broken)
    happened()

    outbox.drain()
    assert list(outbox.standing()) == []

    drain_after(1)
    (standing,) = outbox.standing()
    assert (standing.attempts, standing.parked_at) == (2, None)


def test_one_that_calls_the_world_is_tried_for_three_days(handler):
    def away(event):
        raise ConnectionError("nobody there")

    handler(away, external=True)
    happened()

    start, tries = timezone.now(), []
    for hour in range(90):
        outbox.drain(now=start + timedelta(hours=hour))
        tries.append(Delivery.objects.get().attempts)

    (parked,) = outbox.parked()
    assert (tries[0], tries[24], parked.attempts) == (1, 7, 10)
    assert timedelta(days=3) < parked.parked_at - start < timedelta(days=4)


def test_what_is_of_no_use_to_try_again_is_parked_at_once(handler):
    def refused(event):
        raise ConnectorError("no such account", permanent=True)

    handler(refused, external=True)
    happened()

    outbox.drain()

    assert [row.error for row in outbox.parked()] == ["no such account"]


def test_a_claim_whose_process_died_in_each_try_is_parked(handler):
    handler(lambda event: None)
    event = happened()
    Delivery.objects.create(
        event=event,
        handler="tests.core.<lambda>",
        attempts=5,
        claimed_by="dead",
        leased_until=timezone.now() - timedelta(seconds=1),
    )

    outbox.drain()

    assert [row.error for row in outbox.parked()] == ["The process died in each attempt."]


@pytest.mark.django_db(transaction=True)
def test_what_is_drained_at_a_commit_is_an_operation_of_its_own(settings):
    settings.DRAIN_AFTER_COMMIT = True
    make.sku("TEE-M", stock={"LON": 5})

    order = make.shipped(("TEE-M", 2))

    names = list(
        Event.objects.filter(subject_type="shipment").order_by("pk").values_list("name", flat=True)
    )
    assert names[0] == "shipment.created"
    assert [str(breach) for breach in verification.breaches()] == []
    assert order.shipped == 2
