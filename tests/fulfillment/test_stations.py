"""What is done at stations: once for each id, by who may, in their warehouse, by the same operations as elsewhere."""

import json
from uuid import uuid4

import pytest

from fulfillment import waves
from fulfillment.models import Package, StationAction
from inventory.models import Barcode, BinStock, Count, Move
from oms.core.models import User
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(client):
    """at(role) is a person at a station in LON: `.work(station, name)` and `.act(station, action, **body)`."""

    class Station:
        def __init__(self, role):
            person = make.user(role, role)
            User.objects.filter(pk=person.pk).update(is_staff=True)
            make.warehouse().staff.add(person)
            client.force_login(User.objects.get(pk=person.pk))

        def work(self, station, name="", **query):
            answer = client.get(
                f"/stations/{station}/todo/", {"warehouse": "LON", "name": name, **query}
            )
            return answer.status_code, answer.json()

        def act(self, station, action, key=None, warehouse="LON", **body):
            answer = client.post(
                f"/stations/{station}/act/",
                json.dumps(
                    {
                        "id": str(key or uuid4()),
                        "action": action,
                        "warehouse": warehouse,
                        "body": body,
                    }
                ),
                content_type="application/json",
            )
            return answer.status_code, answer.json()

    return Station


def stop(quantity=5, stock=9):
    make.sku("TEE-M", stock={"LON": stock})
    shipment = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", quantity))))
    return shipment.lines.get()


def test_an_act_takes_effect_once_however_often_it_is_sent(at, verified):
    line, key, picker = stop(), uuid4(), at("picker")

    answers = [picker.act("pick", "pick", key, line=line.pk, quantity=5) for _ in range(3)]

    assert answers == [(200, {"done": "5 × TEE-M picked."})] * 3
    assert Move.objects.filter(reason="pick").count() == StationAction.objects.count() == 1
    assert picker.act("pick", "pick", key, line=line.pk, quantity=4)[1]["code"] == "id_used"


def test_what_is_refused_can_be_sent_again_under_its_id_once_it_is_right(at):
    line, key, picker = stop(), uuid4(), at("picker")

    assert picker.act("pick", "pick", key, line=line.pk, quantity=4)[0] == 409
    assert StationAction.objects.count() == 0
    assert picker.act("pick", "pick", key, line=line.pk, quantity=5)[0] == 200


@pytest.mark.parametrize(("why", "place"), [("missing", "MISSING"), ("damaged", "DAMAGED")])
def test_a_short_pick_notes_the_rest_as_missing_or_damaged(at, drain, verified, why, place):
    line = stop(quantity=5, stock=5)

    status, answer = at("picker").act("pick", "short", line=line.pk, found=3, why=why)

    assert (status, answer["done"]) == (200, f"3 × TEE-M picked, 2 {why}.")
    assert make.bin_stock(make.sku("TEE-M"), "LON", place) == 2
    assert make.bin_stock(make.sku("TEE-M"), "LON", "STAGING") == 3


def test_a_walk_names_bin_barcodes_lot_quantity_and_distance_and_no_money(at):
    line = stop()
    Barcode.objects.create(sku=make.sku("TEE-M"), code="501", pack_quantity=6)

    status, wave = at("picker").work("pick", line.shipment.wave.number)

    (found,) = wave["stops"]
    assert status == 200
    assert (found["bin"], found["barcodes"], found["quantity"], found["lot"]) == (
        "A-01",
        {"TEE-M": 1, "501": 6},
        5,
        "",
    )
    assert not {"unit_cost", "price", "cost"} & set(found)


