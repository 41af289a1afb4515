"""Books in QuickBooks: a file for each of its imports, a list for what has none, names and tax codes that it knows."""

import csv
import io
import zipfile
from decimal import Decimal as D

import pytest
from django.urls import reverse

from oms.background import jobs
from oms.core import stored_files
from oms.core.models import Company, StoredDocument
from orders.accounting import billing, crediting, export_runs, payments
from orders.accounting.models import TaxCode
from orders.models import Customer, TaxRate
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def export(company):
    run = export_runs.prepare(company, "quickbooks", by=make.user("ann", "accountant"))
    jobs.work(run.job_id)
    run = make.fresh(run)
    assert run.job.error == ""
    stored = StoredDocument.objects.get(subject_type="export", subject_number=run.number)
    with zipfile.ZipFile(io.BytesIO(stored_files.read(stored))) as archive:
        return run, {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
            for name in archive.namelist()
        }


def test_each_document_is_in_the_file_of_its_own_import_and_customers_have_one_name():
    make.sku("TEE-M", stock={"LON": 9})
    twins = [make.customer(code, name="Corner: Shop") for code in ("C-1", "C-2")]
    first, second = (make.shipped(("TEE-M", 2, "10.00"), customer_code=each.code) for each in twins)
    document = first.invoices.get()
    note = crediting.credit(
        document, [crediting.Credited(document.lines.get(), 1)], reference="note"
    )
    payments.apply(make.transfer("5.00"), make.fresh(document))
    Customer.objects.filter(code="C-2").update(email="later@example.com")

    run, files = export(make.company())

    assert set(files) == {
        "invoices-001.csv",
        "credit-notes-001.csv",
        "payments-to-enter-by-hand.csv",
    }
    billed, credited, paid = (
        files[name] for name in sorted(files, key=lambda name: "icp".index(name[0]))
    )
    assert [(row["*InvoiceNo"], row["*Customer"]) for row in billed] == [
        (document.number, "Corner- Shop (C-1)"),
        (second.invoices.get().number, "Corner- Shop (C-2)"),
    ]
    assert [
        (row["*CreditNoteNo"], D(row["*ItemAmount"]), D(row["ItemTaxAmount"]), row["ItemQuantity"])
        for row in credited
    ] == [(note.number, 10, 2, "1")]
    assert [(row["Kind"], D(row["Amount"])) for row in paid] == [("payment", 5)]
    assert any("imports no payments" in text for text in run.findings)
    assert sum(D(row["*ItemAmount"]) for row in billed) - sum(
        D(row["*ItemAmount"]) for row in credited
    ) == D(run.totals["GBP"]["net"])

    export_runs.send(run)
    again = export_runs.prepare(make.company(), "quickbooks", only_new=True, by=None)
    jobs.work(again.job_id)
    assert make.fresh(again).rows == 0


def test_tax_codes_are_those_of_the_sellers_country_or_of_its_own_list(log_in):
    Company.objects.filter(pk=make.company().pk).update(country="DE")
    make.warehouse("LON", country="DE")
    make.sku("TEE-M", stock={"LON": 9})
    TaxRate.objects.create(country="DE", percent=19)
    make.customer().addresses.update(country="DE")
    billing.bill_order(make.confirmed(("TEE-M", 1, "10.00")))

    run, files = export(make.company())
    assert [row["*ItemTaxCode"] for row in files["invoices-001.csv"]] == ["S 19%"]
    assert any("for S 19% isn't known" in text for text in run.findings)

    answer = log_in("accountant").post(
        reverse("admin:orders_taxcode_add"),
        {"company": make.company().pk, "category": "S", "percent": "19", "code": "19% USt"},
    )
    assert answer.status_code == 302
    run, files = export(make.company())
    assert [row["*ItemTaxCode"] for row in files["invoices-001.csv"]] == ["19% USt"]
    assert not any("isn't known" in text for text in run.findings)
    assert TaxCode.objects.count() == 1
