"""Shipments, invoices, returns, stock and events over the API; and what each role may see of another's."""

import pytest
from django.contrib.auth.models import Group

from fulfillment.models import Shipment
from oms.core import operations, outbox
from oms.core.models import Event
from orders.accounting.models import Invoice
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def order(rep):
    make.sku("TEE-M", stock={"LON": 20})
    return make.shipped(("TEE-M", 3))


@pytest.fixture
def picker(call):
    caller = call("picker")
    make.warehouse().staff.add(caller.user)
    return caller


def test_shipment_shows_its_parcels_and_tracking(rep, order):
    number = rep.read("shipments/", order=order.number).json()["results"][0]["number"]

    shipment = rep.read(f"shipments/{number}/").json()

    assert (shipment["status"], shipment["lines"][0]["quantity"]) == ("shipped", 3)
    assert shipment["packages"][0]["tracking_numbers"]


def test_invoice_and_its_pdf(rep, order):
    document = order.invoices.get()

    assert rep.read(f"invoices/{document.number}/").json()["gross"] == "36.00"
    pdf = rep.read(f"invoices/{document.number}/pdf/")
    assert (pdf.headers["Content-Type"], pdf.getvalue()[:4]) == ("application/pdf", b"%PDF")


def test_a_credit_says_why_and_concerns_lines_of_its_own_invoice_alone(call, order):
    accountant, number = call("accountant"), order.invoices.get().number
    other = make.shipped(("TEE-M", 1)).invoices.get()
    credit = {"lines": [{"line": 1, "quantity": 3}], "reason": "Item arrived damaged."}

    assert accountant.do(f"invoices/{number}/credit/", credit).status_code == 200
    refused = accountant.do(f"invoices/{number}/credit/", credit)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "lines[0].line")
    assert not other.credits.exists()
    assert order.invoices.get(kind="credit").reason == "Item arrived damaged."


def test_a_reason_longer_than_can_be_kept_is_malformed(call, order):
    body = {"lines": [{"line": 1, "quantity": 1}], "reason": "x" * 201}

    answer = call("accountant").do(f"invoices/{order.invoices.get().number}/credit/", body)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")


def test_return_is_asked_for_and_followed_to_its_refund(rep, call, order, picker):
    asked = rep.send(
        "returns/", {"order": order.number, "lines": [{"order_line": 1, "quantity": 1}]}
    )
    number = asked.json()["number"]
    assert (asked.status_code, asked.json()["status"]) == (201, "approved")

    line = asked.json()["lines"][0]["id"]
    received = picker.do(f"returns/{number}/receive/", {"goods": [{"line": line, "good": 1}]})
    assert received.json()["status"] == "received"
    inspected = picker.do(
        f"returns/{number}/inspect/", {"findings": [{"line": line, "restock": 1}]}
    ).json()
    outbox.drain()

    assert (inspected["status"], inspected["settlement"]) == ("inspected", None)
    assert rep.read(f"returns/{number}/").json()["settlement"]["credited"] == "12.00"
    assert picker.read(f"returns/{number}/").json()["settlement"] is None


def test_more_than_was_shipped_is_not_taken_back(rep, order):
    answer = rep.send(
        "returns/", {"order": order.number, "lines": [{"order_line": 1, "quantity": 4}]}
    )

    assert answer.status_code == 422, answer.json()


def test_a_picker_works_a_shipment_by_its_operations(rep, picker):
    make.sku("TEE-M", stock={"LON": 5})
    make.confirmed(("TEE-M", 2))
    number = picker.read("shipments/", status="open").json()["results"][0]["number"]

    steps = [
        picker.do(f"shipments/{number}/{step}/").json()["status"]
        for step in ("start-picking", "pick-all", "pack")
    ]

    assert steps == ["picking", "picking", "packed"]
    assert picker.do(f"shipments/{number}/ship/").status_code == 422


def test_stock_per_warehouse(rep, picker):
    make.sku("TEE-M", stock={"LON": 5, "MAN": 2})

    everywhere = rep.read("stock/", sku="TEE-M").json()["results"]
    own = picker.read("stock/").json()["results"]

    assert {(row["warehouse"], row["available"]) for row in everywhere} == {("LON", 5), ("MAN", 2)}
    assert [row["warehouse"] for row in own] == ["LON"]


def test_events_are_read_by_position_and_end(rep, order):
    names, after = [], 0
    while True:
        part = rep.read("events/", after=after, limit=3).json()
        names += [event["type"] for event in part["events"]]
        after = part["next"]
        if not part["events"]:
            break

    assert names[:2] == ["order.placed", "order.confirmed"]
    assert {"shipment.shipped", "invoice.issued", "order.completed"} <= set(names)
    assert part["next"] == part["end"] == Event.objects.order_by("-position").first().position


