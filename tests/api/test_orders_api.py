from decimal import Decimal as D

import pytest

from inventory.models import Stock
from oms.core import fonts, locking, outbox
from oms.core.models import Event, IdempotencyKey
from orders.models import Discount, Order, PriceList
from tests import builders as make

pytestmark = [pytest.mark.smoke, pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def body(*lines, **fields):
    lines = lines or (("TEE-M", 2),)
    return {
        "customer": "C-1",
        "channel": "reps",
        "lines": [{"sku": sku, "quantity": n} for sku, n in lines],
        **fields,
    }


def test_create_places_and_confirms_in_one_go(rep):
    make.sku("TEE-M", stock={"LON": 5})

    answer = rep.send("orders/", body())

    assert answer.status_code == 201, answer.json()
    assert (answer.json()["status"], answer.json()["gross"]) == ("confirmed", "24.00")
    assert answer.headers["ETag"] and answer.headers["Location"].endswith(
        f"/orders/{answer.json()['number']}/"
    )
    assert Stock.objects.get().reserved == 2


def test_a_character_that_no_font_has_is_named(rep, monkeypatch):
    monkeypatch.setattr(fonts, "_is_covered", lambda character: False)

    answer = rep.send("orders/", body(customer_reference="Box 📦"))

    assert (
        answer.status_code == 400
        and "No font on this machine has 📦 (U+1F4E6)" in answer.content.decode()
    )


def test_create_without_confirming_only_places(rep):
    assert rep.send("orders/", body(confirm=False)).json()["status"] == "placed"


def test_shortfall_is_a_422_by_sku_and_leaves_nothing(rep):
    make.sku("TEE-M", stock={"LON": 1})

    answer = rep.send("orders/", body(), key="k")

    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert (answer.json()["code"], answer.json()["shortfall"]) == ("not_enough", {"TEE-M": 1})
    assert (
        Order.objects.count(),
        IdempotencyKey.objects.count(),
        Event.objects.filter(subject_type="order").count(),
    ) == (0, 0, 0)


def test_same_key_replays_and_another_body_is_refused(rep):
    first = rep.send("orders/", body(confirm=False), key="k")
    again = rep.send("orders/", body(confirm=False), key="k")
    other = rep.send("orders/", body(("TEE-M", 3), confirm=False), key="k")

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert Order.objects.count() == 1


def test_key_is_required(rep):
    answer = rep.do("orders/", body())

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_keys_of_two_clients_are_apart(rep, call):
    rep.send("orders/", body(confirm=False), key="k")
    manager = call("manager")

    assert manager.send("orders/", body(confirm=False), key="k").status_code == 201
    assert Order.objects.count() == 2


def test_an_answer_that_never_came_is_asked_for_by_key(rep):
    made = rep.send("orders/", body(confirm=False), key="k")

    assert rep.read("requests/k/").json() == made.json()
    assert rep.read("requests/other/").status_code == 404


def test_bad_lines_are_named_by_field_and_line(rep):
    unknown = rep.send("orders/", body(("TEE-M", 1), ("NO-SUCH", 1)))
    negative = rep.send("orders/", body(("TEE-M", 1), ("TEE-M", -1)))

    assert unknown.json()["errors"] == [
        {
            "field": "lines[1].sku",
            "line": 2,
            "code": "invalid",
            "message": "SKU 'NO-SUCH' not found.",
        }
    ]
    assert [(e["field"], e["line"]) for e in negative.json()["errors"]] == [
        ("lines[1].quantity", 2)
    ]


def test_own_part_number_and_barcode_name_a_sku(rep):
    sku = make.sku("TEE-M")
    make.customer().part_numbers.create(code="ACME-7", sku=sku)
    sku.barcodes.create(code="5000000000017")

    answer = rep.send("orders/", body(("ACME-7", 1), ("5000000000017", 1), confirm=False))

    assert [line["sku"] for line in answer.json()["lines"]] == ["TEE-M", "TEE-M"]


def test_a_line_says_which_warehouses_have_it_and_where_it_is_taxed_from(rep):
    make.sku("TEE-M", stock={"LON": 2, "MAN": 3})

    entered = rep.send("orders/", body(("TEE-M", 4))).json()
    outbox.drain()
    make.ship_rest(Order.objects.get(number=entered["number"]))
    line = rep.read(f"orders/{entered['number']}/").json()["lines"][0]

    assert entered["lines"][0]["warehouses"] == line["warehouses"] == {"LON": 2, "MAN": 2}
    assert line["origin"] == "GB"


def test_bulk_gives_a_result_per_order_and_replays_what_was_done(rep):
    make.sku("TEE-M", stock={"LON": 5})
    orders = [body(("TEE-M", 4)), body(("TEE-M", 4)), body(("TEE-M", 1))]

    first = rep.send("orders/bulk/", {"orders": orders}, key="k").json()
    again = rep.send("orders/bulk/", {"orders": orders}, key="k").json()

    assert [result["status"] for result in first["results"]] == [201, 422, 201]
    assert (first["done"], first["failed"]) == (2, 1)
    assert [result["number"] for result in again["results"]] == [
        result["number"] for result in first["results"]
    ]
    assert Order.objects.count() == 2


def test_quote_becomes_an_order(rep):
    quote = rep.send("quotes/", body(valid_until="2099-01-01")).json()
    assert (quote["status"], quote["valid_until"]) == ("quoted", "2099-01-01")

    assert rep.do(f"orders/{quote['number']}/place/").json()["status"] == "placed"
    assert rep.read("quotes/").json()["results"] == []


def test_operations_of_the_catalog_are_endpoints(rep):
    make.sku("TEE-M", stock={"LON": 5})
    number = rep.send("orders/", body(confirm=False)).json()["number"]

    on_hold = rep.do(f"orders/{number}/hold/", {"reason": "call them first"})
    refused = rep.do(f"orders/{number}/confirm/")
    not_theirs = rep.do(f"orders/{number}/release-hold/")

    assert on_hold.json()["holds"][0]["reason"] == "call them first"
    assert (refused.status_code, refused.json()["code"]) == (422, "on_hold")
    assert (not_theirs.status_code, not_theirs.json()["code"]) == (403, "not_allowed")


def test_an_operation_out_of_turn_is_a_409(rep):
    number = rep.send("orders/", body(confirm=False)).json()["number"]

    answer = rep.do(f"orders/{number}/amend/", {"lines": [{"line": 1, "quantity": 3}]})

    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_amend_with_preview_and_new_lines(rep):
    make.sku("TEE-M", stock={"LON": 9})
    make.sku("MUG", stock={"LON": 9})
    make.priced("MUG", "5")
    number = rep.send("orders/", body()).json()["number"]
    change = {"lines": [{"line": 1, "quantity": 3}], "additions": [{"sku": "MUG", "quantity": 2}]}

    preview = rep.do(f"orders/{number}/amend/preview/", change).json()
    outbox.drain()
    amended = rep.do(f"orders/{number}/amend/", change).json()

    assert (preview["gross_before"], preview["gross_after"]) == ("24.00", "48.00")
    assert (amended["gross"], [line["sku"] for line in amended["lines"]]) == (
        "48.00",
        ["TEE-M", "MUG", "TEE-M"],
    )


def test_a_line_that_is_not_there_is_named(rep):
    make.sku("TEE-M", stock={"LON": 9})
    number = rep.send("orders/", body()).json()["number"]

    answer = rep.do(f"orders/{number}/amend/", {"lines": [{"line": 7, "quantity": 3}]})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "lines[0].line")


