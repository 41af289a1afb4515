"""A file of SKUs with 37 bad rows, taken in whole by a worker: how long, how much memory, and what is named.

    python -m tests.benchmarks.imports [ROWS]

It makes a database of its own on the server of DATABASE_URL (or the embedded one) and drops it. Beside the import, in
the same run, the bare reading of the same file and `bulk_create` of the same rows.
"""

import csv
import io
import os
import resource
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

BAD = 37
HEADING = ["code", "name", "weight_g", "length_mm", "tracking", "is_kit", "is_sellable", "origin"]
FAULTS = (
    ("weight_g", 2, "heavy"),
    ("tracking", 4, "sometimes"),
    ("is_sellable", 6, "perhaps"),
    ("length_mm", 3, "-5"),
    ("name", 1, "x" * 201),
    ("origin", 7, "GBR"),
    ("is_kit", 5, "2"),
)


def rows(count):
    """So many rows, of which 37, spread over the file, are bad in one column each: (row, column it is bad in)."""
    bad = {round((n + 0.5) * count / BAD): FAULTS[n % len(FAULTS)] for n in range(BAD)}
    for number in range(count):
        row = [
            f"SKU-{number:06}",
            f"Thing number {number}",
            number % 5000,
            100,
            "none",
            "no",
            "yes",
            "GB",
        ]
        if number in bad:
            row[bad[number][1]] = bad[number][2]
        yield row, bad[number][0] if number in bad else ""


def file_of(table):
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADING)
    writer.writerows(table)
    return text.getvalue().encode()


def take_in(content, by):
    """Upload, map by name, and do the job as the worker would."""
    from django.core.files.base import ContentFile

    from inventory.admin.sheets import SKUSheet
    from oms.background import jobs
    from oms.core.models import Job
    from oms.files import runs

    uploaded = runs.upload(SKUSheet, ContentFile(content), "skus.csv", by=by)
    job = jobs.start(
        runs.KIND,
        "Import",
        0,
        by=by,
        **{**uploaded.details, "dry_run": False, "file_of": uploaded.pk},
    )
    jobs.work(job.pk)
    return Job.objects.get(pk=job.pk)


def mended(job):
    """The file of the rows that failed, as the person gets it, with the wrong cells put right."""
    from oms.files import results

    good = dict(zip(HEADING, [None, "Mended", 1, 100, "none", "no", "yes", "GB"], strict=True))
    heading, *failed = results.faulty_rows(job)
    out = [heading]
    for row in failed:
        cells = dict(zip(heading, row, strict=True))
        cells[cells["wrong column"]] = good[cells["wrong column"]]
        out.append(list(cells.values()))
    text = io.StringIO(newline="")
    csv.writer(text).writerows(out)
    return text.getvalue().encode()


def prove(count, by, say=print):
    """Take in a file of so many rows: all but 37 at once, those named by row and column, and once they are mended."""
    from inventory.models import SKU

    table = list(rows(count))
    content = file_of(row for row, _ in table)
    expected = [(str(number), column) for number, (_, column) in enumerate(table, 2) if column]
    began = time.perf_counter()
    job = take_in(content, by)
    took = time.perf_counter() - began
    assert not job.error, job.error
    assert (job.done, job.failed, SKU.objects.count()) == (count - BAD, BAD, count - BAD)
    assert [(each.key, each.column) for each in job.results.filter(succeeded=False)] == expected
    say(
        f"{job.done} of {count} rows are in, {job.failed} are named by row and column, in {took:.1f} s."
    )
    again = take_in(mended(job), by)
    assert (again.done, again.failed, SKU.objects.count()) == (BAD, 0, count), list(
        again.results.all()
    )
    say(f"The {BAD} are in once they are mended.")
    return content, took


def main():
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from inventory.models import SKU
    from oms.core.models import User
    from oms.files import reading

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        by = User.objects.create(username="buyer", is_superuser=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        content, took = prove(count, by)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"Memory: {grown:.0f} MiB above the start, "
            f"the file's {len(content) / 2**20:.0f} MiB and this program's table of it included."
        )
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE inventory_sku CASCADE")
        began = time.perf_counter()
        read = [row for _, row in reading.read(io.BytesIO(content), "x.csv")][1:]
        SKU.objects.bulk_create(
            [SKU(code=row[0], name=row[1][:200], origin=row[7][:2]) for row in read], batch_size=500
        )
        bare = time.perf_counter() - began
        print(
            f"Reading the file and bulk_create alone: {bare:.1f} s; the import takes {took / bare:.1f} times that."
        )
    finally:
        teardown_databases(kept, verbosity=0)


if __name__ == "__main__":
    main()
