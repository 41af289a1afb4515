"""A month of real orders, taken as new and carried through to the accountant's export; everything must add up.

    python -m tests.benchmarks.month FILE [--from 2011-11-01] [--to 2011-11-30] [--limit N]

It makes a database of its own and drops it. Orders are confirmed, shipped, invoiced and mostly paid; the file's credit
notes credit the lines of the same customer and SKU; then every profile is exported, sent, exported again and taken
back, and each file is read again. Prints how long each part took, and what was compared.
"""

import argparse
import csv
import io
import os
import time
import zipfile
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def build(rows):
    """A company with stock of everything that the rows name, a carrier, and the tax of its country."""
    from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
    from inventory import catalog, receiving
    from inventory.models import SKU, Bin, Warehouse
    from inventory.receiving import Opening
    from oms.core.models import Company
    from orders.channels.online_retail.mapping import COUNTRIES, Kind
    from orders.models import Channel, TaxRate

    company = Company.objects.create(
        code="month",
        name="Gifts Ltd",
        street="1 Mill",
        city="London",
        country="GB",
        currency="GBP",
        vat_number="GB123456782",
        time_zone="Europe/London",
    )
    place = Warehouse.objects.create(
        code="LON", name="London", company=company, country="GB", latitude=51.5, longitude=-0.1
    )
    for kind in (
        Bin.Kind.RECEIVING,
        Bin.Kind.STAGING,
        Bin.Kind.RETURNS,
        Bin.Kind.DAMAGED,
        Bin.Kind.MISSING,
    ):
        catalog.place(place, kind)
    shelf = Bin.objects.create(warehouse=place, code="A-01")
    wanted = Counter()
    for row in rows:
        if row.kind == Kind.GOODS and row.quantity > 0:
            wanted[row.code] += row.quantity
    SKU.objects.bulk_create(SKU(code=code, name=code, weight_g=1) for code in wanted)
    receiving.open_stock(
        place,
        [
            Opening(sku, shelf, wanted[sku.code], Decimal("1.2345"), None)
            for sku in SKU.objects.all()
        ],
    )
    TaxRate.objects.create(country="GB", percent=20)
    account = CarrierAccount.objects.create(code="post", name="Post", company=company)
    service = CarrierService.objects.create(
        account=account, code="std", name="Std", max_weight_g=10**7
    )
    Rate.objects.bulk_create(
        Rate(service=service, country=country, up_to_g=10**7, price=4)
        for country in sorted(set(COUNTRIES.values()))
    )
    return Channel.objects.create(
        code="online-retail", name="Own site", kind="own_site", company=company
    )


def take_in(channel, rows, limit):
    """The month's orders, entered and confirmed."""
    from oms.core import outbox
    from oms.web import importing
    from oms.web.importing import Report, Selection

    report = Report()
    for batch in importing.invoices(iter(rows), Selection(None, None, limit), report, lambda: None):
        importing.import_open(channel, batch, report)
    outbox.drain()
    return report


def ship(channel):
    """All that is confirmed leaves the house, and is invoiced."""
    from fulfillment import labels, packing, picking, shipping, waves
    from fulfillment.models import Shipment
    from oms.core import outbox

    for shipment in Shipment.objects.filter(status="open").order_by("pk"):
        packing.pack(picking.pick_all(waves.start_picking(shipment)))
        labels.buy(Shipment.objects.get(pk=shipment.pk))
        outbox.drain()
        shipping.ship(Shipment.objects.get(pk=shipment.pk))
    outbox.drain()


def credit(channel, rows):
    """What the file credits, of the same customer's lines of the same SKU, as far as they were billed."""
    from oms.core import outbox
    from orders.accounting import part_credits
    from orders.models import OrderLine

    wanted = defaultdict(int)
    for row in rows:
        if row.is_credit and row.quantity < 0:
            wanted[row.customer, row.code] -= row.quantity
    for number, ((customer, code), units) in enumerate(sorted(wanted.items())):
        line = (
            OrderLine.objects.filter(
                order__customer__code=customer or "-", sku__code=code, invoiced__gt=0, net__gt=0
            )
            .select_related("order")
            .first()
        )
        if line is not None:
            part_credits.credit_units(
                line.order,
                {line.pk: min(units, line.invoiced)},
                reference=f"month {number}",
                reason="Returned",
            )
    outbox.drain()


def pay(channel):
    """Two of three invoices are paid whole; of the third, half."""
    from oms.core import outbox
    from orders.accounting import payments
    from orders.accounting.models import Invoice

    for number, document in enumerate(Invoice.objects.filter(kind="invoice").order_by("pk")):
        open_now = document.open_amount
        amount = open_now if number % 3 else round(open_now / 2, 2)
        if amount > 0:
            payment = payments.register_transfer(
                document.customer,
                amount,
                company=document.company,
                reference=f"bank {document.number}",
            )
            payments.apply(payment, document)
    outbox.drain()