def test_if_match_refuses_what_was_changed_since(rep):
    first = rep.send("orders/", body(confirm=False))
    path = f"orders/{first.json()['number']}"
    rep.do(f"{path}/hold/", {"reason": "wait"})

    stale = rep.do(f"{path}/cancel/", {"reason": "no"}, **{"If-Match": first.headers["ETag"]})
    fresh = rep.do(
        f"{path}/cancel/", {"reason": "no"}, **{"If-Match": rep.read(f"{path}/").headers["ETag"]}
    )

    assert (stale.status_code, stale.json()["code"], fresh.json()["status"]) == (
        412,
        "stale",
        "canceled",
    )


def test_external_id_comes_once_per_channel(rep):
    rep.send("orders/", body(external_id="web-1", confirm=False))

    answer = rep.send("orders/", body(external_id="web-1", confirm=False))

    assert (answer.status_code, answer.json()["code"], Order.objects.count()) == (
        409,
        "duplicate",
        1,
    )


def test_too_large_numbers_are_refused_not_broken(rep):
    answer = rep.send(
        "orders/",
        {
            **body(),
            "confirm": False,
            "lines": [{"sku": "TEE-M", "quantity": 1_000_000, "unit_price": "9999999.0000"}] * 1000,
        },
    )

    assert answer.status_code == 422, answer.json()


