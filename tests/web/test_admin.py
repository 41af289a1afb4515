"""The admin as its users meet it: what each role may open, and an order's whole way by its buttons."""

import re

import pytest
from django.contrib import admin
from django.urls import reverse

from fulfillment.models import Shipment
from inventory.models import BinStock, StockChange
from inventory.purchasing.models import PurchaseOrder
from oms.background import bulk_operations, jobs
from oms.core import operations, outbox
from oms.core.models import Job, JobRows, User
from orders.accounting.models import Invoice, Payment
from orders.models import ExposureEntry, Order, Promise
from returns.models import ReturnRequest
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
ROLES = ["rep", "picker", "packer", "buyer", "accountant", "manager"]


def page(document, name="change", *extra):
    opts = document._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[document.pk, *extra])


def do(client, document, operation, **data):
    """Press an operation's button, or send its form; the document as it is then."""
    document = make.fresh(document)
    version = getattr(document, "version", "")
    response = client.post(page(document, "operation", operation), {"version": version, **data})
    error = re.search(r'role="alert">(.*?)<', response.content.decode())
    assert response.status_code == 302, f"{operation}: {error and error.group(1)}"
    outbox.drain()
    return make.fresh(document)


@pytest.mark.parametrize("role", ["root", *ROLES])
def test_every_list_and_form_opens_for_who_may_and_for_nobody_else(log_in, role):
    make.sku("TEE-M", stock={"LON": 20})
    order = make.shipped(("TEE-M", 3))
    make.came_back(order)
    client = log_in(role)

    assert client.get(reverse("admin:index")).status_code == 200
    for model, pages in admin.site._registry.items():
        request = client.get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        )
        allowed = pages.has_view_permission(request.wsgi_request)
        assert request.status_code == (200 if allowed else 403), model
        row = pages.get_queryset(request.wsgi_request).first() if allowed else None
        if row is not None:
            assert client.get(page(row)).status_code == 200, model
        if allowed and pages.has_add_permission(request.wsgi_request):
            assert (
                client.get(
                    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
                ).status_code
                == 200
            )


def test_every_model_is_registered():
    from django.apps import apps

    ours = {
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0]
        in {"oms", "inventory", "orders", "fulfillment", "returns"}
    }
    inlines = {inline.model for pages in admin.site._registry.values() for inline in pages.inlines}

    assert ours - set(admin.site._registry) - inlines == {
        JobRows,  # which the job's page offers as a file
        ExposureEntry,  # summed on the customer's page
        StockChange,  # taken off as soon as it is written
        Promise,  # which ties a demand to its order line, and has nothing else
    }


def test_an_orders_whole_way_by_its_buttons(log_in, mailoutbox):
    make.taxes()
    make.service()
    tee = make.sku("TEE-M", stock={"LON": 20})
    make.priced("TEE-M")
    customer, channel = make.customer(rep=make.user("rep", "rep")), make.channel()
    for role in ("picker", "packer"):
        make.warehouse().staff.add(make.user(role, role))

    rep = log_in("rep")
    response = rep.post(
        reverse("admin:orders_order_add"),
        {
            "customer": customer.pk,
            "channel": channel.pk,
            "discount_percent": "0",
            "lines-TOTAL_FORMS": "1",
            "lines-INITIAL_FORMS": "0",
            "lines-0-sku": tee.pk,
            "lines-0-quantity": "3",
            "lines-0-discount_percent": "0",
            "charges-TOTAL_FORMS": "0",
            "charges-INITIAL_FORMS": "0",
            "holds-TOTAL_FORMS": "0",
            "holds-INITIAL_FORMS": "0",
        },
    )
    assert response.status_code == 302, response.context["errors"]
    order = Order.objects.get()
    assert (order.status, order.gross) == ("draft", 36)
    order = do(rep, order, "place")
    order = do(rep, order, "confirm")

    picker = log_in("picker")
    shipment = do(picker, Shipment.objects.get(), "start_picking")
    shipment = do(picker, shipment, "pick_all")
    packer = log_in("packer")
    shipment = do(packer, shipment, "pack")
    shipment = do(
        packer,
        shipment,
        "verify",
        **{f"lines-{line.pk}-scanned": 3 for line in shipment.lines.all()},
    )
    shipment = do(packer, shipment, "buy_labels")
    assert packer.get(page(shipment, "paper", "labels")).content.startswith(b"%PDF")
    shipment = do(packer, shipment, "ship")
    assert shipment.status == "shipped"

    _pay_and_return(log_in, order)
    assert [mail.subject.split()[0] for mail in mailoutbox] == [
        "Your",
        "Your",
        "Invoice",
        "We've",
        "Credit",
        "We've",
    ]


