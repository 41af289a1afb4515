"""Each invariant, broken by SQL behind the operations' backs, is found and its row named."""

from contextlib import suppress
from decimal import Decimal as D

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from inventory import counting, transfers
from inventory.models import Count, Move, Transfer
from oms.core import outbox, states
from oms.core.models import StoredDocument
from oms.insights import completeness_rules, event_rules, tax_rules, verification
from orders.accounting import deposits, export_runs, payments
from orders.order_entry import Charge
from orders.planners.places import place
from tests import builders as make

pytestmark = pytest.mark.django_db
FIRST_LINE = "id = (SELECT min(id) FROM orders_orderline)"

BREAKS = {
    "on hand per place and lot is what the ledger says": "UPDATE inventory_binstock SET on_hand = on_hand + 1 WHERE id = (SELECT min(id) FROM inventory_binstock)",
    "a move has two ends and a positive quantity": "UPDATE inventory_move SET target_id = source_id",
    "stock of a warehouse is the sum of its bins": "UPDATE inventory_stock SET on_hand = on_hand + 1",
    "reserved is the sum of the unpicked reservations, and on hand": "UPDATE inventory_stock SET reserved = reserved + 1",
    "allocated is the sum of the allocated reservations, and in the bin": "UPDATE inventory_binstock SET allocated = allocated + 1",
    "what is picked lies in staging": "UPDATE inventory_reservation SET state = 'picked' WHERE state = 'shipped'",
    "demand is what its reservations say": "UPDATE inventory_demand SET shipped = shipped - 1 WHERE shipped > 0",
    "a line's goods are in order: reserved, picked, shipped, returned within what was ordered": f"UPDATE orders_orderline SET returned = shipped + 1 WHERE {FIRST_LINE}",
    "shipped on a line is what left the stock for it": f"UPDATE orders_orderline SET shipped = 0 WHERE {FIRST_LINE}",
    "returned on a line is what its returns brought": f"UPDATE orders_orderline SET returned = 0 WHERE {FIRST_LINE}",
    "what a count posted is what the ledger booked for it": "UPDATE inventory_countline SET posted = 2",
    "the lines of transfers say what is in transit": "UPDATE inventory_transferline SET lost = 1",
    "a transfer that is over has nothing in transit": "UPDATE inventory_transfer SET status = 'received'",
    "received and returned on a purchase line are what the ledger says": "UPDATE inventory_purchaseline SET received = received + 1",
    "an order's summary is the sum of its lines": "UPDATE orders_order SET invoiced = invoiced + 1",
    "the packages of a packed shipment hold its lines, all and once": "UPDATE fulfillment_packagecontent SET quantity = quantity - 1 WHERE quantity > 1",
    "a package holds goods of its own shipment only": "UPDATE fulfillment_packagecontent SET package_id = (SELECT max(package_id) FROM fulfillment_packagecontent)",
    "an order is the sum of its lines and charges": "UPDATE orders_order SET gross = gross + 0.01",
    "net and tax make gross": f"UPDATE orders_orderline SET gross = gross + 0.01 WHERE {FIRST_LINE}",
    "tax is what its rate and price mode say": f"UPDATE orders_orderline SET tax = tax + 1, net = net - 1 WHERE {FIRST_LINE}",
    "an invoice is the sum of its lines": "UPDATE orders_invoice SET net = net + 0.01, gross = gross + 0.01",
    "invoiced on a line is what its invoices billed": f"UPDATE orders_orderline SET invoiced = 0 WHERE {FIRST_LINE}",
    "what was shipped is invoiced once its order is completed": f"UPDATE orders_orderline SET invoiced = 1 WHERE {FIRST_LINE}",
    "credited on an invoice line is what its credit notes say": "UPDATE orders_invoiceline SET credited = 0 WHERE credited > 0",
    "captured is at most what was authorized, refunded at most what was captured": "UPDATE orders_payment SET captured = amount + 1",
    "a payment's applications are at most what it has": "UPDATE orders_payment SET applied = applied + 1",
    "an invoice's applications are at most what it asks, a credit note's what it has": "UPDATE orders_invoice SET applied = applied - 0.01 WHERE kind = 'invoice'",
    "exchange differences are what the rates of both sides say": "UPDATE orders_paymentapplication SET exchange_difference = 1",
    "a customer's balance is what is open": "UPDATE orders_paymentapplication SET amount = amount + 1;"
    "UPDATE orders_invoice SET applied = applied + 1 WHERE kind = 'invoice'",
    "a customer's exposure is what is owed, and ordered and not invoiced": "UPDATE orders_exposureentry SET amount = amount + 1",
    "what is written off is what its rows say, and at most what was open": "UPDATE orders_payment SET written_off = 1",
    "what is taken back is of its own entry, and at most that": "UPDATE orders_refund SET kind = 'moved'",
    "a deposit is deducted and credited at most once in sum": "UPDATE orders_invoiceline SET gross = gross - 1, net = net - 1 WHERE quantity = 0",
    "what is credited of an invoice line is its units' part, and never more than it billed": "UPDATE orders_invoiceline SET gross = gross + 1, net = net + 1 WHERE invoice_id IN "
    "(SELECT id FROM orders_invoice WHERE kind = 'credit')",
    "the documents of a finished order come to what was agreed for what was kept": "UPDATE orders_orderline SET gross = gross + 1, net = net + 1",
    "a deposit of a finished order is deducted and credited to its end": "UPDATE orders_invoiceline SET corrects_id = NULL WHERE quantity = 0",
    "no more of an invoice is credited than it billed": "UPDATE orders_invoiceline SET gross = gross + 1000 WHERE invoice_id IN "
    "(SELECT id FROM orders_invoice WHERE kind = 'credit')",
    "no more of an order is credited than was billed": "UPDATE orders_invoiceline SET gross = gross + 1000 WHERE invoice_id IN "
    "(SELECT id FROM orders_invoice WHERE kind = 'credit')",
    "a credit note falls under the VAT registration of what it corrects": "UPDATE orders_invoice SET seller = seller || '{\"registered_in\": \"NL\"}' WHERE kind = 'credit'",
    "no more of an invoice is credited at a tax rate than it billed": "UPDATE orders_invoiceline SET gross = gross + 1000 WHERE invoice_id IN "
    "(SELECT id FROM orders_invoice WHERE kind = 'credit')",
    "no more of an order is credited at a tax rate and under a VAT registration than was billed": "UPDATE orders_invoice SET seller = seller || '{\"registered_in\": \"NL\"}' WHERE kind = 'credit'",
    "a credit note of nothing says which units it credits": "UPDATE orders_invoice SET gross = 0, net = 0, tax = 0, applied = 0 WHERE kind = 'credit';"
    "UPDATE orders_invoiceline SET quantity = 0",
    "an allowance that was credited is taken back at most once in sum": "UPDATE orders_invoiceline SET corrects_id = id WHERE invoice_id IN "
    "(SELECT id FROM orders_invoice WHERE kind = 'credit')",
    "goods are billed under the VAT registration of where they left, or if taxed of where they went": "UPDATE inventory_warehouse SET country = 'NL'; UPDATE orders_invoiceline SET tax_category = 'G'",
    "no order is below zero": "UPDATE orders_order SET gross = -1, net = -1, tax = 0",
    "installments add up to their invoice": "INSERT INTO orders_installment (invoice_id, due_on, amount) SELECT id, issued_on, 1 FROM orders_invoice",
    "legal numbers have no gap and no double": "UPDATE core_sequence SET last = last + 1",
    "each legal document carries the hash of the one before": "UPDATE orders_invoice SET previous_hash = 'x'",
    "one order per channel and external number": "UPDATE orders_order SET external_id = 'same'",
    "one effect per event and handler": "INSERT INTO core_delivery (event_id, handler, attempts, error) "
    "SELECT event_id, handler, 0, '' FROM core_delivery",
    "no event is forgotten": "UPDATE core_event SET is_drained = false, written_at = now() - interval '1 hour'",
    "a delivered event is settled with each of its handlers": "UPDATE core_delivery SET done_at = NULL",
    "no job waits for a worker longer than its limit": "UPDATE core_job SET finished_at = NULL, due_at = now() - interval '1 hour', leased_until = NULL",
    "no notice waits to be mailed longer than its limit": "INSERT INTO core_notice (to_id, topic, text, subject_type, subject_number, mail, at) "
    "SELECT min(id), 'low', 'x', '', '', 'at_once', now() - interval '2 hours' FROM core_user",
    "no endpoint waits longer than its limit": "UPDATE core_event SET written_at = now() - interval '1 hour';"
    "INSERT INTO core_webhookendpoint (url, secret, old_secret, user_id, company_id, events, position, is_active, "
    "disabled_reason) SELECT 'https://example.com', 'x', '', min(u.id), min(c.id), '{}', 0, true, '' "
    "FROM core_user u, core_company c",
    "an endpoint asks for events that there are": "INSERT INTO core_webhookendpoint (url, secret, old_secret, user_id, company_id, events, position, is_active, "
    "disabled_reason) SELECT 'https://example.com', 'x', '', min(u.id), min(c.id), "
    "'{order.*,purchase order.received}', (SELECT last_position FROM core_stream), true, '' "
    "FROM core_user u, core_company c",
    "what was asked of a carrier or a bank is on its way, or stands under Attention": "UPDATE fulfillment_shippinglabel SET status = 'requested', requested_at = now() - interval '1 hour'",
    "positions in the stream are given once, up to its end": "UPDATE core_stream SET last_position = 0",
    "the trail of each order is legal": "UPDATE core_event SET name = 'order.canceled' WHERE name = 'order.confirmed'",
    "the trail of each order ends in its status": "UPDATE orders_order SET status = 'placed'",
    "the trail of each shipment ends in its status": "UPDATE fulfillment_shipment SET status = 'open'",
    "the trail of each return ends in its status": "UPDATE returns_returnrequest SET status = 'approved'",
    "the trail of each payment ends in its status": "UPDATE orders_payment SET status = 'failed'",
    "the trail of each invoice ends in its status": "UPDATE core_event SET subject_number = 'other' WHERE name = 'invoice.issued'",
    "the trail of each wave ends in its status": "UPDATE fulfillment_wave SET status = 'draft'",
    "the trail of each purchase order ends in its status": "UPDATE inventory_purchaseorder SET status = 'sent'",
    "the trail of each transfer ends in its status": "UPDATE inventory_transfer SET status = 'received'",
    "the trail of each count ends in its status": "UPDATE inventory_count SET status = 'counted'",
    "the trail of each export run ends in its status": "UPDATE orders_exportrun SET status = 'sent'",
    "tracked stock has its lot, and a serial number is one piece in one place": "UPDATE inventory_sku SET tracking = 'serial'",
    "what expires has its date": "UPDATE inventory_sku SET has_expiry = true;"
    "INSERT INTO inventory_lot (sku_id, code) SELECT min(id), 'X' FROM inventory_sku",
    "the lots that came back are those that were shipped": "INSERT INTO inventory_lot (sku_id, code) SELECT min(sku_id), 'X' FROM inventory_reservation;"
    "UPDATE inventory_reservation SET lot_id = (SELECT max(id) FROM inventory_lot) WHERE state = 'shipped';"
    "INSERT INTO returns_returnedlot (line_id, lot_id, quantity, is_damaged) "
    "SELECT id, (SELECT max(id) FROM inventory_lot), 99, false FROM returns_returnline",
    "a legal document is what its hash covers": "UPDATE orders_invoiceline SET description = 'something else'",
}