def sums_by_sql(company):
    """What the exports must say, by SQL over the tables alone."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), sum(s * net), sum(s * tax), sum(s * gross) FROM (
                SELECT CASE kind WHEN 'credit' THEN -1 ELSE 1 END AS s, net, tax, gross FROM orders_invoice
                WHERE company_id = %s AND status = 'issued') i""",
            [company.pk],
        )
        documents, net, tax, gross = cursor.fetchone()
        cursor.execute(
            "SELECT sum(captured) FROM orders_payment WHERE company_id = %s", [company.pk]
        )
        (paid,) = cursor.fetchone()
        cursor.execute("SELECT coalesce(sum(amount), 0) FROM orders_refund WHERE status = 'done'")
        (refunded,) = cursor.fetchone()
    return {
        "documents": documents,
        "net": net,
        "tax": tax,
        "gross": gross,
        "amount": paid - refunded,
        "owed": gross - paid + refunded,
    }


def export(company, profile, **options):
    from oms.background import jobs
    from orders.accounting import export_runs
    from orders.accounting.models import ExportRun

    run = export_runs.prepare(company, profile, **options)
    jobs.work(run.job_id)
    run = ExportRun.objects.select_related("job").get(pk=run.pk)
    assert not run.job.error, run.job.error
    return run


def read_again(run):
    """The rows of a run's file, without its heading and totals."""
    from openpyxl import load_workbook

    from oms.core import stored_files
    from oms.core.models import StoredDocument

    content = stored_files.read(
        StoredDocument.objects.get(subject_type="export", subject_number=run.number)
    )
    if run.file_format == "zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = [archive.read(name).decode("utf-8-sig") for name in archive.namelist()]
        return [row for text in texts for row in list(csv.reader(io.StringIO(text)))[1:]]
    if run.file_format == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    else:
        rows = list(
            load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True)
        )
    return [row for row in rows[1:] if "Total" not in row[:2]]


def prove(company, say=print):
    """Every profile: equal to the SQL sums, each document once, taken back, and the file adds up when it is read."""
    from orders.accounting import export_runs
    from orders.accounting.export_profiles import LAYOUTS
    from orders.accounting.models.export import Profile

    wanted = sums_by_sql(company)
    for profile in Profile.values:
        layout = LAYOUTS[profile]
        run = export(company, profile, only_new=bool(layout.documents))
        totals = run.totals.get("GBP", {})
        if profile == "supplier_invoices":  # the month has one company, and nobody bills it
            assert run.rows == 0, run.rows
            continue
        for name in layout.sums:
            key = "owed" if profile == "receivables" else name
            if profile not in ("stock_value", "quickbooks"):
                assert Decimal(totals[name]) == wanted[key], (
                    profile,
                    name,
                    totals[name],
                    wanted[key],
                )
        rows = read_again(run)
        assert len(rows) == run.rows, (profile, len(rows), run.rows)
        if profile != "quickbooks":
            for name in layout.sums:
                assert sum(Decimal(str(row[layout.at[name]] or 0)) for row in rows) == Decimal(
                    totals.get(name, "0")
                ), (profile, name)
        if layout.documents:
            export_runs.send(run)
            assert export(company, profile, only_new=True).rows == 0
            export_runs.undo(run)
            assert export(company, profile, only_new=True).totals == run.totals
        say(f"{profile}: {run.rows:,} rows, {totals}")
    return wanted


def rows_of(path, since, until):
    from oms.web import importing
    from oms.web.importing import BadRow

    return [
        row
        for row in importing.read(path)
        if not isinstance(row, BadRow)
        and (since is None or row.at.date() >= since)
        and (until is None or row.at.date() <= until)
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--from", dest="since", type=date.fromisoformat, default=date(2011, 11, 1))
    parser.add_argument("--to", dest="until", type=date.fromisoformat, default=date(2011, 11, 30))
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    import django

    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_databases, teardown_databases

    old = setup_databases(verbosity=0, interactive=False)
    try:
        rows = rows_of(options.file, options.since, options.until)
        began = time.perf_counter()

        def told(text):
            print(f"{time.perf_counter() - began:7.1f} s  {text}", flush=True)

        channel = build(rows)
        report = take_in(channel, rows, options.limit)
        told(f"taken in: {report.added:,} orders of {len(rows):,} rows; {dict(report.rows)}")
        ship(channel)
        told("shipped and invoiced")
        credit(channel, rows)
        told("credited")
        pay(channel)
        told("paid")
        wanted = prove(channel.company, told)
        told(f"by SQL: {wanted}")
        call_command("verify")
        told("verified")
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