def _pay_and_return(log_in, order):
    accountant = log_in("accountant")
    document = do(
        accountant, Invoice.objects.get(), "record_payment", amount="36.00", reference="bank 1"
    )
    assert document.open_amount == 0
    assert accountant.get(page(document, "pdf")).getvalue().startswith(b"%PDF")

    rep = log_in("rep")
    line = order.lines.get()
    do(
        rep,
        order,
        "return",
        **{
            f"lines-{line.pk}-quantity": 1,
            f"lines-{line.pk}-reason": "unwanted",
            "resolution": "refund",
        },
    )
    request = ReturnRequest.objects.get()
    packer = log_in("packer")
    part = request.lines.get()
    request = do(
        packer, request, "receive", **{f"goods-{part.pk}-good": 1, f"goods-{part.pk}-damaged": 0}
    )
    names = ("restock", "refurbish", "scrap", "damaged_to_scrap", "damaged_to_refurbish")
    request = do(
        packer,
        request,
        "inspect",
        **{f"findings-{part.pk}-{name}": int(name == "restock") for name in names},
    )

    assert (request.status, Payment.objects.get().refunded) == ("settled", 12)


def test_operations_with_input_open_a_form_and_others_are_buttons(log_in):
    make.sku("TEE-M", stock={"LON": 20})
    order = make.confirmed(("TEE-M", 3))
    placed = make.order(lines=[("TEE-M", 1)])
    client = log_in("manager")

    for name in ("amend", "cancel_lines", "authorize", "cancel"):
        assert (
            f'href="{page(order, "operation", name)}"' in client.get(page(order)).content.decode()
        ), name
    assert (
        f'action="{page(placed, "operation", "confirm")}"'
        in client.get(page(placed)).content.decode()
    )
    assert 'name="_preview"' in client.get(page(order, "operation", "amend")).content.decode()


def test_choices_of_a_form_are_searched_or_those_of_the_document(log_in):
    make.sku("TEE-M", stock={"LON": 20, "MAN": 5})
    order, other = make.shipped(("TEE-M", 3)), make.shipped(("TEE-M", 2), customer_code="C-2")
    payment = make.transfer("5.00")
    client = log_in("root")

    exchange = client.get(page(order, "operation", "return")).content.decode()
    apply = client.get(page(payment, "operation", "apply")).content.decode()

    assert "admin-autocomplete" in exchange and "select2" in exchange and ">TEE-M<" not in exchange
    assert order.invoices.get().number in apply and other.invoices.get().number not in apply


def test_every_form_of_an_operation_opens(log_in):
    make.sku("TEE-M", stock={"LON": 20})
    order = make.shipped(("TEE-M", 3))
    make.confirmed(("TEE-M", 1))
    make.picked(make.confirmed(("TEE-M", 1)))
    make.packed(make.confirmed(("TEE-M", 1)))
    make.transfer("5.00")
    make.came_back(order)
    make.asked_back(order)
    client, opened = log_in("root"), set()
    for model in admin.site._registry:
        for step in operations.of(model).values():
            for document in model.objects.all() if step.has_form else []:
                if step.available(document):
                    assert client.get(page(document, "operation", step.name)).status_code == 200, (
                        model,
                        step.name,
                    )
                    opened.add((model.__name__, step.name))

    assert {
        ("Order", "amend"),
        ("Order", "return"),
        ("Shipment", "put_back"),
        ("Shipment", "verify"),
        ("Invoice", "credit"),
        ("Payment", "refund"),
        ("ReturnRequest", "inspect"),
        ("ReturnRequest", "receive"),
        ("BinStock", "adjust"),
    } <= opened


def test_a_refused_operation_says_why_and_changes_nothing(log_in):
    order = make.order(lines=[("TEE-M", 3)])

    response = log_in("manager").post(
        page(order, "operation", "confirm"), {"version": order.version}
    )

    assert response.status_code == 409
    assert "Not enough stock: 3 × TEE-M short" in response.content.decode()
    assert make.fresh(order).status == "placed"