@pytest.fixture
def business():
    """An order with everything behind it: shipped, invoiced, paid, partly returned and refunded; and another."""
    make.user()
    make.sku("TEE-M", stock={"LON": 20})
    order = make.shipped(("TEE-M", 3), charges=[Charge("freight", "Freight", 5)])
    document = order.invoices.get()
    payments.apply(make.transfer(str(document.gross)), document)
    make.settled(order, good=1)
    with_deposit = make.confirmed(("TEE-M", 1))
    deposits.ask(with_deposit, D("6.00"), reference="deposit")
    make.ship_rest(with_deposit)
    make.receive_purchase(make.sku("TEE-M"), 1)
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    transfer.lines.create(sku=make.sku("TEE-M"), bin=make.storage(make.warehouse()), quantity=2)
    transfers.send(transfer)
    counted = counting.plan(make.warehouse(), [make.storage(make.warehouse())])
    counting.reconcile(counting.key(counted, {line.pk: 14 for line in counted.lines.all()}))
    states.create(Count(warehouse=make.warehouse()))
    outbox.drain()
    export_runs.prepare(make.company(), "payments")
    return order


def tamper(statements):
    """Run SQL with the database's own guards taken down; the test's transaction puts them up again."""
    take_guards_down()
    run(statements)


def run(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)


