"""Invoices issued by several processes at once, some given up half way: no gap, no double, one chain."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from inventory.models import SKU
from oms.insights import verification
from orders.accounting.models import Invoice
from orders.models import Order, OrderLine
from tests import builders as make

COUNT, PROCESSES = int(os.environ.get("RACED_INVOICES", "160")), 4


def confirmed_orders(count):
    """So many confirmed orders of one line, inserted as they are: the race is about their invoices."""
    first = make.order(lines=[("TEE-M", 1)], backorder=True, confirmed=True)
    line = first.lines.get()
    orders = Order.objects.bulk_create(
        [
            Order(
                company=first.company,
                channel=first.channel,
                customer=first.customer,
                bill_to=first.bill_to,
                ship_to=first.ship_to,
                currency="GBP",
                status="confirmed",
                net=line.net,
                tax=line.tax,
                gross=line.gross,
                units=1,
            )
            for _ in range(count)
        ],
        batch_size=1000,
    )
    OrderLine.objects.bulk_create(
        [
            OrderLine(
                order=order,
                position=1,
                sku=line.sku,
                description="Tee",
                quantity=1,
                unit_price=line.unit_price,
                tax_percent=line.tax_percent,
                net=line.net,
                tax=line.tax,
                gross=line.gross,
            )
            for order in orders
        ],
        batch_size=1000,
    )
    return [order.pk for order in orders]


@pytest.mark.django_db(transaction=True)
def test_invoices_of_four_processes_have_no_gap_and_one_chain():
    """RACED_INVOICES=10000 runs it at full size."""
    make.sku("TEE-M")
    keys = confirmed_orders(COUNT)
    share = -(-COUNT // PROCESSES)
    environment = {**os.environ, "OMS_TEST_DATABASE": connection.settings_dict["NAME"]}

    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.races.issue",
                str(keys[start]),
                str(keys[min(start + share, COUNT) - 1]),
            ],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for start in range(0, COUNT, share)
    ]
    told = [tuple(map(int, process.communicate(timeout=900)[0].split())) for process in running]

    issued = list(
        Invoice.objects.order_by("sequence_number").values_list(
            "sequence_number", "hash", "previous_hash"
        )
    )
    assert sum(done for done, _ in told) == COUNT == len(issued)
    assert sum(aborted for _, aborted in told) > 0
    assert [number for number, *_ in issued] == list(range(1, COUNT + 1))
    assert [previous for *_, previous in issued[1:]] == [own for _, own, _ in issued[:-1]]
    wrong = {
        "a legal document is what its hash covers",
        "legal numbers have no gap and no double",
        "each legal document carries the hash of the one before",
    }
    assert [
        str(breach) for breach in verification.breaches(files=False) if breach.invariant in wrong
    ] == []
    assert SKU.objects.count() == 1
