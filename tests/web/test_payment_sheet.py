"""Lines of a bank's statement: each is booked once, by the operation, and pays its invoice."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.urls import reverse

from oms.core import outbox
from oms.core.models import ExchangeRate
from orders.accounting import billing
from orders.accounting.models import Payment
from tests import builders as make
from tests.web.sheets import faults, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
HEAD = ["reference", "customer", "amount", "currency", "paid_on", "invoice"]


@pytest.fixture
def document():
    """120.00"""
    make.sku("TEE-M", stock={"LON": 90})
    made = billing.bill_order(make.confirmed(("TEE-M", 10)))
    outbox.drain()
    return made


def yesterday():
    return make.company().today() - timedelta(days=1)


def test_a_line_is_booked_at_its_value_date_and_pays_its_invoice(log_in, take, document):
    job = take(
        log_in("accountant"),
        "payments",
        table(
            HEAD,
            ["B-1", "C-1", "120.00", "GBP", yesterday(), document.number],
            ["B-2", "C-1", "7.50", "", "", ""],
        ),
    )

    assert job.details["counts"] == {"new": 2, "changed": 0, "unchanged": 0}
    first, second = Payment.objects.order_by("pk")
    assert (make.fresh(document).open_amount, first.paid_on, first.unapplied) == (0, yesterday(), 0)
    assert (second.unapplied, second.currency, second.paid_on) == (
        D("7.50"),
        "GBP",
        make.company().today(),
    )


def test_the_same_statement_again_changes_nothing_and_other_facts_are_the_rows_error(
    log_in, take, document
):
    rows = [
        ["B-1", "C-1", "60.00", "GBP", yesterday(), document.number],
        ["B-2", "C-1", "7.50", "GBP", yesterday(), ""],
    ]
    client = log_in("accountant")
    take(client, "payments", table(HEAD, *rows))

    again = take(client, "payments", table(HEAD, *rows))
    other = take(
        client,
        "payments",
        table(
            HEAD,
            ["B-1", "C-1", "61.00", "GBP", yesterday(), ""],
            ["B-2", "C-1", "7.50", "GBP", make.company().today(), ""],
            ["B-3", "C-1", "1.00", "GBP", "", "INV-0"],
            ["B-4", "C-1", "1.00", "GBP", "", document.number],
        ),
    )

    assert again.details["counts"] == {"new": 0, "changed": 0, "unchanged": 2}
    assert [row for row, _column, _told in faults(other)] == ["2", "3", "4"]
    assert ["already" in told for _row, _column, told in faults(other)] == [True, True, False]
    assert (Payment.objects.count(), make.fresh(document).open_amount) == (3, D("59.00"))


def test_another_currency_and_company_are_said(log_in, take):
    make.customer("C-2", currency="EUR")
    ExchangeRate.objects.create(
        company=make.company(), currency="EUR", day=yesterday(), rate=D("1.25")
    )
    make.company("nord", name="Nord Ltd")

    job = take(
        log_in("accountant"),
        "payments",
        table(
            [*HEAD[:5], "company"],
            ["B-1", "C-2", "5.00", "EUR", yesterday(), "acme"],
            ["B-2", "C-2", "5.00", "EUR", "", ""],
        ),
    )

    assert [told for _row, _column, told in faults(job)] == [
        "Enter the company whose account it is: there are several."
    ]
    assert Payment.objects.get().exchange_rate == D("1.25")


def test_a_rep_takes_no_payments_in(log_in, document):
    answer = log_in("rep").get(reverse("admin:orders_payment_import", args=["payments"]))

    assert answer.status_code in (302, 403, 404)
