"""What an import tells as new, changed, unchanged and failed is the difference in the tables, for any file.

The sheets come from the registry, their cells from their columns. The suite takes the same files each time;
`SHEET_FILES=500 SHEET_SEED=7 pytest tests/properties/test_any_sheet.py` looks for new ones.
"""

import csv
import io
import os
from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import connection, transaction

from inventory.models import Barcode, Category
from inventory.purchasing.models import SupplierItem
from oms.background import jobs
from oms.core.models import Job
from oms.core.wording import is_ours
from oms.files import columns, notations, results, runs
from orders.channels.models import Listing
from orders.models import PaymentTerms, Price
from tests import builders as make

pytestmark = pytest.mark.django_db
SHEETS = sorted(slug for slug, sheet in runs._sheets.items() if sheet.imports)
FILES, SEED = int(os.environ.get("SHEET_FILES", 4)), int(os.environ.get("SHEET_SEED", 0))
CODES = ("GB", "UK", "DE", "FR", "EUR", "GBP", "USD", "en", "de", "H87", "PCS")
# What an import writes about itself, beside the events of its job.
OF_JOBS = {"core_job", "core_jobresult", "core_storeddocument", "core_notice", "core_jobrows"}


@pytest.fixture
def house():
    """Records of each kind, and some to refer to."""
    make.taxes()
    place = make.warehouse()
    make.channel(allow_backorders=True)
    for code in ("A-01", "B-01", "C-01"):
        make.storage(place, code)
    goods = [make.priced(code) for code in ("TEE", "MUG", "0042")]
    goods += [make.sku("LOTS", tracking="lot"), make.sku("SETS", kit={"TEE": 2})]
    Category.objects.create(name="Cups")
    PaymentTerms.objects.create(code="N14", name="14 days", days=14)
    for number, item in enumerate(goods):
        Barcode.objects.create(sku=item, code=f"05{number}", pack_name="box", pack_quantity=6)
    goods += [make.priced(code) for code in ("HAT", "CAP", "BAG")]
    for item, code in zip(goods[:3], ("A-01", "B-01", "C-01"), strict=True):
        SupplierItem.objects.create(supplier=make.supplier(), sku=item, cost=Decimal("1.2345"))
        make.put(item, "LON", 7, code=code, cost="3.3333")
    make.supplier("loom")
    shop, other = make.customer("C-1"), make.customer("C-2", name="Other")
    for minimum in (5, 10):
        Price.objects.create(
            sku=goods[0], customer=shop, unit_price=Decimal("8.7654"), minimum=minimum
        )
    make.price_list("Trade")
    for number, item in enumerate(goods[:3]):
        Listing.objects.create(channel=make.channel(), external_id=f"V-{number}", sku=item)
    make.order(lines=[("TEE", 2), ("MUG", 1, "5.5")], customer_code="C-1", external_id="WEB-1")
    make.order(lines=[("TEE", 3)], customer_code=other.code, external_id="WEB-2")
    for amount in ("10.00", "25.50"):
        make.transfer(amount, f"bank {amount}")


class Files:
    """Files of a sheet: rows as they are stored, changed, new, wrong in a cell, twice, and anything at all."""

    def __init__(self, sheet, by, seed):
        self.sheet, self.random, self.serial = sheet(by), Random(f"{sheet.slug} {seed}"), 0
        page = next(
            each for each in admin.site._registry.values() if sheet in getattr(each, "sheets", ())
        )
        self.listed = self.sheet.listed(page.model._default_manager.all())
        self.known = [
            dict(zip(sheet.columns(), map(text, row), strict=True))
            for row in self.sheet.exported(self.listed)
        ]
        self.widgets = {each.column_name: each.widget for each in sheet.fields.values()}

    def __call__(self):
        """The columns, in any order and maybe without some that aren't needed, and up to some 20 rows."""
        absent = self.random.choice([0, 0, 0.1, 0.5])
        names = [
            name
            for name in self.sheet.columns()
            if name in self.sheet.needed() or self.random.random() > absent
        ]
        self.random.shuffle(names)
        kinds = [self.same, self.changed, self.new]
        if self.random.random() < 0.6:
            kinds += [self.wrong, self.any, self.double]
        rows = []
        for _ in range(self.random.randint(4, 12)):
            rows += self.random.choice(kinds)(rows)
        self.random.shuffle(rows)
        return names, [[row.get(name, "") for name in names] for row in rows]

    def same(self, _rows):
        """All rows of something that is there."""
        keys = self.sheet.key_columns()
        one = self.random.choice(self.known)
        return [dict(row) for row in self.known if all(row[name] == one[name] for name in keys)]

    def changed(self, rows):
        found = self.same(rows)
        others = [name for name in found[0] if name not in self.sheet.key_columns()]
        for name in self.random.sample(others, min(len(others), self.random.choice([1, 1, 3]))):
            self.random.choice(found)[name] = self.random.choice(["", *[self.value(name)] * 6])
        return found

    def new(self, rows):
        """What is there, under another key: in some of its columns."""
        names = self.sheet.key_columns()
        keys = {
            name: self.value(name)
            for name in self.random.sample(names, self.random.randint(1, len(names)))
        }
        return [row | keys for row in self.same(rows)]

    def wrong(self, rows):
        found = self.random.choice([self.same, self.new])(rows)
        self.random.choice(found)[self.random.choice(list(found[0]))] = self.random.choice(WRONG)
        return found

    def any(self, _rows):
        return [
            {
                name: self.random.choice([self.value(name), self.value(name), ""])
                for name in self.widgets
            }
        ]

    def double(self, rows):
        """A row whose key stands in the file already, written a little differently."""
        row = dict(self.random.choice(rows or self.same(rows)))
        name = self.random.choice(list(row))
        return [row | {name: self.random.choice([f" {row[name]} ", row[name], self.value(name)])}]

    def value(self, name):
        widget = self.widgets[name]
        if isinstance(widget, columns.Reference):
            rows = widget.model._default_manager.values_list(widget.by, flat=True)
            return text(self.random.choice(rows.order_by(widget.by)))
        if isinstance(widget, columns.Choice):
            return self.random.choice(widget.values)
        if isinstance(widget, columns.YesNo):
            return self.random.choice(["yes", "no"])
        if isinstance(widget, columns.Day):
            return self.random.choice(["2026-12-01", "2027-01-31"])
        if isinstance(widget, columns.Exact):
            return self.random.choice(
                ["1", "2", "7", "12", "0", "2.5", "99999999", "999999999999", "-1"]
            )
        if isinstance(widget, columns.Coded):
            return self.random.choice(CODES)
        self.serial += 1
        fresh = f"T{self.serial}"
        return self.random.choice(
            [fresh, fresh, fresh, "042", "Ä b", *(row[name] for row in self.known)]
        )


