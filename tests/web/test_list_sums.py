"""Amounts of every exported list are numbers, with their currency beside them: a spreadsheet's sum is the page's."""

import io
from datetime import date
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.test import RequestFactory
from django.urls import reverse
from django.utils.html import strip_tags
from openpyxl import load_workbook

from oms.backoffice.chips import bar
from oms.core.models import ExchangeRate, Job, User
from oms.core.money_text import Amount
from orders.models import Price
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def business(drain):
    """Documents in two currencies, and one without minor units."""
    make.taxes()
    for currency, rate in (("EUR", "1.25"), ("JPY", "190")):
        ExchangeRate.objects.create(
            company=make.company(), currency=currency, day=date(2020, 1, 1), rate=rate
        )
    for code, currency, price in (
        ("C-1", "GBP", "1.79"),
        ("C-2", "EUR", "2.5"),
        ("C-3", "JPY", "1234"),
    ):
        make.customer(code, currency=currency, credit_limit=1000)
        make.sku(f"TEE-{code}", stock={"LON": 9}, cost="1.2345")
        Price.objects.create(
            sku=make.sku(f"TEE-{code}"), customer=make.customer(code), unit_price=Decimal(price)
        )
        make.order(lines=[(f"TEE-{code}", 3)], customer_code=code)
    make.shipped(("TEE-C-1", 2), customer_code="C-1")
    make.transfer("3.58")
    drain()


def pages():
    """The lists of the admin that show an amount of some row to somebody who sees all."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(is_superuser=True)
    for model, page in admin.site._registry.items():
        names = page.get_list_display(request)
        for row in page.get_queryset(request)[:1]:
            amounts = [
                name for name in names if isinstance(lookup_field(name, row, page)[2], Amount)
            ]
            if amounts:
                yield model, page, request, names, amounts


def exported(client, worked, page, kind="xlsx"):
    with worked():
        client.post(
            reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_export"),
            {"sheet": "", "format": kind, "query": ""},
        )
    job = Job.objects.latest("pk")
    assert not job.error, job.error
    return io.BytesIO(client.get(reverse("admin:core_job_file", args=[job.pk])).getvalue())


def test_each_list_adds_up_to_its_page(business, log_in, worked):
    client, seen = log_in("root"), []

    for model, page, request, _names, amounts in pages():
        sheet = load_workbook(exported(client, worked, page)).active
        heading, *rows = sheet.iter_rows()
        titles = [str(cell.value) for cell in heading]
        values = [
            [lookup_field(name, row, page)[2] for name in amounts]
            for row in page.get_queryset(request)
        ]
        labels = [str(label_for_field(name, model, page)) for name in amounts]
        places = [titles.index(label[:1].upper() + label[1:]) for label in labels]
        for position, place in enumerate(places):
            cells = [row[place] for row in rows if row[place].value is not None]
            assert all(
                cell.data_type == "n" and not cell.number_format.endswith(".") for cell in cells
            ), model
            page_sum = sum(
                (each[position].value for each in values if each[position] is not None), Decimal(0)
            )
            assert sum(Decimal(str(cell.value)) for cell in cells) == page_sum, (
                model,
                titles[place],
            )
            currencies = {each[position].currency for each in values if each[position] is not None}
            beside = titles[place + 1] if place + 1 < len(titles) else ""
            assert (beside == f"{titles[place]}: currency") == (currencies != {""}), (
                model,
                titles[place],
            )
            if currencies != {""}:
                assert {
                    row[place + 1].value or "" for row in rows if row[place].value is not None
                } == currencies
        assert sheet.title not in ("Sheet", "Sheet1")
        seen.append(model.__name__)

    assert {"Order", "Invoice", "Payment", "Price", "Stock", "Move", "Customer"} <= set(seen)


def test_an_amount_of_a_csv_file_is_a_plain_number(business, log_in, worked):
    client = log_in("root")
    page = next(page for model, page, *_ in pages() if model.__name__ == "Order")

    text = exported(client, worked, page, "csv").getvalue().decode("utf-8-sig")

    heading, *lines = text.splitlines()
    assert "Total,Total: currency" in heading, text
    assert any(",4442,JPY," in line for line in lines) and any(
        ",6.44,GBP," in line for line in lines
    )


def test_columns_of_amounts_are_named_for_their_alignment(business, log_in):
    client = log_in("root")

    for path, columns in (
        ("orders/order", "total"),
        ("orders/invoice", "open_now total"),
        ("orders/channel", ""),
    ):
        assert f'data-amounts="{columns}"' in client.get(f"/admin/{path}/").content.decode()


def test_an_order_that_is_not_billed_has_no_share_that_is_paid():
    assert (strip_tags(bar(0, 0)), strip_tags(bar(1, 2)).strip()) == ("–", "1/2")