def test_pieces_are_scanned_into_their_shipment_and_labels_out_of_the_door(at, drain, verified):
    make.service()
    make.sku("TEE-M", stock={"LON": 9})
    shipment, packer = make.picked(make.confirmed(("TEE-M", 2))), at("packer")

    assert (
        packer.act("pack", "pack", shipment=shipment.number, scanned={"TEE-M": 1})[1]["code"]
        == "not_the_same"
    )
    assert packer.act("pack", "pack", shipment=shipment.number, scanned={"TEE-M": 2})[0] == 200
    assert Package.objects.get().verified_at is not None
    drain()
    _, packed = packer.work("pack", shipment.number)
    assert (
        packer.act("pack", "ship", shipment=shipment.number, tracking=[])[1]["code"]
        == "labels_missing"
    )
    assert (
        packer.act("pack", "ship", shipment=shipment.number, tracking=packed["tracking"])[0] == 200
    )

    assert make.fresh(shipment).status == "shipped"


def test_goods_are_received_put_away_moved_and_counted(at, verified):
    item = make.sku("TEE-M")
    make.storage(make.warehouse(), "A-01")
    make.storage(make.warehouse(), "B-01")
    order, picker = make.sent_purchase(item, 10), at("picker")

    assert (
        picker.act(
            "receive", "receive", order=order.number, sku="TEE-M", good=8, damaged=1, lot=""
        )[0]
        == 200
    )
    assert picker.work("put-away")[1]["lines"][0]["quantity"] == 8
    assert picker.act("put-away", "put_away", sku="TEE-M", quantity=8, to="A-01", lot="")[0] == 200
    assert (
        picker.act(
            "move", "move", sku="TEE-M", quantity=3, **{"from": "A-01", "to": "B-01", "lot": ""}
        )[0]
        == 200
    )
    assert (
        picker.act(
            "count", "count", bin="B-01", found=[{"sku": "TEE-M", "lot": "", "quantity": 2}]
        )[0]
        == 200
    )

    assert {place: make.bin_stock(item, "LON", place) for place in ("A-01", "B-01", "DAMAGED")} == {
        "A-01": 5,
        "B-01": 3,
        "DAMAGED": 1,
    }
    line = Count.objects.get().lines.get()
    assert (line.booked, line.found) == (3, 2)


def test_a_count_takes_what_the_books_do_not_have_and_misses_what_nobody_found(at):
    make.put(make.sku("TEE-M"), "LON", 4)
    make.sku("MUG")

    at("picker").act("count", "count", bin="A-01", found=[{"sku": "MUG", "lot": "", "quantity": 7}])

    lines = Count.objects.get().lines.order_by("sku__code")
    assert [(line.sku.code, line.booked, line.found) for line in lines] == [
        ("MUG", 0, 7),
        ("TEE-M", 4, 0),
    ]


def test_anything_is_looked_up(at):
    make.put(make.sku("TEE-M"), "LON", 4)
    Barcode.objects.create(sku=make.sku("TEE-M"), code="501")
    picker = at("picker")

    assert picker.work("look-up", "A-01")[1]["rows"] == [["TEE-M Tee-M", "", 4]]
    assert picker.work("look-up", "501")[1]["rows"] == [["A-01", "", 4]]
    assert picker.work("look-up", "nonsense")[0] == 409


def test_nobody_works_at_a_station_or_in_a_warehouse_that_is_not_theirs(at, client):
    make.warehouse("LEE")
    line = stop()

    assert (
        at("picker").act("pick", "pick", warehouse="LEE", line=line.pk, quantity=5)[1]["code"]
        == "unknown"
    )
    assert at("rep").act("pick", "pick", line=line.pk, quantity=5)[0] == 403
    assert at("accountant").work("pick")[0] == 403
    assert at("buyer").work("pick")[0] == 403
    assert client.get("/stations/pick/").status_code == 404
    client.logout()
    assert client.get("/stations/pick/").status_code == 302
    assert BinStock.objects.get(bin__code="A-01").on_hand == 9


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"id": "x", "action": "pick", "body": {}}',
        '{"id": "00000000-0000-4000-a000-000000000000", "action": "explode", "body": {}}',
    ],
)
def test_what_cannot_be_read_says_so(at, client, body):
    at("picker")

    answer = client.post("/stations/pick/act/", body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["message"]