def take_guards_down():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c', 'u') "
            "AND connamespace = 'public'::regnamespace"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
        cursor.execute("ALTER TABLE inventory_move DISABLE TRIGGER ledger_is_append_only")


def verify(capsys):
    capsys.readouterr()
    with pytest.raises(CommandError) as stopped:
        call_command("verify")
    assert stopped.value.returncode == 1
    return capsys.readouterr().out


def test_verify_finds_nothing_wrong(business, capsys):
    call_command("verify")

    assert "All checks passed" in capsys.readouterr().out


def test_verify_names_what_is_broken(business):
    """One after the other on the same rows, the database's guards down: each is taken back before the next."""
    take_guards_down()
    missed = []
    for name, statements in BREAKS.items():
        with suppress(_TakenBack), transaction.atomic():
            run(statements)
            missed += (
                []
                if name in {breach.invariant for breach in verification.breaches(files=False)}
                else [name]
            )
            raise _TakenBack

    assert [str(breach) for breach in verification.breaches()] == []
    assert missed == []


class _TakenBack(Exception):
    """Rolls a break back."""


def test_the_command_names_the_rows_and_exits_with_1(business, capsys):
    tamper(BREAKS["net and tax make gross"])

    assert "net and tax make gross: " in verify(capsys)


def test_verify_finds_a_changed_file(business, capsys):
    stored = StoredDocument.objects.first()
    name = stored.file.name
    default_storage.delete(name)
    with default_storage.open(name, "wb") as file:
        file.write(b"%PDF forged")

    assert "a frozen file is as it was stored: " in verify(capsys)


