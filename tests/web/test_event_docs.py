import json

import pytest
from django.core.management import CommandError, call_command

from oms.web import event_docs, event_sources

KNOWN = {
    "order.placed": {
        "1": {
            "type": "object",
            "required": ["gross"],
            "properties": {
                "gross": {"type": "string", "format": "decimal"},
                "lines": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"sku": {"type": "string"}}},
                },
            },
        }
    }
}


def changed(change, version="1"):
    now = json.loads(json.dumps(KNOWN))
    change(now["order.placed"]["1"])
    return {"order.placed": {version: now["order.placed"]["1"]}}


@pytest.fixture(scope="module")
def emitters():
    return event_sources.emitters()


def test_what_is_written_down_is_up_to_date():
    """Run `manage.py describe_events` after a change of the catalog, of who emits, or of who handles."""
    before, now = event_docs.written_payloads(), event_docs.payloads()

    assert event_docs.lost(before, now) == []
    assert event_docs.PAYLOADS.read_text(encoding="utf-8") == event_docs.as_text(
        event_docs.merged(before, now)
    )
    assert event_docs.PAGE.read_text(encoding="utf-8") == event_docs.page()


def test_somebody_emits_each_event(emitters):
    assert [name for name, modules in emitters.items() if not modules] == []


def test_emitters_are_found_by_name_by_status_and_by_kind_of_document(emitters):
    assert emitters["payment.applied"] == ["orders.accounting.payments"]
    assert emitters["shipment.canceled"] == ["fulfillment.shipments"]
    assert emitters["transfer.created"] == [
        "inventory.purchasing.replenishment",
        "oms.backoffice.documents",
    ]
    assert emitters["invoice.frozen"] == ["orders.accounting.issuing"]


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda payload: payload["properties"].pop("lines"), "lines is gone"),
        (
            lambda payload: payload["properties"].update(gross={"type": "number"}),
            "gross is of another type",
        ),
        (lambda payload: payload.update(required=[]), "gross may be missing"),
        (
            lambda payload: payload["properties"]["lines"]["items"].update(properties={}),
            "lines[]sku is gone",
        ),
    ],
)
def test_a_payload_loses_nothing_within_its_version(change, told):
    assert event_docs.lost(KNOWN, changed(change)) == [f"order.placed, version 1: {told}"]
    assert event_docs.lost(KNOWN, changed(change, version="2")) == []


def test_a_payload_may_gain_a_field():
    assert (
        event_docs.lost(
            KNOWN, changed(lambda payload: payload["properties"].update(net={"type": "string"}))
        )
        == []
    )


def test_nothing_is_written_over_what_receivers_rely_on(monkeypatch, tmp_path):
    monkeypatch.setattr(event_docs, "PAYLOADS", tmp_path / "event_payloads.json")
    monkeypatch.setattr(event_docs, "PAGE", tmp_path / "events.md")
    event_docs.PAYLOADS.write_text(json.dumps({"order.lost": {"1": {}}}))

    with pytest.raises(CommandError, match=r"order\.lost is gone.*Raise the version"):
        call_command("describe_events")

    assert not event_docs.PAGE.exists()