def test_an_amendment_is_previewed_before_it_is_made(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 3))
    line = order.lines.get()

    response = log_in("manager").post(
        page(order, "operation", "amend"),
        {"_preview": "", f"lines-{line.pk}-quantity": 5, f"lines-{line.pk}-unit_price": "10"},
    )

    text = response.content.decode()
    assert "Preview of changes" in text and "60.00" in text
    assert make.fresh(order).gross == 36


@pytest.mark.parametrize(("paper", "failed"), [("labels", 1), ("packing_slip", 0)])
def test_papers_of_many_shipments_are_printed_by_a_task_with_a_result_each(
    log_in, paper, failed, worked
):
    make.sku("TEE-M", stock={"LON": 9})
    labeled, bare = (
        make.labeled(make.confirmed(("TEE-M", 1))),
        make.packed(make.confirmed(("TEE-M", 1))),
    )
    packer = log_in("packer")
    make.warehouse().staff.add(User.objects.get(username="packer"))

    with worked():
        packer.post(
            reverse("admin:fulfillment_shipment_changelist"),
            {"action": f"print_{paper}", "_selected_action": [labeled.pk, bare.pk]},
        )

    job = Job.objects.get()
    assert (job.done, job.failed, job.finished_at is not None) == (2 - failed, failed, True)
    assert packer.get(page(job, "file")).getvalue().startswith(b"%PDF")


def test_the_attention_page_checks_every_invariant(log_in):
    make.order(lines=[("TEE-M", 1)])

    assert "All checks passed" in log_in("manager").post(reverse("verify")).content.decode()
    assert log_in("picker").post(reverse("verify")).status_code == 302


def test_a_stale_button_is_refused(log_in):
    order = make.order(lines=[("TEE-M", 3)])

    response = log_in("manager").post(
        page(order, "operation", "cancel"), {"version": order.version - 1}
    )

    assert response.status_code == 409
    assert "Someone changed this document" in response.content.decode()


def test_an_operation_needs_its_role(log_in):
    make.sku("TEE-M", stock={"LON": 20})
    order = make.shipped(("TEE-M", 3))

    response = log_in("rep").post(
        page(order.invoices.get(), "operation", "record_payment"), {"amount": "1", "reference": "x"}
    )

    assert response.status_code in (302, 409)
    assert Payment.objects.count() == 0


def test_nothing_past_draft_is_editable_and_no_document_is_deleted(log_in):
    order = make.order(lines=[("TEE-M", 3)])
    client = log_in("root")

    assert client.post(page(order), {"note": "changed"}).status_code == 403
    assert client.post(page(order, "delete"), {"post": "yes"}).status_code == 403


def test_bulk_actions_are_jobs_with_a_result_per_row_and_what_failed_is_tried_again(log_in, worked):
    item = make.sku("TEE-M", stock={"LON": 3})
    first, second = make.order(lines=[("TEE-M", 3)]), make.order(lines=[("TEE-M", 3)])
    client = log_in("manager")

    with worked():
        response = client.post(
            reverse("admin:orders_order_changelist"),
            {"action": "do_confirm", "_selected_action": [first.pk, second.pk]},
        )
    text = client.get(response.url).content.decode()
    assert "1 of 2 done, 1 failed" in text and "3 × TEE-M short" in text

    make.put(item, "LON", 3)
    with worked():
        client.post(page(Job.objects.get(), "again"))
    text = client.get(response.url).content.decode()
    assert "2 of 2 done, 0 failed" in text
    assert {make.fresh(order).status for order in (first, second)} == {"confirmed"}


def test_a_bulk_action_is_undone_where_its_operation_names_its_inverse(log_in, worked):
    make.sku("TEE-M", stock={"LON": 9})
    make.service()
    packed = make.packed(make.confirmed(("TEE-M", 1)))
    client = log_in("packer")
    make.warehouse().staff.add(User.objects.get(username="packer"))
    with worked():
        client.post(
            reverse("admin:fulfillment_shipment_changelist"),
            {"action": "do_buy_labels", "_selected_action": [packed.pk]},
        )
    job = Job.objects.get()
    assert "Undo void labels" in client.get(page(job)).content.decode()

    with worked():
        client.post(page(job, "undo"))

    assert [label.status for label in packed.labels.all()] == ["unwanted"]
    assert client.get(page(Job.objects.latest("pk"))).status_code == 200