def test_lists_filter_and_page_by_cursor(rep):
    for _ in range(3):
        rep.send("orders/", body(confirm=False))
    make.order(lines=[("TEE-M", 1)], customer_code="C-2")

    page = rep.read("orders/", limit=2, customer="C-1").json()
    rest = rep.get(page["next"]).json()

    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)
    assert rep.read("orders/", status="canceled").json()["results"] == []


@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_the_same_statements_for_one_row_and_three(
    rep, count, django_assert_max_num_queries
):
    for _ in range(count):
        rep.send("orders/", body(confirm=False))

    with django_assert_max_num_queries(4):
        assert len(rep.read("orders/").json()["results"]) == count


def test_lookup_of_a_hundred_skus_takes_at_most_twelve_statements(
    rep, django_assert_max_num_queries
):
    codes = [f"SKU-{number}" for number in range(100)]
    for code in codes:
        make.sku(code, stock={"LON": 7})
        make.priced(code, "2.50")
    asked = {
        "customer": "C-1",
        "channel": "reps",
        "items": [{"sku": code, "quantity": 3} for code in codes],
    }

    with django_assert_max_num_queries(12):
        items = rep.do("skus/lookup/", asked).json()["items"]

    assert len(items) == 100
    assert (D(items[0]["unit_price"]), items[0]["available"], items[0]["by_warehouse"]) == (
        D("2.5"),
        7,
        {"LON": 7},
    )


@pytest.mark.parametrize("includes_tax", [False, True])
def test_amounts_and_total_that_are_looked_up_are_those_of_the_order(rep, includes_tax):
    PriceList.objects.filter(pk=make.price_list().pk).update(includes_tax=includes_tax)
    make.sku("PIN", stock={"LON": 50})
    make.priced("PIN", "0.3350")
    Discount.objects.create(name="spring", percent="2.5")
    lines = [
        {"sku": "PIN", "quantity": 1},
        {"sku": "PIN", "quantity": 7},
        {"sku": "TEE-M", "quantity": 1},
        {"sku": "TEE-M", "quantity": 3, "unit_price": "1.2350"},
    ]
    asked = {
        "customer": "C-1",
        "channel": "reps",
        "items": [*lines, {"sku": "PIN", "quantity": None}],
    }

    found = rep.do("skus/lookup/", asked).json()
    order = Order.objects.get(
        number=rep.send("orders/", body(lines=lines, confirm=False)).json()["number"]
    )

    mode = "gross" if includes_tax else "net"
    amounts = list(order.lines.order_by("position").values_list(mode, flat=True))
    assert (
        [D(item["amount"]) for item in found["items"][:4]]
        == amounts
        == [D("0.33"), D("2.29"), D("9.75"), D("3.71")]
    )
    assert (found["items"][4]["amount"], found["items"][4]["unit_price"]) == (None, "0.3350")
    assert (D(found["total"]), found["prices_include_tax"]) == (getattr(order, mode), includes_tax)


def test_price_of_one_sku(rep):
    found = rep.read("skus/TEE-M/price/", customer="C-1", channel="reps", quantity=2).json()

    assert (found["unit_price"], found["price_source"], found["available"]) == (
        "10.0000",
        "list wholesale",
        0,
    )


def test_expecting_looks_at_the_first_lock_only(rep):
    order = make.order(lines=[("TEE-M", 1)])

    with locking.atomic(), locking.expecting(order, order.version):
        locking.lock_one(order)
        Order.objects.filter(pk=order.pk).update(version=9)
        locking.lock_one(order)
