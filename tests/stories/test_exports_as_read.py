"""Exports as an accountant reads them: named kinds, whole units, whole cents, and two VAT numbers kept apart."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal as D

import pytest

from fulfillment.carriers.models import Rate
from oms.core import outbox
from oms.core.models import Company, ExchangeRate
from orders import lifecycle, order_entry
from orders.accounting import billing, crediting, deposits
from orders.accounting.crediting import Credited
from orders.accounting.models.export import TaxCode
from orders.models import Customer, TaxRate
from orders.order_entry import Charge, Entry
from tests import builders as make
from tests.orders.test_exporting import content, export

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
BRITISH, DUTCH = "GB980780684", "NL004495445B01"


@pytest.fixture
def company():
    """A British company that sells from London and, under a Dutch number, from Amsterdam; one customer pays in yen."""
    make.company()
    Company.objects.update(vat_number=BRITISH, other_vat_numbers=DUTCH)
    make.warehouse("LON", postal_code="E1 6AN")
    make.warehouse("AMS", country="NL", postal_code="1012 AB", latitude=52.4, longitude=4.9)
    make.taxes()
    TaxRate.objects.create(country="NL", percent=21)
    for country in ("NL", "DE"):
        Rate.objects.create(service=make.service(), country=country, up_to_g=300_000, price=5)
    ExchangeRate.objects.create(
        company=make.company(), currency="JPY", day=date(2020, 1, 1), rate=D(190)
    )
    make.sku("TEE-M", stock={"LON": 30, "AMS": 40})
    make.sku("CUP", stock={"LON": 30})
    make.customer("C-JPY", currency="JPY")
    return make.company()


def sold(country, *lines, customer="C-1", charges=()):
    entry = Entry(
        make.channel(allow_backorders=True),
        make.fresh(make.customer(customer)),
        [make.line(*each) for each in lines],
        charges=charges,
        ship_to={"name": "Shop", "country": country, "postal_code": "1012", "city": "City"},
    )
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()
    billing.bill_order(make.fresh(order))
    outbox.drain()
    return make.fresh(order)


def rows_of(run):
    return list(csv.DictReader(io.StringIO(content(run).decode("utf-8-sig"))))


def quickbooks(company):
    run = export(company, "quickbooks")
    with zipfile.ZipFile(io.BytesIO(content(run))) as archive:
        files = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }
    return run, files


def test_kinds_have_names_and_units_are_whole(company):
    order = sold("GB", ("CUP", 3, "19.99"), charges=[Charge("freight", "Freight", 5)])
    document = order.invoices.get()
    line = document.lines.get(order_line__isnull=False)
    crediting.credit(document, [Credited(line, 1)], reference="note")
    later = make.confirmed(("CUP", 1, "100"))
    deposits.ask(later, D(60), reference="deposit")

    rows = rows_of(export(company, "invoice_lines", file_format="csv"))

    assert [(row["Kind"], row["SKU"], row["Quantity"], row["Net"]) for row in rows] == [
        ("invoice", "CUP", "3", "59.97"),
        ("invoice", "", "1", "5.00"),
        ("credit note", "CUP", "-1", "-19.99"),
        ("deposit invoice", "", "1", "50.00"),
    ]
    (sales,) = rows_of(export(company, "sales_by_customer", file_format="csv"))
    assert (sales["Quantity"], sales["Net"]) == ("2", "94.98")


def test_amounts_of_receivables_have_no_thousandths(company):
    sold("GB", ("CUP", 1, "19.99"))

    (row,) = rows_of(export(company, "receivables", file_format="csv"))

    assert (row["Not due"], row["Total"]) == ("23.99", "23.99")


def test_each_line_says_under_which_vat_number_it_is_billed_and_where_it_went(company):
    Customer.objects.update(vat_number="DE136695976")
    make.customer("C-DE")
    Customer.objects.filter(code="C-DE").update(vat_number="DE136695976")
    sold("DE", ("TEE-M", 70, "10"), customer="C-DE")

    lines, taxes = (
        rows_of(export(company, profile, file_format="csv"))
        for profile in ("invoice_lines", "invoice_taxes")
    )

    expected = {
        ("G (export)", BRITISH, "DE", "300.00"),
        ("K (intra-Community supply)", DUTCH, "DE", "400.00"),
    }
    for rows in (lines, taxes):
        assert {
            (row["Tax category"], row["Company's VAT number"], row["Destination"], row["Net"])
            for row in rows
        } == expected
    assert {row["Date of supply"] for row in taxes} == {str(company.today())}


def test_quickbooks_gets_tax_codes_of_each_vat_number(company):
    """What is billed under the Dutch number isn't in the British return."""
    make.customer("C-DE")
    Customer.objects.filter(code="C-DE").update(vat_number="DE136695976")
    sold("DE", ("TEE-M", 70, "10"), customer="C-DE")
    sold("NL", ("TEE-M", 1, "10"))

    run, files = quickbooks(company)
    assert {row["*ItemTaxCode"] for row in files["invoices-001.csv"]} == {
        "0.0% Z",
        "NL K 0%",
        "NL S 21%",
    }
    assert [text for text in run.findings if "NL K 0%" in text or "NL S 21%" in text]

    for category, percent in (("K", 0), ("S", 21)):
        TaxCode.objects.create(
            company=company,
            registration="NL",
            category=category,
            percent=percent,
            code=f"NL VAT {percent}",
        )
    run, files = quickbooks(company)
    assert {row["*ItemTaxCode"] for row in files["invoices-001.csv"]} == {
        "0.0% Z",
        "NL VAT 0",
        "NL VAT 21",
    }
    assert not [text for text in run.findings if "tax code" in text]


def test_quickbooks_gets_whole_cents(company):
    sold("GB", ("CUP", 2, "10"))
    sold("GB", ("CUP", 7, "3.333"))

    _run, files = quickbooks(company)

    assert [
        (row["ItemQuantity"], row["ItemRate"], row["*ItemAmount"], row["ItemTaxAmount"])
        for row in files["invoices-001.csv"]
    ] == [("2", "10.00", "20.00", "4.00"), ("7", "3.332857", "23.33", "4.67")]
