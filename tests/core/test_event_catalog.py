import pytest
from django.core.exceptions import ValidationError

from oms.core import checks, event_catalog, event_handlers, events
from oms.core.event_catalog import NoData, UnknownEvent, WrongPayload
from oms.core.models import Event, WebhookEndpoint
from orders.models import Order

SHIPPED = {"units": {"7": 2}, "tracking": ["1Z"]}


def test_a_name_that_nobody_declares_is_refused_with_the_nearest(db):
    with pytest.raises(
        UnknownEvent, match=r"declares the event 'order.confrimed' \(did you mean 'order.confirmed'"
    ):
        events.record("order.confrimed", subject_type="order", subject_number="SO-1")
    with pytest.raises(UnknownEvent, match=r"order\.confrimed"):
        event_handlers.on("order.confrimed")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "name, subject, data, told",
    [
        ("shipment.shipped", "shipment", {"units": {"7": 2}}, "tracking is missing"),
        (
            "shipment.shipped",
            "shipment",
            {**SHIPPED, "units": {"7": "2"}},
            "units is .* not integer by text",
        ),
        ("shipment.shipped", "shipment", {**SHIPPED, "units": {7: 2}}, "units is"),
        ("shipment.shipped", "shipment", {**SHIPPED, "tracking": [None]}, "tracking is"),
        ("shipment.shipped", "shipment", {**SHIPPED, "carrier": "UPS"}, "carrier is not declared"),
        ("shipment.shipped", "order", SHIPPED, "declared about 'shipment', not 'order'"),
        ("shipment.picked", "shipment", {"lines": True}, "lines is True, not integer"),
        (
            "wave.changed",
            "wave",
            {"stops": 1, "new": [{"sku": "TEE-M", "bin": "A-1"}], "gone": []},
            "new is",
        ),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(name, subject, data, told):
    with pytest.raises(WrongPayload, match=told):
        event_catalog.check(name, subject, data)


def test_a_payload_that_does_not_fit_stops_tests_and_not_the_business(db, settings, caplog):
    slip = {
        "subject_type": "shipment",
        "subject_number": "SH-1",
        "units": {"7": "2"},
        "tracking": [],
    }
    with pytest.raises(WrongPayload):
        events.record("shipment.shipped", **slip)

    settings.ASSERT_EVENT_PAYLOADS = False
    events.record("shipment.shipped", **slip)

    assert "event_payload_misfit event=shipment.shipped subject=SH-1 error=" in caplog.text


@pytest.mark.parametrize(
    "name, subject, data",
    [
        ("shipment.shipped", "shipment", SHIPPED),
        ("shipment.lot_changed", "shipment", {"sku": "TEE-M", "from": "L-1", "to": ""}),
        ("payment.captured", "payment", {}),
        ("stock.out", "sku", {"warehouse": "LON", "available": 0, "point": None}),
        (
            "order.rerouted",
            "order",
            {
                "before": "LON",
                "after": "PAR",
                "score_before": 0,
                "score_after": 1.5,
                "units_moved": 2,
            },
        ),
    ],
)
def test_a_payload_that_fits_is_taken(name, subject, data):
    event_catalog.check(name, subject, data)


@pytest.mark.parametrize("kind", event_catalog.declared(), ids=lambda kind: kind.name)
def test_each_example_fits_its_own_declaration(kind):
    event_catalog.check(kind.name, kind.subject, kind.example)


def test_a_webhook_asks_only_for_events_that_it_can_be_sent():
    field = WebhookEndpoint._meta.get_field("events").base_field

    for name in ("order.confirmed", "purchase_order.*", "stock.low", "return.*"):
        field.clean(name, None)
    for name in ("order.confrimed", "orders.*", "demand.reserved", "demand.*", "stock.added"):
        with pytest.raises(ValidationError, match=r"isn't a webhook event|Enter names"):
            field.clean(name, None)


def test_a_status_without_an_event_and_a_public_event_that_nobody_may_see_are_found_at_start(
    monkeypatch, test_event
):
    monkeypatch.setattr(Order, "TRANSITIONS", {"placed": ("lost",)})
    event_catalog.event("ghost.seen", NoData, "A ghost was seen.")

    found = [(each.id, each.obj) for each in checks.check_events()]

    assert found == [("events.E001", "order.lost"), ("events.E002", "ghost.seen")]
    with pytest.raises(ValueError, match="declared twice"):
        event_catalog.event("ghost.seen", NoData, "A ghost was seen.")
