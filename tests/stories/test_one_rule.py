"""A field is validated by one rule at every door: form, API and sheet say the same, before anything depends on it."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from oms.core import outgoing
from oms.core.models import Job, WebhookEndpoint
from orders.models import Customer
from tests import builders as make
from tests.api.conftest import call as call
from tests.web.conftest import log_in as log_in
from tests.web.conftest import take as take
from tests.web.conftest import worked as worked
from tests.web.sheets import faults, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
UNCALLABLE = ["https://exämple.com/", "https://example.com/päth", "https://example.com:0/", "https://example.com:99999/",
              "https://127.0.0.1/", "https://10.0.0.1/x", "https://127.1/", "http://example.com/", "ftp://example.com/",
              "https://user@example.com/", "https:///nohost", "example.com", "https://exam ple.com/"]


@pytest.mark.parametrize("url", UNCALLABLE)
def test_an_address_that_is_never_called_is_refused_at_every_door(log_in, call, url):
    company = make.company()
    answer = call("manager").send("webhooks/", {"company": company.code, "url": url})
    assert (answer.status_code, "url" in answer.content.decode()) == (400, True)
    with pytest.raises(ValidationError) as refused:
        WebhookEndpoint(company=company, user=make.user(), url=url).full_clean()
    assert set(refused.value.message_dict) == {"url"}

    answer = log_in("root").post(reverse("admin:core_webhookendpoint_add"), {
        "company": company.pk, "url": url, "events": "", "is_active": "on"})

    assert answer.status_code == 200 and not WebhookEndpoint.objects.exists()
    assert answer.context["adminform"].form.errors.keys() == {"url"}


def test_the_refusal_of_an_umlaut_names_the_address_to_write():
    with pytest.raises(ValidationError, match=r"https://xn--exmple-cua.com:8443/p%C3%A4th\?q=%C3%BC"):
        outgoing.require_callable("https://exämple.com:8443/päth?q=ü")
    outgoing.require_callable("https://xn--exmple-cua.com:8443/p%C3%A4th?q=%C3%BC")


@pytest.mark.parametrize(("names", "is_right"), [
    ("order.confirmed", True), ("order.*,shipment.shipped", True), ("*", False), ("Order", False), ("order.", False)])
def test_names_of_events_have_one_rule(log_in, names, is_right):
    log_in("root").post(reverse("admin:core_webhookendpoint_add"), {
        "company": make.company().pk, "url": "https://example.com/", "events": names, "is_active": "on"})

    assert WebhookEndpoint.objects.exists() == is_right


@pytest.mark.parametrize(("column", "value"), [
    ("vat_number", "DE136695977"), ("email", "nobody@"), ("endpoint", "4012345000008"), ("endpoint_scheme", "88"),
    ("name", "bell \x07"), ("credit_limit", "1e20")])
def test_a_sheet_refuses_what_the_form_refuses(log_in, take, column, value):
    facts = {"code": "K", "name": "Shop", "currency": "GBP", "endpoint": "4012345000009", "endpoint_scheme": "0088",
             column: value}
    make.company()

    job = take(log_in("manager"), "customers", table(list(facts), list(facts.values())))
    assert [fault[:2] for fault in faults(job)] == [("2", column)]
    assert not Customer.objects.exists() and not Job.objects.exclude(error="").exists()

    with pytest.raises(ValidationError) as refused:
        Customer(**facts).full_clean()
    assert column in refused.value.message_dict


@pytest.mark.parametrize(("bic", "is_right"), [
    ("COBADEFFXXX", True), ("COBADEFF", True), ("COBADEF", False), ("cobadeff", False), ("DE89370400", False)])
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