def test_every_rule_has_a_break():
    """The legal moves of each kind of document are checked by one query; the order's break stands for all."""
    rules = {
        rule.name for rule in verification.RULES + completeness_rules.rules() + event_rules.rules()
    }

    assert {
        name for name in rules if name not in BREAKS and not name.endswith(" is legal")
    } == set()


WAITING = "what was asked of a carrier or a bank is on its way, or stands under Attention"


@pytest.mark.parametrize(
    "column, value, told",
    [
        ("capture_requested", "5", "to be captured: 5.000, and nobody asks"),
        ("status", "'voided'", "and nobody asks"),
    ],
)
def test_verify_finds_a_request_to_a_bank_that_nobody_makes(business, column, value, told):
    """The capture, or the void, of money that was set aside."""
    payment = payments.authorize(make.confirmed(("TEE-M", 1)), D("5.00"), reference="card")
    outbox.drain()
    assert WAITING not in {breach.invariant for breach in verification.breaches(files=False)}

    tamper(f"UPDATE orders_payment SET {column} = {value} WHERE id = {payment.pk}")

    (found,) = [
        breach for breach in verification.breaches(files=False) if breach.invariant == WAITING
    ]
    assert (found.subject, found.problem.endswith(told)) == (payment.number, True)


def test_the_ledger_is_not_empty(business):
    assert Move.objects.count() > 5


NOT_COVERED = {  # what changes after a document is issued, and what other rules check
    "id",
    "version",
    "created_at",
    "status_at",
    "due_on",
    "applied",
}
LINE_NOT_COVERED = {"id", "credited"}


def other(cursor, table, column):
    """SQL for another value of a column that its type allows; None where the row must not have one."""
    cursor.execute(
        "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
        [table, column],
    )
    (kind,) = cursor.fetchone()
    return {
        "character varying": f"left({column} || 'x', 1) || 'y'",
        "numeric": f"coalesce({column}, 0) + 1",
        "integer": f"coalesce({column}, 0) + 1",
        "smallint": f"coalesce({column}, 0) + 1",
        "date": f"coalesce({column}, '2027-01-01') + 1",
        "jsonb": """'{"name": "other"}'""",
        "boolean": f"NOT {column}",
        "bigint": f"coalesce({column}, 0) + 1",
    }[kind]


@pytest.mark.parametrize(
    "table, skipped", [("orders_invoice", NOT_COVERED), ("orders_invoiceline", LINE_NOT_COVERED)]
)
def test_any_column_of_a_legal_document_that_is_changed_is_found(business, table, skipped):
    """Column by column, by SQL, with every guard of the database down."""
    unseen = []
    tamper("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"
        )
        for owner, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {owner} DROP CONSTRAINT "{name}"')
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
        for (column,) in cursor.fetchall():
            if column in skipped:
                continue
            cursor.execute("SAVEPOINT before")
            cursor.execute(
                f"UPDATE {table} SET {column} = {other(cursor, table, column)} "
                f"WHERE id = (SELECT min(id) FROM {table})"
            )
            try:
                if not verification.breaches(files=False):
                    unseen.append(column)
            except ObjectDoesNotExist:
                pass  # it points to nothing: that is seen, too
            cursor.execute("ROLLBACK TO SAVEPOINT before")

    assert unseen == []


def test_a_check_has_a_time_out_of_its_own(db):
    """Its statements read the whole history; what a request may take is restored after it."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '20s'")
        seen = []

        def note(execute, *rest):
            seen.append(connection.connection.execute("SHOW statement_timeout").fetchone()[0])
            return execute(*rest)

        with connection.execute_wrapper(note):
            verification.breaches(files=False)
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == "20s"
    assert set(seen[1:-1]) == {"30min"}


@pytest.mark.parametrize(
    "country, postal_code",
    [
        ("GB", "N1 9GU"),
        ("GB", "BT1 1AA"),
        ("GB", "JE2 4WD"),
        ("GB", "gy1 1aa"),
        ("GB", "BFPO 57"),
        ("GB", ""),
        ("IM", "IM1 1AA"),
        ("MC", "98000"),
        ("ES", "35001"),
        ("US", "97201"),
        ("", ""),
    ],
)
def test_the_database_counts_countries_as_vat_law_does(country, postal_code):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {tax_rules.vat_country('country', 'code')} FROM (VALUES (%s, %s)) a(country, code)",
            [country, postal_code],
        )

        assert cursor.fetchone()[0] == place(country, postal_code).country
