"""Codes are codes at every door, and a supply whose place isn't known waits."""

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from fulfillment import redirecting
from inventory.models import SKU, Warehouse
from oms.core.errors import Refused
from oms.core.models import Company, Job
from orders import lifecycle, order_entry, screening
from orders.accounting import billing, payments
from orders.models import Customer, Order, PriceList, TaxRate
from orders.order_entry import Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def take_in(client, page, slug, content, worked):
    with worked():
        answer = client.post(
            reverse(f"admin:{page}_import", args=[slug]),
            {"file": SimpleUploadedFile("file.csv", content.encode())},
        )
        job = Job.objects.latest("pk")
        client.post(answer.url, {**job.details["mapping"], "import": ""})
    return Job.objects.latest("pk")


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_the_admin_corrects_and_says_so_and_refuses_what_it_does_not_know(log_in):
    company, manager = make.company(), log_in("manager")
    url = reverse("admin:core_company_change", args=[company.pk])
    form = {
        name: field.value()
        for field in manager.get(url).context["adminform"].form
        for name in [field.name]
        if field.value() is not None and name != "logo"
    }

    corrected = manager.post(url, {**form, "country": "uk", "currency": "gbp", "language": "EN"})
    refused = manager.post(url, {**form, "country": "ZZ", "currency": "CLF", "language": "english"})

    assert corrected.status_code == 302, corrected.context["adminform"].form.errors
    assert "Country: uk was corrected to GB." in told(corrected)
    company.refresh_from_db()
    assert (company.country, company.currency, company.language) == ("GB", "GBP", "en")
    assert set(refused.context["adminform"].form.errors) >= {"country", "currency", "language"}


def test_sheets_correct_and_say_so_and_refuse_a_row(log_in, worked):
    make.customer("C-1")
    job = take_in(
        log_in("manager"),
        "orders_customer",
        "customers",
        "code,name,currency,vat_number\nC-7,Seven,eur,EL094259216\nC-8,Eight,ABC,\n",
        worked,
    )

    assert job.details["counts"] == {"new": 1, "changed": 0, "unchanged": 0}
    assert [(result.key, result.column) for result in job.results.filter(succeeded=False)] == [
        ("3", "currency")
    ]
    assert Customer.objects.get(code="C-7").vat_number == "EL094259216"
    assert any("eur corrected to EUR" in str(change) for change in job.details["changes"])

    addresses = take_in(
        log_in("manager"),
        "orders_customer",
        "addresses",
        "customer,name,street,postal_code,city,country\nC-1,Depot,2 Quay,bt11aa,Belfast,UK\n",
        worked,
    )
    assert addresses.details["counts"]["new"] == 1
    depot = make.customer("C-1").addresses.get(name="Depot")
    assert (depot.country, depot.postal_code) == ("GB", "BT1 1AA")

    take_in(
        log_in("manager"), "inventory_sku", "skus", "code,name,base_unit\nROPE,Rope,m\n", worked
    )
    assert SKU.objects.get(code="ROPE").base_unit == "MTR"


def test_the_admin_of_addresses_in_a_table_says_what_it_corrected(log_in):
    customer, manager = make.customer("C-1"), log_in("manager")
    url = reverse("admin:orders_customer_change", args=[customer.pk])
    page = manager.get(url)
    form = page.context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    for formset in (each.formset for each in page.context["inline_admin_formsets"]):
        data |= {f"{formset.prefix}-TOTAL_FORMS": 0, f"{formset.prefix}-INITIAL_FORMS": 0}
    data |= {
        "addresses-TOTAL_FORMS": 1,
        "addresses-0-name": "Athens",
        "addresses-0-country": "el",
        "addresses-0-customer": customer.pk,
    }

    answer = manager.post(url, data)

    assert answer.status_code == 302
    assert "Country: el was corrected to GR." in told(answer)
    assert customer.addresses.get(name="Athens").country == "GR"


