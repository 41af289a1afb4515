"""Each invariant of what must have a way on, broken by SQL behind the operations' backs, is found."""

from contextlib import suppress

import pytest
from django.db import transaction

from fulfillment import shipments, waves
from inventory import transfers
from inventory.models import Lot, Transfer, TransferLine
from oms.core import outbox, states
from oms.insights import liveness_rules, verification
from oms.insights.invariants import check
from orders import lifecycle
from tests import builders as make
from tests.builders.stock import put, storage
from tests.core.test_verify import run, take_guards_down, tamper

pytestmark = pytest.mark.django_db

ONE_PART = (
    "id = (SELECT min(r.id) FROM inventory_reservation r JOIN inventory_demand d ON d.id = r.demand_id "
    "WHERE r.state = 'picked' AND d.is_component)"
)

BREAKS = {
    "what is reserved for an order is on a shipment that is under way": "DELETE FROM fulfillment_shipmentline WHERE reservation_id IN "
    "(SELECT id FROM inventory_reservation WHERE state = 'reserved')",
    "the lines of a shipment are as far as it is": "UPDATE inventory_reservation SET state = 'reserved', bin_id = NULL WHERE state = 'allocated'",
    "a shipment's line is of its order, warehouse and order line": "UPDATE fulfillment_shipmentline SET order_line_id = (SELECT max(id) FROM orders_orderline)",
    "what was reserved together is on one shipment": "UPDATE inventory_reservation SET bundle = (SELECT bundle FROM inventory_reservation LIMIT 1)",
    "a shipment that is under way has lines": "DELETE FROM fulfillment_shipmentline WHERE reservation_id IN "
    "(SELECT id FROM inventory_reservation WHERE state = 'reserved')",
    "what a partner has taken on is entrusted to them, and nothing else is": "UPDATE fulfillment_shipment SET external_id = '' WHERE external_id <> ''",
    "what a partner was asked to cancel waits for their answer, and is marked": "UPDATE inventory_reservation SET put_back_reason = '' WHERE put_back_reason = 'asked'",
    "a stop that is open is an allocated line of its wave, in its bin": "UPDATE fulfillment_picktask SET bin_id = (SELECT min(id) FROM inventory_bin)",
    "what is allocated is an open stop of a released wave": "UPDATE fulfillment_picktask SET done_at = now()",
    "what is allocated lies where it may be sold": "UPDATE inventory_bin SET is_sellable = false",
    "a wave that is planned or released has something to pick": "UPDATE fulfillment_shipment SET wave_id = NULL WHERE status = 'open'",
    "kits are reserved, picked and packed whole": f"UPDATE inventory_reservation SET put_back_reason = 'release' WHERE {ONE_PART}",
    "demand is tied to the order line that it serves": "DELETE FROM orders_promise",
    "kits are wanted and shipped whole": "UPDATE inventory_demand SET quantity = quantity + 1 WHERE is_component AND per_unit = 2",
    "an order wants of the stock what is open on its lines": "UPDATE inventory_demand SET quantity = quantity + 2",
    "stock is wanted and reserved for confirmed orders alone": "UPDATE orders_order SET status = 'placed' WHERE status = 'confirmed'",
    "nothing waits for stock that is there": "UPDATE inventory_stock SET sellable = sellable + 10",
    "an order of which everything is shipped and billed, or canceled, is over": "UPDATE orders_order SET status = 'confirmed'",
    "an order that is over has nothing left to ship or to bill": "UPDATE orders_order SET units = units + 1 WHERE status = 'completed'",
    "a line shows what the stock holds for it": "UPDATE orders_orderline SET reserved = 0, picked = 0",
    "a return that was inspected is settled, and its exchange entered": "UPDATE returns_settlement SET exchange_id = NULL",
    "what lies in staging is picked for a shipment": "UPDATE inventory_reservation SET state = 'unreserved' WHERE state = 'picked'",
    "what came unannounced is decided once its return is inspected": "INSERT INTO returns_unexpected (request_id, description, quantity, is_damaged, decision, note) "
    "SELECT id, 'a shoe', 1, false, '', '' FROM returns_returnrequest WHERE status <> 'received' LIMIT 1",
    "what lies in returns came with a return that is not inspected yet": "UPDATE returns_returnrequest SET status = 'settled' WHERE status = 'received'",
    "what is in transit is of a transfer that is under way": "UPDATE inventory_transfer SET status = 'received'",
    "a serial number moves as one piece": "UPDATE inventory_move SET quantity = 2 WHERE lot_id = (SELECT id FROM inventory_lot WHERE code = 'S-1')",
    "no more of a lot or serial came back than was sent out": "UPDATE inventory_move SET lot_id = NULL WHERE reason = 'ship'",
    "tracked stock has a lot of its SKU, and no other has one": "UPDATE inventory_binstock SET lot_id = NULL",
}


