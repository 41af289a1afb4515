"""A month of real orders (of the sample that is shipped), carried through to the accountant's export."""

import pytest

from oms.web.demo.story import SAMPLE
from tests.benchmarks import month

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_orders_of_a_month_are_exported_and_every_file_adds_up():
    rows = month.rows_of(SAMPLE, None, None)
    credits = [row for row in rows if row.is_credit]
    first = {
        row.invoice for row in [row for row in rows if not row.is_credit and row.customer][:260]
    }
    rows = [row for row in rows if row.invoice in first] + credits

    channel = month.build(rows)
    month.take_in(channel, rows, 14)
    month.ship(channel)
    month.credit(channel, rows)
    month.pay(channel)
    wanted = month.prove(channel.company, say=lambda text: None)

    assert wanted["documents"] > 10 and wanted["gross"] > 0