def test_a_job_is_its_persons_own(log_in, worked):
    order = make.order(lines=[("TEE-M", 3)])
    with worked():
        log_in("manager").post(
            reverse("admin:orders_order_changelist"),
            {"action": "do_confirm", "_selected_action": [order.pk]},
        )
    job = Job.objects.get()

    assert log_in("rep").get(page(job)).status_code == 302
    assert log_in("rep").post(page(job, "again")).status_code == 302
    assert Job.objects.get().failed == 1


def test_a_rep_sees_only_their_customers_orders(log_in):
    make.order(lines=[("TEE-M", 3)], customer_code="MINE")
    theirs = make.order(lines=[("TEE-M", 3)], customer_code="THEIRS")
    customer = make.customer("MINE")
    customer.rep = make.user("rep", "rep")
    customer.save()
    client = log_in("rep")

    text = client.get(reverse("admin:orders_order_changelist")).content.decode()

    assert "MINE" in text and "THEIRS" not in text
    assert client.get(page(theirs)).status_code == 302
    assert client.post(page(theirs, "operation", "cancel")).status_code == 302
    assert make.fresh(theirs).status == "placed"


def test_a_picker_sees_no_money(log_in):
    make.sku("TEE-M", stock={"LON": 20}, cost="777.7777")
    make.priced("TEE-M", "888.88")
    make.warehouse().staff.add(make.user("picker", "picker"))
    order = make.confirmed(("TEE-M", 3))
    shipment = make.packed(order)
    client = log_in("picker")

    pages = [
        reverse("admin:index"),
        reverse("admin:inventory_stock_changelist"),
        page(shipment),
        page(make.sku("TEE-M")),
        page(BinStock.objects.first()),
        reverse("admin:fulfillment_shipment_changelist"),
    ]
    for url in pages:
        text = client.get(url).content.decode()
        assert not re.search(r"777\.77|888\.88|2,?666\.64|3,?199\.97", text), url


def test_a_manager_cannot_make_themselves_stronger(log_in):
    client = log_in("manager")
    manager = User.objects.get(username="manager")
    clerk = make.user("clerk", "picker")

    for person in (manager, clerk):
        client.post(
            page(person),
            {
                "username": person.username,
                "is_superuser": "on",
                "is_staff": "on",
                "groups": [1, 2, 3, 4, 5, 6],
            },
        )

    assert not User.objects.filter(is_superuser=True).exists()
    assert make.fresh(clerk).role_names == {"picker"}


def test_the_reorder_button_proposes(log_in):
    from inventory.purchasing.models import ReorderRule, SupplierItem
    from tests.builders.stock import supplier

    tee = make.sku("TEE-M", stock={"LON": 1})
    SupplierItem.objects.create(supplier=supplier(), sku=tee, cost="4")
    ReorderRule.objects.create(sku=tee, warehouse=make.warehouse(), point=5, target=10)

    log_in("buyer").post(reverse("admin:reorder_check"))

    assert PurchaseOrder.objects.get().lines.get().quantity == 9


@pytest.mark.parametrize(
    "model, builder",
    [
        ("orders_order", lambda: make.order(lines=[("TEE-M", 1)])),
        ("fulfillment_shipment", lambda: make.confirmed(("TEE-M", 1))),
        ("orders_invoice", lambda: make.shipped(("TEE-M", 1))),
    ],
)
def test_lists_take_as_many_queries_for_three_rows_as_for_one(
    log_in, django_assert_max_num_queries, model, builder
):
    make.sku("TEE-M", stock={"LON": 20})
    client, url, counts = log_in("manager"), reverse(f"admin:{model}_changelist"), []
    for rows in (1, 2):
        for _ in range(rows):
            builder()
        client.get(url)
        with django_assert_max_num_queries(40) as counted:
            client.get(url)
        counts.append(len(counted))

    assert counts[0] == counts[1]


def test_a_bulk_action_says_what_it_could_not_reach(log_in):
    rep = make.user("rep", "rep")
    order = make.order(lines=[("TEE-M", 1)])
    job = bulk_operations.submit(operations.of(Order)["confirm"], [order.pk], by=rep)

    jobs.work(job.pk)

    (result,) = job.results.all()
    assert (result.succeeded, result.message) == (False, "Not found, or access was removed.")
    assert make.fresh(order).status == "placed"
