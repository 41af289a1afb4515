"""What a role that reaches own companies does stays within them, at each door that isn't about one record alone."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from inventory.purchasing.models import PurchaseOrder, ReorderRule, SupplierItem
from oms.core import attention, operations, outbox, policy
from oms.core.errors import NotAllowed, Refused
from oms.core.models import Company, ExchangeRate, Job, Notice, Role, Subscription, Topic, User
from orders import screening
from orders.accounting.models import ExportRun, Invoice
from orders.models import Channel, Customer, Order, PriceList
from tests import builders as make
from tests.web.sheets import faults, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(log_in):
    """Somebody with all rights within the first of two companies."""
    make.role("branch", "companies")
    with make.at_company("other"):
        make.warehouse("OSL")
        make.customer("C-2")
        make.channel()
        make.priced("TEE-M")
    with make.at_company("acme"):
        make.warehouse("LON")
        make.customer("C-1")
        make.channel()
        make.priced("TEE-M")
    make.taxes()
    client = log_in("branch")
    make.company("acme").staff.add(make.user("branch"))
    return client


def order_of(code, *lines, customer, **options):
    with make.at_company(code):
        return make.order(lines=lines, customer_code=customer, **options)


def person():
    return User.objects.get(username="branch")


def test_an_export_is_run_for_ones_own_company(branch):
    page = branch.get(reverse("admin:orders_exportrun_new"))
    asked = {"profile": "invoice_lines", "file_format": "csv"}
    other = branch.post(
        reverse("admin:orders_exportrun_new"), {**asked, "company": make.company("other").pk}
    )
    own = branch.post(
        reverse("admin:orders_exportrun_new"), {**asked, "company": make.company("acme").pk}
    )

    assert [each.code for each in page.context["form"].fields["company"].queryset] == ["acme"]
    assert page.context["form"].initial["company"] == make.company("acme")
    assert (other.status_code, own.status_code) == (200, 302)
    assert [run.company.code for run in ExportRun.objects.all()] == ["acme"]


def test_receivables_and_statements_are_ones_own_companys(branch):
    make.customer("C-3")  # of every company
    for code in ("acme", "other"):
        with make.at_company(code):
            make.sku("TEE-M", stock={make.own("W"): 9})
            make.shipped(("TEE-M", 1), customer_code="C-3")

    aged = branch.get(reverse("admin:orders_exportrun_receivables"), {"company": "other"})
    statement = branch.get(
        reverse("admin:orders_customer_statement", args=["C-3"]), {"company": "other"}
    )

    assert [each.code for each in aged.context["companies"]] == ["acme"]
    assert aged.context["company"].code == statement.context["statement"].company.code == "acme"


def test_orders_are_entered_through_ones_own_companys_channels_for_its_customers(branch):
    api = APIClient()
    api.force_login(person())
    line = {"sku": "TEE-M", "quantity": 1}
    parties = [
        ("C-1", "other-reps", "channel"),
        ("C-2", "acme-reps", "customer"),
        ("C-1", "acme-reps", ""),
    ]

    answers = [
        api.post(
            "/api/v1/orders/",
            {"customer": customer, "channel": channel, "lines": [line], "confirm": False},
            format="json",
            headers={"Idempotency-Key": f"{customer} {channel}".replace(" ", "-")},
        )
        for customer, channel, _wrong in parties
    ]
    page = branch.get(reverse("admin:orders_order_entry"))

    assert [each.status_code for each in answers] == [422, 422, 201]
    for answer, (_customer, _channel, wrong) in zip(answers[:2], parties, strict=False):
        assert wrong in json.dumps(answer.json()["errors"])
    assert [order.company.code for order in Order.objects.all()] == ["acme"]
    assert [each.code for each in page.context["channels"]] == ["acme-reps"]


def test_somebody_who_only_looks_at_all_companies_enters_orders_in_their_own(branch):
    make.role("viewer", "everything", ("view", "see_money"))
    make.user("branch", "viewer")
    api = APIClient()
    api.force_login(person())

    answer = api.post(
        "/api/v1/orders/",
        {
            "customer": "C-2",
            "channel": "other-reps",
            "lines": [{"sku": "TEE-M", "quantity": 1}],
            "confirm": False,
        },
        format="json",
        headers={"Idempotency-Key": "1"},
    )
    form = branch.get(reverse("admin:inventory_warehouse_add")).context["adminform"].form

    assert answer.status_code == 422 and not Order.objects.exists()
    assert [each.code for each in form.fields["company"].queryset] == ["acme"]
    assert set(policy.scope(Company, person())) >= {make.company("acme"), make.company("other")}


def test_an_import_knows_ones_own_companys_records_alone(branch, take):
    order = ("order", "channel", "customer", "sku", "quantity")
    job = take(
        branch,
        "orders",
        table(
            order,
            ("A-1", "other-reps", "C-1", "TEE-M", 1),
            ("A-2", "acme-reps", "C-2", "TEE-M", 1),
            ("A-3", "acme-reps", "C-1", "TEE-M", 1),
        ),
    )
    prices = take(
        branch,
        "prices",
        table(("sku", "price_list", "unit_price"), ("TEE-M", "other-wholesale", "3")),
    )

    assert [(row, column) for row, column, _message in faults(job)] == [
        ("2", "channel"),
        ("3", "customer"),
    ]
    assert [each.external_id for each in Order.objects.all()] == ["A-3"]
    assert [column for _row, column, _message in faults(prices)] == ["price_list"]


def test_customers_are_added_to_ones_own_company_and_to_no_other(branch, take):
    rows = (
        ("code", "name", "currency", "company"),
        ("N-1", "One", "GBP", "acme"),
        ("N-2", "Two", "GBP", "other"),
        ("N-3", "Three", "GBP", ""),
    )

    job = take(branch, "customers", table(*rows))
    form = branch.get(reverse("admin:orders_customer_add")).context["adminform"].form

    assert {(row, column) for row, column, _message in faults(job)} == {
        ("3", "company"),
        ("4", "company"),
    }
    assert Customer.objects.get(code="N-1").company.code == "acme"
    assert not Customer.objects.filter(code__in=("N-2", "N-3")).exists()
    assert form.fields["company"].required
    assert form.get_initial_for_field(form.fields["company"], "company") == make.company("acme").pk


def test_what_is_saved_keeps_what_the_person_does_not_see(branch):
    stranger = make.user("stranger")
    make.company("other").staff.add(stranger)
    shared = make.customer("C-3")
    Customer.objects.filter(pk=shared.pk).update(rep=stranger)
    colleague = make.user("colleague")
    make.company("acme").staff.add(colleague)
    make.warehouse("OSL").staff.add(colleague)
    make.warehouse("LON").staff.add(colleague)

    page = reverse("admin:orders_customer_change", args=[shared.pk])
    sent = _as_shown(branch.get(page).context["adminform"].form)
    saved = branch.post(page, {**sent, "name": "Renamed", **_no_lines()})
    page = reverse("admin:core_user_change", args=[colleague.pk])
    form = branch.get(page).context["adminform"].form
    changed = branch.post(page, {**_as_shown(form), "warehouses": []})

    assert (saved.status_code, changed.status_code) == (302, 302)
    assert (Customer.objects.get(pk=shared.pk).rep, make.fresh(shared).name) == (
        stranger,
        "Renamed",
    )
    assert [each.code for each in form.fields["warehouses"].queryset] == ["LON"]
    assert [each.code for each in colleague.warehouses.all()] == ["OSL"]


def _as_shown(form):
    """What a form sends when it is saved as it is shown."""
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    values = {
        name: [getattr(each, "pk", each) for each in value] if isinstance(value, list) else value
        for name, value in values.items()
    }
    return {name: value for name, value in values.items() if value or type(value) is int}


def _no_lines():
    """Empty inlines of a customer's page."""
    return {
        f"{prefix}-{name}": 0
        for prefix in ("addresses", "contacts", "part_numbers", "prices")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }


def test_exchange_rates_are_uploaded_for_ones_own_company(branch):
    day = (make.company("acme").today() - timedelta(days=1)).isoformat()
    file = SimpleUploadedFile("rates.csv", f"Date,GBP,USD\n{day},0.85,1.1\n".encode())

    branch.post(reverse("admin:upload_rates"), {"file": file})

    assert {rate.company.code for rate in ExchangeRate.objects.all()} == {"acme"}


def test_a_reorder_check_buys_for_ones_own_companys_warehouses(branch):
    item = make.sku("TEE-M")
    SupplierItem.objects.create(supplier=make.supplier(), sku=item, cost=1)
    for place in ("LON", "OSL"):
        ReorderRule.objects.create(sku=item, warehouse=make.warehouse(place), point=5, target=9)

    branch.post(reverse("admin:reorder_check"))

    assert [order.warehouse.code for order in PurchaseOrder.objects.all()] == ["LON"]


def test_shipped_items_of_a_shared_customer_are_billed_for_ones_own_company(branch, worked):
    make.customer("C-3")
    for code in ("acme", "other"):
        with make.at_company(code):
            make.sku("TEE-M", stock={make.own("W"): 9})
            Customer.objects.filter(code="C-3").update(billing="month")
            make.shipped(("TEE-M", 1), customer_code="C-3")
    chosen = Customer.objects.get(code="C-3").pk

    with worked():
        branch.post(
            reverse("admin:orders_customer_changelist"),
            {"action": "collect", "_selected_action": chosen},
        )

    assert Job.objects.get(kind="collect").failed == 0
    assert [each.company.code for each in Invoice.objects.all()] == ["acme"]


