"""Each fact has one writer, whichever way it is written."""

from functools import cache

import pytest

from tests.architecture.test_house import FILES, module, tree
from tests.architecture.writers import COMPUTED, Writes, columns, constants_of

STOCK, LINES, PAST = (
    "inventory.amounts",
    "orders.fulfillment_progress",
    "orders.channels.historical_credits",
)
SAMPLES = "oms.web.demo.einvoice_cases"  # sample documents, undone once they are printed

# Columns of one name in several models have a writer each: what of, stands beside.
FACTS = {
    "status": {
        "oms.core.states",  # of documents
        "orders.order_entry",
        "orders.as_sold",
        "orders.accounting.refunds",
        "fulfillment.labels",
    },  # as placed; requests of others
    "on_hand": {"inventory.ledger"},
    "sellable": {"inventory.ledger"},
    "reserved": {STOCK, LINES, SAMPLES},  # of stock and demands, of lines
    "allocated": {STOCK},
    "picked": {STOCK, LINES, SAMPLES},
    "shipped": {STOCK, LINES, SAMPLES},
    "applied": {
        "orders.accounting.due_dates",
        "orders.accounting.payments",
        PAST,
    },  # of invoices, of payments
    "invoiced": {LINES},
    "returned": {LINES, "inventory.purchasing.sending_back", PAST},  # by customers, to suppliers
    "canceled": {LINES},
    "captured": {"orders.accounting.payments"},
    "refunded": {"orders.accounting.payments", PAST},
    "written_off": {"orders.accounting.write_offs"},
    "sequence_number": {"orders.accounting.issuing"},
    "last_hash": {"oms.core.numbering"},
}
NAMES_NO_COLUMN = {
    "oms.core.bulk_sql",  # writes what its callers name
    "oms.background.jobs",  # counters of a job
    "oms.backoffice.documents",
    "oms.rest.documents",  # fields of a form, views by name
    "oms.core.models.checked",
    "oms.core.models.coded",
    "oms.core.models.codes",
    "oms.core.models.postal",  # own value
    "oms.core.secrets",  # encrypts what is there anew
    LINES,
    STOCK,  # their own columns, by name
    "oms.web.demo.einvoice_trade",  # master data
}


@cache
def writes(path):
    return Writes(_constants()).read(tree(path))


@cache
def _constants():
    known = {}
    for path in FILES:
        for name, words in constants_of(tree(path)).items():
            known.setdefault(name, set()).update(words)
    return known


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_has_one_writer(fact):
    assert {module(path) for path in FILES if fact in writes(path)} == FACTS[fact]


def test_names_of_written_columns_stand_in_the_code():
    """Else nobody could tell who writes what."""
    assert {module(path) for path in FILES if COMPUTED in writes(path)} == NAMES_NO_COLUMN


@pytest.mark.parametrize(
    "code",
    [
        "row.reserved = 1",
        "row.reserved += 1",
        "row.reserved: int = 1",
        "row.other, (row.reserved, *row.rest) = values",
        "a = row.reserved = 1",
        "for row.reserved in amounts: pass",
        "setattr(row, 'reserved', 1)",
        "Stock.objects.filter(pk=1).update(reserved=F('reserved') + 1)",
        "Stock.objects.filter(pk=1).update(**{'reserved': 1})",
        "def write(rows):\n    changes = {}\n    changes['reserved'] = 1\n    rows.update(**changes)",
        "vars(row).update({'reserved': 1})",
        "Stock.objects.update_or_create(sku=sku, defaults={'reserved': 1})",
        "Stock.objects.bulk_update(rows, ['reserved'])",
        "Stock.objects.bulk_update(rows, fields=('other', 'reserved'))",
        "NAMES = ('other', 'reserved')\nStock.objects.bulk_update(rows, [*NAMES])",
        "Stock.objects.bulk_create(rows, update_conflicts=True, update_fields=['reserved'])",
        "row.save(update_fields=['reserved'])",
        "def write(row):\n    names = ['other']\n    names = names + ['reserved']\n    row.save(update_fields=names)",
        "bulk_sql.add(Stock, {row.pk: {'reserved': 1} for row in rows})",
        "bulk_sql.write(Stock, {1: {'reserved': 1}})",
        "def write(rows):\n    changed = {}\n    for row in rows:\n        changed[row.pk] = "
        "{'reserved': row.reserved}\n    bulk_sql.write(Stock, changed)",
        "def write(rows):\n    names = ('other', 'reserved')\n"
        "    bulk_sql.write(Stock, {row.pk: {name: getattr(row, name) for name in names} for row in rows})",
        "note(changes, 1, reserved=1)",
        "bulk_sql.note(changes, 1, **{'reserved': 1})",
        "from oms.core.bulk_sql import add\nadd(Stock, {1: dict(reserved=1)})",
        "cursor.execute('UPDATE inventory_stock SET reserved = 0')",
        "cursor.execute('update inventory_stock s set other = coalesce(a, b), \"reserved\" = 0 FROM x WHERE true')",
        "cursor.execute('UPDATE inventory_stock SET (other, reserved) = (1, 2)')",
        "cursor.execute(f'UPDATE {table} SET reserved = {table}.reserved + 1')",
        "cursor.execute('INSERT INTO s (a) VALUES (1) ON CONFLICT (a) ' + 'DO UPDATE SET "
        "reserved = excluded.reserved')",
        "SQL = '''\n    MERGE INTO s USING t ON s.a = t.a\n    WHEN MATCHED THEN UPDATE SET reserved = t.reserved'''",
    ],
)
def test_every_way_of_writing_is_seen(code):
    assert "reserved" in columns(code)


@pytest.mark.parametrize(
    "code",
    [
        "setattr(row, name, 1)",
        "def write(row, names):\n    row.save(update_fields=names)",
        "rows.update(**changes)",
        "note(changes, 1, **amounts)",
        "def add_up(column, units):\n    bulk_sql.add(Stock, {key: {column: units} for key in keys})",
        "cursor.execute(f'UPDATE s SET {assignments} FROM t')",
    ],
)
def test_a_column_whose_name_is_computed_is_seen(code):
    assert COMPUTED in columns(code)


@pytest.mark.parametrize(
    "code",
    [
        "reserved = row.reserved",
        "self.reserved[day] += 1",
        "Stock.objects.filter(reserved=1).count()",
        "Stock(reserved=0)",
        "seen.add('reserved')",
        "cursor.execute('SELECT reserved FROM s WHERE reserved = 1')",
        "row.save(update_fields=['other'])",
        "cursor.execute('UPDATE s SET other = reserved WHERE reserved = 1')",
        "cursor.execute(\"SET LOCAL reserved = '1'\")",
    ],
)
def test_reading_is_no_writing(code):
    assert "reserved" not in columns(code)
