"""Papers beside bare WeasyPrint in one run: a batch of labels, one invoice, and the memory over many documents.

    python -m tests.benchmarks.papers [DOCUMENTS]

It makes a database of its own and drops it. "Bare" is WeasyPrint on the same HTML, a call for each document.
"""

import gc
import os
import resource
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
LABELS = 100


def median_ms(call, times):
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def resident():
    """What the process holds now, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main():
    import django

    django.setup()
    from django.test.utils import setup_databases, teardown_databases

    old = setup_databases(verbosity=0, interactive=False)
    try:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
    finally:
        teardown_databases(old, verbosity=0)


def measure(count):
    import weasyprint
    from django.template.loader import render_to_string

    from fulfillment.models import Shipment
    from oms.printing import printouts
    from orders.accounting import printing
    from tests import builders as make

    make.sku("TEE-M", stock={"LON": 999})
    for code in ("MUG", "POSTER", "CARD", "BOX"):
        make.sku(code, stock={"LON": 999})
    shipment = make.labeled(make.confirmed(("TEE-M", 1)))
    order = make.shipped(*[(code, 3) for code in ("TEE-M", "MUG", "POSTER", "CARD", "BOX")])
    paper = printouts.get(Shipment, "labels")
    page = paper.pages(shipment)[0]
    single = render_to_string("documents/labels.html", {"pages": [page]})
    printouts.print_one(paper, shipment)  # fonts and engine are there

    batches, singles = [], []
    for _ in range(8):  # by turns, for the machine is shared
        batches.append(median_ms(lambda: printouts._draw(paper, [page] * LABELS), 1))
        singles.append(median_ms(lambda: weasyprint.HTML(string=single).write_pdf(), 8) * LABELS)
    batch, bare = statistics.median(batches), statistics.median(singles)
    print(
        f"{LABELS} labels: batch {batch:.0f} ms, {LABELS} single renderings {bare:.0f} ms, "
        f"ratio {batch / bare:.2f} (at most 0.25)"
    )

    document = order.invoices.get()
    drawn = printing.invoice_paper(document)
    html = render_to_string("documents/invoice.html", {"paper": drawn})
    ours, theirs = [], []
    for _ in range(20):  # by turns, for the machine is shared
        ours.append(median_ms(lambda: printing.invoice_pdf(document), 1))
        theirs.append(
            median_ms(lambda: weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/a-3b"), 1)
        )
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print(
        f"invoice: with its data from the database {ours:.0f} ms, the bare rendering {theirs:.0f} ms, "
        f"ratio {ours / theirs:.2f} (at most 1.3)"
    )

    marks = []
    for number in range(1, count + 1):
        printing.invoice_pdf(document)
        if number % max(count // 8, 1) == 0:
            gc.collect()
            marks.append(resident())
    print(f"memory over {count} invoices, in MiB: {', '.join(f'{mark:.0f}' for mark in marks)}")


if __name__ == "__main__":
    main()