def test_of_held_orders_overdue_invoices_and_stock_ones_own_companys_are_told(branch):
    role = Role.objects.get(name="branch")
    Subscription.objects.all().delete()
    for topic in Topic.values:
        Subscription.objects.create(topic=topic, role=role)
    for code, customer in (("acme", "C-1"), ("other", "C-2")):
        order = order_of(code, ("TEE-M", 1), customer=customer)
        screening.hold(order, reason="Ask them")
    outbox.drain()

    numbers = set(Notice.objects.filter(to=person()).values_list("subject_number", flat=True))
    assert numbers == set(
        Order.objects.filter(company__code="acme").values_list("number", flat=True)
    )


def test_webhooks_are_ones_own_companys(branch):
    api = APIClient()
    api.force_login(person())

    answers = [
        api.post(
            "/api/v1/webhooks/",
            {"company": code, "url": "https://example.com/hook"},
            format="json",
            headers={"Idempotency-Key": code},
        )
        for code in ("other", "acme")
    ]

    assert [each.status_code for each in answers] == [422, 201]


def test_an_operation_is_not_performed_on_another_companys_document(branch):
    order = order_of("other", ("TEE-M", 1), customer="C-2")

    with pytest.raises(NotAllowed, match="outside your companies"):
        operations.of(Order)["cancel"].perform(order, by=person(), reason="x")

    assert make.fresh(order).status == "placed"


def test_what_is_about_the_whole_installation_is_not_for_one_company(branch, monkeypatch):
    monkeypatch.setattr(attention, "alarms", lambda: ["Something is late."])
    page = branch.get(reverse("admin:core_delivery_changelist"))
    home = branch.get(reverse("admin:index"))
    verify = branch.post(reverse("verify"))

    assert "Something is late." not in page.content.decode() + home.content.decode()
    assert verify.status_code == 302


def test_a_customer_of_one_company_buys_from_no_other(branch):
    with pytest.raises(Refused, match="is a customer of Other Ltd"):
        order_of("acme", ("TEE-M", 1), customer="C-2")
    with pytest.raises(Refused, match="is a customer of Other Ltd"), make.at_company("acme"):
        make.transfer("1.00", "bank-9", customer_code="C-2")


def test_prices_and_documents_keep_customers_and_channels_at_their_company(branch):
    channel = Channel.objects.get(code="acme-reps")
    channel.price_list = PriceList.objects.get(name="other-wholesale")
    with pytest.raises(ValidationError, match="another company"):
        channel.full_clean()
    order_of("other", ("TEE-M", 1), customer="C-2")
    customer = Customer.objects.get(code="C-2")
    customer.company = make.company("acme")
    with pytest.raises(ValidationError, match="documents of another company"):
        customer.full_clean()
    customer.company = None
    customer.full_clean()
    prices = PriceList.objects.get(name="other-wholesale")
    prices.company = make.company("acme")
    with pytest.raises(ValidationError, match="have this price list"):
        prices.full_clean()


def test_each_role_holds_within_its_own_reach(branch):
    """Somebody of one company who picks in another company's warehouse."""
    with make.at_company("other"):
        make.sku("TEE-M", stock={"OSL": 9})
        theirs = make.confirmed(("TEE-M", 1), customer_code="C-2")
    with make.at_company("acme"):
        make.sku("TEE-M", stock={"LON": 9})
        ours = make.confirmed(("TEE-M", 1), customer_code="C-1")
    make.user("branch", "picker")
    make.warehouse("OSL").staff.add(person())
    who = person()

    shipments = {make.shipment_of(theirs), make.shipment_of(ours)}
    assert list(policy.scope(Order, who)) == [ours]
    assert set(policy.scope(type(make.shipment_of(ours)), who)) == shipments
    assert policy.may(who, "pick_all", make.shipment_of(theirs))
    assert not policy.may(who, "reroute", make.shipment_of(theirs))