ROWS = {
    "customers": lambda order: "C-2",
    "orders": lambda order: order.number,
    "shipments": lambda order: order.shipments.get().number,
    "invoices": lambda order: Invoice.objects.get().number,
    "returns": lambda order: make.asked_back(order).number,
}


@pytest.mark.parametrize(
    "query", [{"after": ""}, {"after": "-1"}, {"limit": "501"}, {"limit": "many"}]
)
def test_a_part_of_the_stream_that_makes_no_sense_is_malformed(rep, query):
    assert rep.read("events/", **query).status_code == 400


@pytest.mark.parametrize("role", ["rep", "picker", "packer", "buyer", "accountant", "manager"])
def test_what_is_another_reps_shows_nowhere(rep, call, role):
    """An order of another rep's customer, in a warehouse where this person does not work."""
    make.sku("TEE-M", stock={"MAN": 20})
    other = make.customer("C-2")
    other.rep = make.user("other rep", "rep")
    other.save()
    order = make.shipped(("TEE-M", 3), customer_code="C-2", external_id="secret-1")
    caller = rep if role == "rep" else call(role)

    shown = {path for path, key in ROWS.items() if is_shown(caller, role, path, key(order))}

    everywhere = role in ("accountant", "manager")
    assert shown == (set(ROWS) if everywhere else {"shipments"} if role == "buyer" else set())
    if role not in ("accountant", "manager", "buyer"):
        texts = told_elsewhere(caller, order)
        assert "secret" not in texts and order.number not in texts and "Shop C-2" not in texts


def is_shown(caller, role, path, key):
    """Whether a record is on its page and in its list; where it isn't, whoever may read the list doesn't find it."""
    page, lists = caller.read(f"{path}/{key}/"), caller.read(f"{path}/")
    listed = key in str(lists.json().get("results", []))
    hidden = 404 if role == "rep" or lists.status_code == 200 else 403
    assert page.status_code == (200 if listed else hidden), path
    return listed


def told_elsewhere(caller, order):
    """What other answers say of an order, without what was asked for."""
    asked = {"order": order.number, "lines": [{"order_line": 1, "quantity": 1}]}
    answers = [
        caller.read("events/"),
        caller.read("orders/", external_id="secret-1"),
        caller.read("shipments/", order=order.number),
        caller.send("returns/", asked),
        caller.read("skus/TEE-M/price/", customer="C-2", channel="reps"),
    ]
    return "".join(
        answer.content.decode().replace(f"'{order.number}'", "").replace("'C-2'", "")
        for answer in answers
    )


PATHS = [
    "shipments/",
    "returns/",
    "stock/",
    "events/",
    "skus/",
    "warehouses/",
    "orders/",
    "invoices/",
    "customers/",
    "quotes/",
]


def test_a_picker_finds_no_amount_anywhere(rep, picker):
    make.sku("TEE-M", stock={"LON": 20}, cost="7777.77")
    order = make.shipped(("TEE-M", 1, "8888.88"))
    make.settled(order)

    pages = []
    for path in PATHS:
        pages.append(picker.read(path))
        for row in pages[-1].json().get("results", []):
            key = row.get("number") or row.get("code")
            pages += [picker.read(f"{path}{key}/")] if key and path != "stock/" else []

    assert sum(page.status_code == 200 for page in pages) == 10  # six lists, four records
    text = "".join(page.content.decode() for page in pages)
    assert "8888.8" not in text and "7777.7" not in text and "10666." not in text


def test_roles_without_customers_may_not_ask_for_prices(rep, picker):
    assert Group.objects.filter(name="picker").exists()
    answer = picker.read("skus/TEE-M/price/", customer="C-1", channel="reps")

    assert answer.status_code in (403, 422) and "10.0" not in answer.content.decode()


def test_an_operation_that_takes_a_document_out_of_the_callers_scope_is_done_and_shows_nothing(
    picker, monkeypatch
):
    """Somebody takes them off the warehouse in the middle."""
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 2))
    number = make.shipment_of(order).number
    step = operations.of(Shipment)["start_picking"]
    monkeypatch.setattr(
        type(step), "perform", _then(type(step).perform, make.warehouse().staff.clear)
    )

    answer = picker.do(f"shipments/{number}/start-picking/")

    assert (answer.status_code, answer.content) == (204, b"")
    assert make.shipment_of(order).status == "picking"


def _then(perform, follow):
    def both(*args, **values):
        done = perform(*args, **values)
        follow()
        return done

    return both
