"""The export of 100,000 invoice lines beside openpyxl in write-only mode over the same rows from memory, in one run.

    python -m tests.benchmarks.exports [LINES]

It makes a database of its own and drops it. Each of both runs in a process of its own, which tells its peak memory.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
PER_INVOICE = 5


def fill(lines):
    """So many lines of issued invoices, each with a hash and a number of its own."""
    from orders.accounting.models import Invoice, InvoiceLine
    from tests import builders as make

    company, customer = make.company(), make.customer()
    today = company.today()
    count = lines // PER_INVOICE
    invoices = [
        Invoice(
            kind="invoice",
            company=company,
            customer=customer,
            bill_to={"name": "Shop", "country": "GB"},
            currency="GBP",
            seller={"name": company.name},
            net=50,
            tax=10,
            gross=60,
            issued_on=today,
            supplied_on=today,
            due_on=today,
            series="INV",
            year=today.year,
            status="issued",
            sequence_number=number,
            number=f"INV-ACME-{number:06d}",
        )
        for number in range(1, count + 1)
    ]
    Invoice.objects.bulk_create(invoices, batch_size=2000)
    InvoiceLine.objects.bulk_create(
        (
            InvoiceLine(
                invoice=invoice,
                position=position,
                description=f"A thing of the kind {position}",
                quantity=2,
                unit_price=5,
                tax_percent=20,
                net=10,
                tax=2,
                gross=12,
            )
            for invoice in invoices
            for position in range(1, PER_INVOICE + 1)
        ),
        batch_size=5000,
    )


def peak():
    """The most that this process held since the last call, in MiB; the kernel's own count, begun anew."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def ours(company):
    """From the database to the finished file, kept; the job as a worker does it."""
    from oms.background import jobs
    from oms.printing import rendering
    from orders.accounting import export_runs
    from orders.accounting.models import ExportRun

    rendering.can_render(), peak()  # an idle worker has its engine
    before, began = peak(), time.perf_counter()
    run = export_runs.prepare(company, "invoice_lines")
    jobs.work(run.job_id)
    took = time.perf_counter() - began
    run = ExportRun.objects.select_related("job").get(pk=run.pk)
    assert not run.job.error, run.job.error
    return took, peak() - before, run.rows


def theirs(company):
    """openpyxl over the same rows, which are in memory already."""
    from django.db import connection
    from openpyxl import Workbook

    from orders.accounting.export_profiles import LAYOUTS, parameters
    from orders.accounting.models import ExportRun

    run = ExportRun.objects.latest("pk")
    with connection.cursor() as cursor:
        cursor.execute(LAYOUTS["invoice_lines"].rows, parameters(run))
        rows = cursor.fetchall()
    began = time.perf_counter()
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append(row)
    book.save(Path(os.environ["OMS_TEST_FOLDER"], "theirs.xlsx"))
    return time.perf_counter() - began, 0, len(rows)


def child(which):
    import django

    django.setup()
    from oms.core.models import Company

    print(*({"ours": ours, "theirs": theirs}[which](Company.objects.get())))


def main():
    if len(sys.argv) > 1 and sys.argv[1] in ("ours", "theirs"):
        child(sys.argv[1])
        return
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    old = setup_databases(verbosity=0, interactive=False)
    try:
        lines = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
        fill(lines)
        environment = {**os.environ, "OMS_TEST_DATABASE": connection.settings_dict["NAME"]}
        found = {}
        for which in ("ours", "theirs"):
            told = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.exports", which],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split()
            found[which] = [float(value) for value in told[-3:]]
        (took, memory, rows), (other, _, same) = found["ours"], found["theirs"]
        assert rows == same == lines
        print(
            f"{lines:,} lines: from the database to the file {took:.1f} s, openpyxl write-only from memory "
            f"{other:.1f} s, {other / took:.1f} times as fast (at least 3); {memory:.0f} MiB above the idle process "
            "(under 200)"
        )
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()
