"""What order entry asks the API: customers and SKUs by words, credit, pasted blocks, and what customers call things."""

import pytest

from tests import builders as make

pytestmark = pytest.mark.django_db


def test_customers_and_skus_are_found_by_the_beginnings_of_words(rep):
    make.sku("MUG-RED")

    assert [row["code"] for row in rep.read("skus/", words="re mu").json()["results"]] == [
        "MUG-RED"
    ]
    assert [row["code"] for row in rep.read("customers/", words="sho c").json()["results"]] == [
        "C-1"
    ]
    assert rep.read("customers/", words="hop").json()["results"] == []


def test_credit_is_the_limit_less_what_is_owed_and_ordered(rep):
    customer = make.customer()
    assert rep.read("customers/C-1/credit/").json() == {
        "currency": "GBP",
        "limit": None,
        "used": "0.00",
        "left": None,
    }
    customer.credit_limit = 100
    customer.save()
    make.order(lines=[("TEE-M", 2, "10")])

    assert rep.read("customers/C-1/credit/").json() == {
        "currency": "GBP",
        "limit": "100.00",
        "used": "24.00",
        "left": "76.00",
    }


def test_a_block_is_read_and_a_name_is_remembered(rep):
    block = {"customer": "C-1", "text": "2 x TEE-M\n3 of those shirts"}
    first = rep.do("skus/read-lines/", block).json()["lines"]

    kept = rep.put(
        "/api/v1/customers/C-1/part-numbers/",
        {"code": first[1]["rest"], "sku": "TEE-M"},
        format="json",
    )
    again = rep.do("skus/read-lines/", block).json()["lines"]

    assert [(line["sku"], line["quantity"]) for line in first] == [("TEE-M", 2), (None, 3)]
    assert kept.json() == {"code": "those shirts", "sku": "TEE-M"}
    assert [(line["sku"], line["quantity"]) for line in again] == [("TEE-M", 2), ("TEE-M", 3)]


def test_another_reps_customer_is_not_there(rep):
    make.customer("C-2")
    name = {"code": "x", "sku": "TEE-M"}

    assert rep.read("customers/C-2/credit/").status_code == 404
    assert rep.put("/api/v1/customers/C-2/part-numbers/", name, format="json").status_code == 404
    assert rep.do("skus/read-lines/", {"customer": "C-2", "text": "1 TEE-M"}).status_code == 422


def test_only_sellers_name_things(call):
    make.customer()
    make.sku("TEE-M")

    answer = call("accountant").put(
        "/api/v1/customers/C-1/part-numbers/", {"code": "x", "sku": "TEE-M"}, format="json"
    )

    assert answer.status_code == 403


def test_too_long_a_block_is_refused(rep):
    answer = rep.do("skus/read-lines/", {"customer": "C-1", "text": "1 TEE-M\n" * 501})

    assert (answer.status_code, answer.json()["field"]) == (422, "text")