WRONG = (
    "heavy",
    "no such",
    "bell \x07",
    "x" * 90,
    "x" * 6000,
    "-5",
    "1e15",
    "0",
    "31.02.2026",
    "#N/A",
    "1,5,5",
    "",
)


def text(value):
    return (
        ""
        if value is None
        else ("yes" if value else "no")
        if isinstance(value, bool)
        else str(value)
    )


def stored():
    """A digest of each row of each table but those that an import writes about itself."""
    tables = sorted(
        model._meta.db_table
        for model in apps.get_models()
        if is_ours(model) and model._meta.managed and (model._meta.db_table not in OF_JOBS)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', to_jsonb(t) ->> 'id', md5(t::text) FROM {table} t"
                + (" WHERE t.subject_type <> 'job'" if table == "core_event" else "")
                for table in tables
            )
        )
        return {(table, key): digest for table, key, digest in cursor.fetchall()}


def difference(before, after, table=""):
    """How many rows came, changed and went, of one table or of all."""
    rows = {row for row in before.keys() | after.keys() if table in (row[0], "")}
    return (
        sum(row not in before for row in rows),
        sum(row not in after for row in rows),
        sum(row in before and row in after and before[row] != after[row] for row in rows),
    )


def take(sheet, names, rows, by, dry_run):
    content = io.StringIO(newline="")
    csv.writer(content).writerows([names, *rows])
    job = runs.upload(sheet, ContentFile(content.getvalue().encode()), "any.csv", by=by)
    written = {
        name: notations.POINT if each.kind == "number" else notations.DAY_FIRST
        for name, each in ((field.column_name, field.widget) for field in sheet.fields.values())
    }
    job = runs.begin(job, job.details["mapping"], dry_run=dry_run, by=by, notations=written)
    jobs.work(job.pk)
    return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize("slug", SHEETS)
def test_what_is_told_of_any_file_is_what_was_written(house, slug):
    sheet, seen, by = runs._sheets[slug], Counter(), make.user("root")
    by.is_superuser = True
    by.save()
    for seed in range(SEED, SEED + FILES):
        with transaction.atomic():
            names, rows = Files(sheet, by, seed)()
            seen += told_is_written(sheet, names, rows, by)
            transaction.set_rollback(True)
    assert seen["new"] + seen["changed"] and seen["unchanged"] and seen["failed"], seen


def told_is_written(sheet, names, rows, by):
    """Check a file, then take it in; each time compare what is told with what the tables hold."""
    hint, before = f"{sheet.slug}: {names} {rows}", stored()
    check = take(sheet, names, rows, by, dry_run=True)
    assert stored() == before, hint
    job = take(sheet, names, rows, by, dry_run=False)
    after = stored()
    counts = job.details["counts"]
    assert (job.error, check.error) == ("", ""), hint
    assert job.done == sum(counts.values()) and job.done + job.failed == job.total, hint
    assert job.total == sum(any(cell.strip() for cell in row) for row in rows), hint
    assert (check.details["counts"], check.failed) == (counts, job.failed), hint
    added, gone, changed = difference(before, after, sheet_table(sheet, by))
    assert (added, gone, changed) == (counts["new"], 0, counts["changed"]), hint
    if not counts["new"] + counts["changed"]:
        assert after == before, hint
    told = Counter(outcome for _number, outcome, *_rest in list(results.all_rows(job))[1:])
    assert told == +(Counter(counts) + Counter(failed=job.failed)), hint
    return Counter(counts) + Counter(failed=job.failed)


def sheet_table(sheet, by):
    """Where the rows of a sheet come to lie."""
    return Files(sheet, by, 0).listed.model._meta.db_table