@pytest.fixture
def business():
    """Orders at each stage of their way, goods that are between places, and somebody who waits."""
    make.sku("TEE-M", stock={"LON": 12})
    make.sku("CUP", stock={"LON": 4})
    make.sku("SET", kit={"CUP": 2, "TEE-M": 1})
    watch = make.sku("WATCH", tracking="serial")
    put(watch, "LON", 1, lot=Lot.objects.create(sku=watch, code="S-1"))
    make.settled(
        make.shipped(("WATCH", 1)), resolution="exchange", exchange_for=make.priced("TEE-M")
    )
    make.came_back(make.shipped(("TEE-M", 1)))
    make.picked(make.confirmed(("SET", 2)))
    waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 2))))
    make.confirmed(("TEE-M", 1))
    waves.plan(make.warehouse(), [make.shipment_of(make.confirmed(("TEE-M", 1)))])
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=make.sku("TEE-M"), bin=storage(make.warehouse()), quantity=1
    )
    transfers.send(transfer)
    make.warehouse("3PL", kind="3pl")
    make.sku("CAP", stock={"3PL": 5})
    taken = shipments.hand_over(make.shipment_of(make.confirmed(("CAP", 5))), external_id="X-77")
    lifecycle.cancel_lines(taken.order, {taken.order.lines.get().pk: 2})
    make.confirmed(("TEE-M", 20), backorder=True)
    outbox.drain()


def broken():
    return {breach.invariant for breach in check(liveness_rules.rules())}


def test_each_break_is_found(business):
    """One after the other on the same rows: each is taken back before the next."""
    take_guards_down()
    missed = []
    for name, statement in BREAKS.items():
        with suppress(_TakenBack), transaction.atomic():
            run(statement)
            missed += [] if name in broken() else [name]
            raise _TakenBack

    assert [str(breach) for breach in verification.breaches()] == []
    assert missed == []


class _TakenBack(Exception):
    """Rolls a break back."""


def test_every_rule_has_a_break():
    assert {rule.name for rule in liveness_rules.rules()} == BREAKS.keys()


def test_what_a_handler_is_about_to_do_is_not_missing(business):
    """On a live system verify cries neither for orders just confirmed nor for stock just received."""
    lifecycle.confirm(make.order(lines=[("CUP", 1)], backorder=True))
    put(make.sku("TEE-M"), "LON", 30)

    assert broken() == set()


def test_what_every_handler_had_is_missing(business):
    """Also where its event is not drained yet, since a mail does not get through."""
    lifecycle.confirm(make.order(lines=[("TEE-M", 1)], backorder=True))
    tamper("""INSERT INTO core_delivery (event_id, handler, attempts, error, done_at)
              SELECT e.id, h.handler, 1, '', now() FROM core_event e JOIN (SELECT DISTINCT handler FROM core_delivery) h
              ON true WHERE NOT e.is_drained ON CONFLICT DO NOTHING""")
    tamper("UPDATE inventory_stock SET sellable = sellable + 30")

    assert "nothing waits for stock that is there" in broken()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fulfillment_cancellation SET state = 'agreed', answered_at = now()",
        "DELETE FROM fulfillment_cancellationline",
        "UPDATE fulfillment_shipment SET status = 'shipped' WHERE external_id <> ''",
    ],
)
def test_a_question_to_a_partner_without_a_way_on_is_found(statement):
    make.warehouse("3PL", kind="3pl")
    make.sku("CAP", stock={"3PL": 5})
    taken = shipments.hand_over(make.shipment_of(make.confirmed(("CAP", 5))), external_id="X-77")
    lifecycle.cancel(taken.order)
    outbox.drain()
    assert broken() == set()
    tamper(statement)
    assert "what a partner was asked to cancel waits for their answer, and is marked" in broken()
