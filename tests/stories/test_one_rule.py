"""A field is validated by one rule at every door: form, API and sheet say the same, before anything depends on it."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.urls import reverse

from oms.core import web_addresses
from oms.core.models import Company, Job, WebhookEndpoint
from oms.printing.letterheads import letterhead
from orders.models import Customer
from tests import builders as make
from tests.api.conftest import call as call
from tests.web.conftest import log_in as log_in
from tests.web.conftest import take as take
from tests.web.conftest import worked as worked
from tests.web.sheets import faults, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
UNCALLABLE = [
    "https://exämple.com/",
    "https://example.com/päth",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://127.0.0.1/",
    "https://10.0.0.1/x",
    "https://127.1/",
    "http://example.com/",
    "ftp://example.com/",
    "https://user@example.com/",
    "https:///nohost",
    "example.com",
    "https://exam ple.com/",
]


@pytest.mark.parametrize("url", UNCALLABLE)
def test_an_address_that_is_never_called_is_refused_at_every_door(log_in, call, url):
    company = make.company()
    answer = call("manager").send("webhooks/", {"company": company.code, "url": url})
    assert (answer.status_code, "url" in answer.content.decode()) == (400, True)
    with pytest.raises(ValidationError) as refused:
        WebhookEndpoint(company=company, user=make.user(), url=url).full_clean()
    assert set(refused.value.message_dict) == {"url"}

    answer = log_in("root").post(
        reverse("admin:core_webhookendpoint_add"),
        {"company": company.pk, "url": url, "events": "", "is_active": "on"},
    )

    assert answer.status_code == 200 and not WebhookEndpoint.objects.exists()
    assert answer.context["adminform"].form.errors.keys() == {"url"}


def test_the_refusal_of_an_umlaut_names_the_address_to_write():
    with pytest.raises(
        ValidationError, match=r"https://xn--exmple-cua.com:8443/p%C3%A4th\?q=%C3%BC"
    ):
        web_addresses.require_callable("https://exämple.com:8443/päth?q=ü")
    web_addresses.require_callable("https://xn--exmple-cua.com:8443/p%C3%A4th?q=%C3%BC")


@pytest.mark.parametrize(
    ("names", "is_right"),
    [
        ("order.confirmed", True),
        ("order.*,shipment.shipped", True),
        ("*", False),
        ("Order", False),
        ("order.", False),
    ],
)
def test_names_of_events_have_one_rule(log_in, names, is_right):
    log_in("root").post(
        reverse("admin:core_webhookendpoint_add"),
        {
            "company": make.company().pk,
            "url": "https://example.com/",
            "events": names,
            "is_active": "on",
        },
    )

    assert WebhookEndpoint.objects.exists() == is_right


def test_an_event_that_nobody_declares_is_told_in_the_same_words_by_the_api(call):
    with pytest.raises(ValidationError) as refused:
        WebhookEndpoint(
            company=make.company(),
            user=make.user(),
            url="https://example.com/",
            events=["order.confrimed"],
        ).full_clean()

    answer = call("manager").send(
        "webhooks/",
        {
            "company": make.company().code,
            "url": "https://example.com/",
            "events": ["order.confrimed"],
        },
    )

    told = "order.confrimed isn't a webhook event. See the list of events."
    assert (answer.status_code, answer.json()["code"], told in answer.content.decode()) == (
        422,
        "unknown_event",
        True,
    )
    assert told in str(refused.value) and not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("vat_number", "DE136695977"),
        ("email", "nobody@"),
        ("endpoint", "4012345000008"),
        ("endpoint_scheme", "88"),
        ("name", "bell \x07"),
        ("credit_limit", "1e20"),
    ],
)
def test_a_sheet_refuses_what_the_form_refuses(log_in, take, column, value):
    facts = {
        "code": "K",
        "name": "Shop",
        "currency": "GBP",
        "endpoint": "4012345000009",
        "endpoint_scheme": "0088",
        column: value,
    }
    make.company()

    job = take(log_in("manager"), "customers", table(list(facts), list(facts.values())))
    assert [fault[:2] for fault in faults(job)] == [("2", column)]
    assert not Customer.objects.exists() and not Job.objects.exclude(error="").exists()

    with pytest.raises(ValidationError) as refused:
        Customer(**facts).full_clean()
    assert column in refused.value.message_dict


@pytest.mark.parametrize(
    ("bic", "is_right"),
    [
        ("COBADEFFXXX", True),
        ("COBADEFF", True),
        ("COBADEF", False),
        ("cobadeff", False),
        ("DE89370400", False),
    ],
)
def test_a_bank_code_is_checked_where_it_is_entered(bic, is_right):
    company = make.company()
    company.bic = bic
    try:
        company.full_clean()
    except ValidationError as refused:
        assert (is_right, set(refused.message_dict)) == (False, {"bic"})
    else:
        assert is_right


def test_a_number_beyond_its_rule_is_its_columns_fault_at_every_door():
    order = make.order(lines=[("TEE-M", 1)])
    line = order.lines.get()
    line.discount_percent = 150

    with pytest.raises(ValidationError) as refused:
        line.full_clean()

    assert refused.value.message_dict == {"discount_percent": ["150 is not between 0 and 100."]}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("de 811 907 980", "DE811907980"),
        ("DE-811.907.980", "DE811907980"),
        ("xi 980 7806 84", "XI980780684"),
        ("CHE-107.787.577 MWST", "CHE-107.787.577 MWST"),
        ("12-3456789", "12-3456789"),
    ],
)
def test_a_vat_number_is_kept_in_one_way_whichever_door_it_came_through(
    log_in, take, written, kept
):
    make.company()
    client = log_in("root")
    take(
        client,
        "customers",
        table(["code", "name", "currency", "vat_number"], ["SHEET", "Shop", "GBP", written]),
    )
    made = Customer.objects.create(code="CODE", name="Shop", currency="GBP", vat_number=written)
    Customer.objects.bulk_create(
        [Customer(code="BULK", name="Shop", currency="GBP", vat_number=written)]
    )
    Customer.objects.filter(
        pk=Customer.objects.create(code="SET", name="Shop", currency="GBP").pk
    ).update(vat_number=written)
    form = modelform_factory(Customer, fields=["vat_number"])(
        {"vat_number": written}, instance=make.customer("FORM")
    )
    form.save()

    assert made.vat_number == kept
    assert dict(Customer.objects.values_list("code", "vat_number")) == dict.fromkeys(
        ("SHEET", "CODE", "BULK", "SET", "FORM"), kept
    )
    again = take(
        client,
        "customers",
        table(["code", "name", "currency", "vat_number"], ["CODE", "Shop", "GBP", written]),
    )
    assert again.details["counts"] == {"new": 0, "changed": 0, "unchanged": 1}


def test_an_iban_is_kept_for_banks_and_read_in_groups_of_four(log_in):
    company = make.company()
    company.iban = "mt84 malt 0110 0001 2345 mtlc ast0 01s"
    company.full_clean()
    company.save()

    assert make.fresh(company).iban == "MT84MALT011000012345MTLCAST001S"
    shown = "MT84 MALT 0110 0001 2345 MTLC AST0 01S"
    assert f"IBAN {shown}" in letterhead(company).foot
    page = log_in("root").get(reverse("admin:core_company_change", args=[company.pk]))
    assert f'value="{shown}"' in page.content.decode()
    form = modelform_factory(Company, fields=["iban"])({"iban": shown}, instance=company)
    assert form.is_valid() and not form.has_changed() and form.save().iban == company.iban
    refused = modelform_factory(Company, fields=["iban"])(
        {"iban": shown.replace("84", "85")}, instance=company
    )
    assert refused.errors.keys() == {"iban"}