def test_a_customer_with_open_documents_keeps_their_currency():
    make.sku("TEE-M", stock={"LON": 5})
    order = make.shipped(("TEE-M", 1, "10.00"))
    PriceList.objects.create(name="euro", currency="EUR")
    customer = make.fresh(order.customer)
    customer.currency = "EUR"

    with pytest.raises(Refused, match="open invoices and credit notes are in it"):
        customer.save()
    payments.apply(make.transfer(str(order.gross)), order.invoices.get())
    customer = make.fresh(customer)
    customer.currency = "EUR"
    customer.save()

    make.company()
    prices = make.price_list()
    prices.currency = "USD"
    with pytest.raises(Refused, match="create another list"):
        prices.save()
    company = make.company()
    company.currency = "USD"
    with pytest.raises(Refused, match="books of Acme Ltd"):
        company.save()


def german_seller():
    make.sku("TEE-M", stock={"LON": 9})
    Company.objects.filter(pk=make.company().pk).update(
        country="DE", postal_code="10115", vat_number="DE136695976"
    )
    Warehouse.objects.filter(code="LON").update(country="DE", postal_code="10115")
    TaxRate.objects.create(country="DE", percent=19)


def entered(**address):
    number = address.pop("vat_number", "")
    Customer.objects.filter(pk=make.customer("C-1").pk).update(vat_number=number)
    ship_to = {"name": "Shop", "city": "Town", **address}
    entry = Entry(
        make.channel(),
        Customer.objects.get(code="C-1"),
        [make.line("TEE-M", 1, "100.00")],
        ship_to=ship_to,
    )
    make.taxes()
    TaxRate.objects.filter(country="GB").delete()
    return order_entry.enter(entry)


def test_goods_to_northern_ireland_are_intra_community_with_its_number_alone():
    german_seller()

    northern = entered(country="UK", postal_code="bt1 1aa", vat_number="XI980780684")
    great = entered(country="GB", postal_code="N1 9GU", vat_number="XI980780684")
    with pytest.raises(Refused, match="No tax rate"):
        entered(country="GB", postal_code="BT1 1AA")
    heligoland = entered(country="DE", postal_code="27498")

    assert [order.lines.get().tax_category for order in (northern, great, heligoland)] == [
        "K",
        "G",
        "G",
    ]
    assert northern.ship_country == "GB"


def test_a_supply_whose_place_cannot_be_told_is_taken_in_and_reserved():
    german_seller()

    nowhere = entered(postal_code="10115")
    somewhere = entered(country="GB")

    assert (nowhere.gross, nowhere.lines.get().tax_category) == (
        119,
        "S",
    )  # taxed as at home, never free
    assert "country" in nowhere.holds.get().reason
    assert "VAT area" in somewhere.holds.get().reason
    with pytest.raises(Refused, match="on hold"):
        lifecycle.confirm(somewhere)
    screening.release_hold(nowhere, note="Let it go")
    with pytest.raises(Refused, match="has no country"):
        lifecycle.confirm(make.fresh(nowhere))

    redirecting.change_address(make.fresh(nowhere), name="Shop", country="CH", postal_code="8001")
    order = lifecycle.confirm(make.fresh(nowhere))
    assert (order.gross, order.lines.get().tax_category) == (100, "G")
    billing.bill_order(order)


def test_programs_get_the_corrected_address_and_a_clear_refusal(call):
    caller = call("rep")
    Customer.objects.filter(pk=make.customer().pk).update(rep=caller.user)
    make.taxes()
    make.channel()
    make.priced("TEE-M")
    make.sku("TEE-M", stock={"LON": 5})
    order = {"customer": "C-1", "channel": "reps", "lines": [{"sku": "TEE-M", "quantity": 1}]}
    address = {"name": "Shop", "postal_code": "n19gu", "city": "London"}

    made = caller.send("orders/", {**order, "ship_to": {**address, "country": "UK"}})
    refused = caller.send("orders/", {**order, "ship_to": {**address, "country": "Atlantis"}})

    assert made.status_code == 201, made.json()
    assert (made.json()["ship_to"]["country"], made.json()["ship_to"]["postal_code"]) == (
        "GB",
        "N1 9GU",
    )
    assert refused.status_code == 400
    assert "ISO 3166-1" in str(refused.json())
    assert Order.objects.count() == 1
