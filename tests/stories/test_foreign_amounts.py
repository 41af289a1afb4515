"""Amounts of different currencies are compared at their day's rate, never as plain numbers."""

from decimal import Decimal as D

import pytest

from inventory.purchasing import replenishment
from inventory.purchasing.models import ReorderRule, Supplier, SupplierItem
from oms.core import outbox
from oms.core.errors import Refused
from oms.core.models import ExchangeRate
from orders.accounting import billing, write_offs
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def rate(currency, value):
    ExchangeRate.objects.create(
        company=make.company(), currency=currency, day=make.company().today(), rate=D(value)
    )


def offer(code, currency, cost):
    seller = Supplier.objects.create(code=code, name=code, currency=currency)
    SupplierItem.objects.create(
        supplier=seller, sku=make.sku("TEE-M"), cost=D(cost), is_preferred=False
    )


@pytest.mark.parametrize("known, cheapest", [(True, "tokyo"), (False, "here")])
def test_the_cheapest_supplier_is_found_at_todays_rates(known, cheapest):
    """900 JPY are 4.50 GBP; without a rate nobody knows."""
    offer("here", "GBP", "5.00")
    offer("tokyo", "JPY", "900")
    if known:
        rate("JPY", "200")
    ReorderRule.objects.create(sku=make.sku("TEE-M"), warehouse=make.warehouse(), point=1, target=5)

    (order,) = replenishment.reorder_check().orders

    assert order.supplier.code == cheapest


def test_the_limit_of_small_differences_is_the_companys_at_the_documents_rate():
    """0.50 GBP are 100 JPY and 0.60 EUR."""
    rate("JPY", "200")
    company = make.company()
    company.write_off_limit = D("0.50")
    company.save()
    make.customer(currency="JPY")
    make.sku("TEE-M", stock={"LON": 9})
    document = billing.bill_order(make.confirmed(("TEE-M", 1, "1000")))

    with pytest.raises(Refused, match="small-difference limit of 100 JPY"):
        write_offs.write_off(document, "difference", amount=D(101))
    write_offs.write_off(document, "difference", amount=D(100))

    assert make.fresh(document).open_amount == 1100
    outbox.drain()
