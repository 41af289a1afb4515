"""A transaction that the server aborts is run again, whole, at every door; and never more than three times."""

import json
import re
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from fulfillment import waves
from inventory.models import SKU, Stock
from oms.background import bulk_operations
from oms.core import event_handlers, events, locking, operations, outbox
from oms.core.errors import Conflict
from oms.core.models import Delivery, Event, IdempotencyKey, Job, Notice, User
from orders import order_entry
from orders.models import Order
from orders.order_entry import Entry
from tests import builders as make
from tests.api.conftest import call as call
from tests.api.conftest import rep as rep
from tests.web.conftest import log_in as log_in
from tests.web.conftest import worked as worked

pytestmark = pytest.mark.django_db
DEADLOCK, SERIALIZATION, LOCK_TIMEOUT = "40P01", "40001", "55P03"


@contextmanager
def aborted(table, times=1, state=DEADLOCK):
    """Have the server abort the transaction at its first writes to a table; the list grows with each abort."""
    seen = []

    def abort(execute, sql, params, many, context):
        if len(seen) < times and re.search(rf'(UPDATE|INSERT INTO) "?{table}"?\s', sql):
            seen.append(sql)
            return execute(
                f"DO $$ BEGIN RAISE EXCEPTION 'forced' USING ERRCODE = '{state}'; END $$",
                None,
                False,
                context,
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(abort):
        yield seen


def placed(quantity=2):
    make.taxes()
    make.sku("TEE-M", stock={"LON": 9})
    return order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", quantity)]))


def step(name, model=Order):
    return operations.of(model)[name]


@pytest.mark.parametrize("state", [DEADLOCK, SERIALIZATION])
def test_an_operation_that_is_aborted_is_run_again_with_all_that_it_did(state, verified):
    order, manager = placed(), make.user("mary", "manager")

    with aborted("orders_order", times=2, state=state) as seen:
        step("confirm").perform(order, by=manager)

    order.refresh_from_db()
    assert (len(seen), order.status, order.version) == (2, "confirmed", 2)
    assert Event.objects.filter(name="order.confirmed").count() == 1
    assert Stock.objects.get().reserved == 2


def test_after_three_tries_it_is_a_conflict_and_nothing_is_done(verified):
    order, manager = placed(), make.user("mary", "manager")

    with aborted("orders_order", times=9) as seen, pytest.raises(Conflict) as refused:
        step("confirm").perform(order, by=manager)

    order.refresh_from_db()
    assert (len(seen), order.status, refused.value.code) == (3, "placed", "busy")
    assert "Try again" in refused.value.message
    assert Stock.objects.get().reserved == 0


def test_a_lock_that_is_not_to_be_had_in_time_is_a_conflict_at_once():
    order, manager = placed(), make.user("mary", "manager")

    with aborted("orders_order", times=9, state=LOCK_TIMEOUT) as seen, pytest.raises(Conflict):
        step("confirm").perform(order, by=manager)

    assert len(seen) == 1


def test_other_errors_of_the_database_are_not_repeated():
    order, manager = placed(), make.user("mary", "manager")

    with aborted("orders_order", times=9, state="57014") as seen, pytest.raises(OperationalError):
        step("confirm").perform(order, by=manager)

    assert len(seen) == 1


def test_only_the_outermost_is_run_again():
    tries = []

    @locking.whole
    def inner():
        tries.append("inner")
        Notice.objects.create(to=make.user(), text="hello")

    @locking.whole
    def outer():
        tries.append("outer")
        inner()

    with aborted("core_notice"):
        outer()

    assert (tries, Notice.objects.count()) == (["outer", "inner"] * 2, 1)


def test_what_an_aborted_try_changed_in_memory_is_read_again():
    item, seen = make.sku("TEE-M"), []

    @locking.whole
    def rename(sku):
        seen.append(sku.name)
        sku.name = "Changed"
        sku.save(update_fields=["name"])

    with aborted("inventory_sku"):
        rename(item)

    assert (seen, SKU.objects.get().name) == (["Tee-M", "Tee-M"], "Changed")


@pytest.mark.django_db(transaction=True)
def test_hooks_of_an_aborted_try_are_not_called():
    called = []

    @locking.whole
    def told():
        transaction.on_commit(lambda: called.append(1))
        make.user()
        Notice.objects.create(to=User.objects.get(), text="hello")

    with aborted("core_notice"):
        told()

    assert (called, Notice.objects.count()) == ([1], 1)


# The doors


def test_a_button_of_the_admin(log_in, verified):
    order = placed()
    browser = log_in("manager")

    with aborted("orders_order") as seen:
        answer = browser.post(reverse("admin:orders_order_operation", args=[order.pk, "confirm"]))

    assert (len(seen), answer.status_code, make.fresh(order).status) == (1, 302, "confirmed")


def test_a_button_whose_tries_are_used_up_says_so(log_in):
    order = placed()
    browser = log_in("manager")

    with aborted("orders_order", times=9):
        answer = browser.post(reverse("admin:orders_order_operation", args=[order.pk, "confirm"]))

    assert (answer.status_code, "Try again in a moment" in answer.content.decode()) == (409, True)


def test_a_form_of_the_admin(log_in):
    make.sku("TEE-M")
    browser, item = log_in("manager"), SKU.objects.get()
    page = reverse("admin:inventory_sku_change", args=[item.pk])
    shown = browser.get(page).context
    form = shown["adminform"].form
    read = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    data = {name: value for name, value in read.items() if value is not None and value is not False}
    data |= {
        f"{table.formset.prefix}-{count}": 0
        for table in shown["inline_admin_formsets"]
        for count in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

    with aborted("inventory_sku") as seen:
        answer = browser.post(page, {**data, "name": "Shirt"})
    assert (len(seen), answer.status_code, SKU.objects.get().name) == (1, 302, "Shirt")

    with aborted("inventory_sku", times=9):
        answer = browser.post(page, {**data, "name": "Other"})
    assert (answer.status_code, SKU.objects.get().name) == (503, "Shirt")
    assert "Try again in a moment" in answer.content.decode()


def test_a_bulk_action(worked):
    order, manager = placed(), make.user("mary", "manager")

    with aborted("orders_order") as seen, worked():
        job = bulk_operations.submit(step("confirm"), [order.pk], by=manager)

    job.refresh_from_db()
    assert (len(seen), job.done, job.failed) == (1, 1, 0)


def test_an_operation_of_the_api_with_the_version_that_was_read(call):
    order = placed()
    manager = call("manager")

    with aborted("orders_order") as seen:
        answer = manager.do(f"orders/{order.number}/confirm/", **{"If-Match": '"1"'})
    assert (len(seen), answer.status_code, answer.json()["status"]) == (1, 200, "confirmed")

    with aborted("orders_order") as seen:
        answer = manager.do(f"orders/{order.number}/cancel/", **{"If-Match": '"1"'})
    assert (len(seen), answer.status_code) == (0, 412)


def test_an_operation_of_the_api_whose_tries_are_used_up_is_a_503(call):
    order = placed()

    with aborted("orders_order", times=9):
        answer = call("manager").do(f"orders/{order.number}/confirm/")

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


def test_a_stale_version_is_found_after_an_abort_too(call):
    order = placed()
    manager, read = call("manager"), make.fresh(order).version
    Order.objects.filter(pk=order.pk).update(version=read + 1)

    with aborted("orders_order"):
        answer = manager.do(f"orders/{order.number}/confirm/", **{"If-Match": f'"{read}"'})

    assert answer.status_code == 412


def test_entering_by_the_api_takes_effect_once_under_its_key(rep, verified):
    make.sku("TEE-M", stock={"LON": 5})
    body = {"customer": "C-1", "channel": "reps", "lines": [{"sku": "TEE-M", "quantity": 2}]}

    with aborted("inventory_reservation", times=2) as seen:
        first = rep.send("orders/", body, key="k")
    again = rep.send("orders/", body, key="k")

    assert (len(seen), first.status_code, again.json()) == (2, 201, first.json())
    assert (
        Order.objects.count(),
        IdempotencyKey.objects.count(),
        Stock.objects.get().reserved,
    ) == (1, 1, 2)


def test_an_act_at_a_station(client):
    make.sku("TEE-M", stock={"LON": 9})
    line = waves.start_picking(make.shipment_of(make.confirmed(("TEE-M", 5)))).lines.get()
    person = make.user("picker", "picker")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    make.warehouse().staff.add(person)
    client.force_login(User.objects.get(pk=person.pk))
    sent = {
        "id": str(uuid4()),
        "action": "pick",
        "warehouse": "LON",
        "body": {"line": line.pk, "quantity": 5},
    }

    with aborted("fulfillment_shipment") as seen:
        answer = client.post(
            "/stations/pick/act/", json.dumps(sent), content_type="application/json"
        )

    assert (len(seen), answer.status_code, answer.json()) == (1, 200, {"done": "5 × TEE-M picked."})


def imported(client, worked, page, slug, content):
    with worked():
        answer = client.post(
            reverse(f"admin:{page}_import", args=[slug]),
            {"file": SimpleUploadedFile("file.csv", content.encode())},
        )
        client.post(answer.url, {**Job.objects.latest("pk").details["mapping"], "import": ""})
    return Job.objects.latest("pk")


@pytest.mark.parametrize("times, taken", [(1, (2, 0)), (2, (2, 0))])
def test_an_import_of_records(log_in, worked, times, taken):
    client = log_in("buyer")

    with aborted("inventory_sku", times=times) as seen:
        job = imported(client, worked, "inventory_sku", "skus", "code,name\nA,Shirt\nB,Hat\n")

    assert (len(seen), job.done, job.failed, SKU.objects.count()) == (times, *taken, 2)
    assert job.details["counts"]["new"] == 2


def test_an_import_of_orders(log_in, worked):
    make.taxes(), make.channel(), make.customer(), make.priced("TEE-M")
    make.sku("TEE-M", stock={"LON": 9})
    client = log_in("manager")

    with aborted("orders_order") as seen:
        job = imported(
            client,
            worked,
            "orders_order",
            "orders",
            ("order,channel,customer,sku,quantity\nX-1,reps,C-1,TEE-M,1\n"),
        )

    assert (len(seen), job.done, job.failed, Order.objects.count()) == (1, 1, 0, 1)


def test_an_event_handler(monkeypatch, test_event):
    monkeypatch.setattr(event_handlers, "_handlers", {})
    person = make.user()
    event_handlers.on("test.happened")(lambda event: Notice.objects.create(to=person, text="hello"))
    events.record("test.happened", subject_type="test", subject_number="T-1")

    with aborted("core_notice") as seen:
        outbox.drain()

    assert (len(seen), Notice.objects.count(), Delivery.objects.get().attempts) == (1, 1, 1)
