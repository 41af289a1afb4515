"""A return of goods that were credited by hand before goes on to its end, and credits nothing twice."""

from decimal import Decimal as D

import pytest

from oms.core.errors import Refused
from orders.accounting import crediting, part_credits
from tests import builders as make
from tests.builders.orders import only_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.mark.parametrize("by_hand, credited", [(2, "0.00"), (1, "12.00")])
def test_what_was_credited_by_hand_is_not_credited_twice(by_hand, credited):
    make.sku("TEE-M", stock={"LON": 3})
    order = make.shipped(("TEE-M", 2))
    document = order.invoices.get()
    crediting.credit(
        document, [crediting.Credited(document.lines.get(), by_hand)], reference="goodwill"
    )

    request = make.settled(order, good=2)

    assert (request.status, request.settlement.credited) == ("settled", D(credited))


def test_more_than_was_ever_invoiced_is_not_credited():
    make.sku("TEE-M", stock={"LON": 3})
    order = make.shipped(("TEE-M", 2))

    with pytest.raises(Refused, match="You can't credit more"):
        part_credits.credit_units(order, {only_line(order).pk: 3}, reference="too much")
