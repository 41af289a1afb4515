"""A decision is read as a table: each candidate with the parts of its score, in numbers."""

import re

import pytest
from django.urls import reverse

from tests import builders as make

pytestmark = pytest.mark.django_db


def test_an_orders_page_shows_what_was_weighed_in_columns(log_in):
    make.warehouse("MAN", latitude=53.5, longitude=-2.2)
    make.sku("TEE-M", stock={"LON": 5, "MAN": 5})
    order = make.confirmed(("TEE-M", 2))

    page = (
        log_in("manager")
        .get(reverse("admin:orders_order_change", args=[order.pk]))
        .content.decode()
    )

    table = page[page.index("oms-weighed") :]
    headings = re.findall(r"<th>(.*?)</th>", table[: table.index("</thead>")])
    first = re.findall(r"<td>(.*?)</td>", table[table.index("<tbody>") :])[: len(headings)]
    assert headings == [
        "warehouses",
        "units",
        "km",
        "cost",
        "distance",
        "days",
        "lateness",
        "split",
        "score",
    ]
    assert (first[0], first[1]) == ("LON", "2")
    assert float(first[-1]) == pytest.approx(sum(map(float, first[3:-1])), abs=0.03)
