"""A confirmed order goes to another address, as long as nothing of it is labeled."""

from decimal import Decimal as D

import pytest

from fulfillment import labels, redirecting, shipping, waves
from fulfillment.models import Shipment
from oms.core import operations, outbox
from oms.core.errors import Refused
from orders import screening
from orders.models import Order, TaxRate
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
LEEDS = {
    "name": "Depot",
    "street": "2 Quay",
    "postal_code": "LS1 1AA",
    "city": "Leeds",
    "country": "GB",
}
DUBLIN = {"name": "Depot", "street": "2 Quay", "city": "Dublin", "country": "IE"}


@pytest.fixture
def order():
    """Three shirts for London, from London; Leeds has some too."""
    make.warehouse("LEE", latitude=53.8, longitude=-1.55)
    make.sku("TEE-M", stock={"LON": 5, "LEE": 5})
    made = make.confirmed(("TEE-M", 3))
    outbox.drain()
    return made


def in_warehouses(order):
    live = Shipment.objects.filter(order=order).exclude(status="canceled")
    return sorted(live.values_list("warehouse__code", flat=True))


def test_the_goods_are_sent_from_nearer_and_the_preview_says_so(order, drain):
    told = redirecting.preview(order, **LEEDS)
    assert (told.warehouses_before, told.warehouses_after, told.new_holds) == (
        "LON 3",
        "LEE 3",
        "none",
    )
    assert told.gross_before == told.gross_after
    assert in_warehouses(order) == ["LON"]

    redirecting.change_address(order, **LEEDS)
    drain()

    assert in_warehouses(order) == ["LEE"]
    assert make.shipment_of(order).ship_to["city"] == "Leeds"
    make.ship_rest(make.fresh(order))
    assert make.fresh(order).invoices.get().ship_to["city"] == "Leeds"


def test_what_is_being_picked_stays_where_it_is_and_goes_to_the_new_address(order, drain):
    shipment = waves.start_picking(make.shipment_of(order))

    redirecting.change_address(order, **LEEDS)
    drain()

    assert (make.fresh(shipment).status, make.fresh(shipment).ship_to["city"]) == (
        "picking",
        "Leeds",
    )


def test_a_label_bars_the_change_until_it_is_void(order):
    shipment = make.labeled(order)
    with pytest.raises(Refused, match="has a label"):
        redirecting.change_address(order, **LEEDS)
    assert make.fresh(order).ship_to["city"] == "London"

    labels.void(make.fresh(shipment))
    redirecting.change_address(order, **LEEDS)
    labels.buy(make.fresh(shipment))
    outbox.drain()
    shipping.ship(make.fresh(shipment))

    assert make.fresh(shipment).ship_to["city"] == "Leeds"


def test_other_taxes_are_written_and_what_is_billed_already_bars_them(order):
    TaxRate.objects.create(country="IE", tax_class="standard", percent=23)
    told = redirecting.preview(order, **DUBLIN)
    assert (told.tax_before, told.tax_after) == (D("6.00"), D("6.90"))
    redirecting.change_address(order, **DUBLIN)
    assert (make.fresh(order).gross, make.fresh(order).ship_country) == (D("36.90"), "IE")

    other = make.shipped(("TEE-M", 1))
    third = make.confirmed(("TEE-M", 2), ("TEE-M", 1))
    Order.objects.filter(pk=third.pk).update(shipped=1)
    with pytest.raises(Refused, match="other taxes apply"):
        redirecting.change_address(make.fresh(third), **DUBLIN)
    Order.objects.filter(pk=third.pk).update(shipped=0)
    assert not redirecting.can_redirect(other)


def test_a_dearer_order_over_the_credit_limit_is_put_on_hold_and_the_preview_says_so(order):
    TaxRate.objects.create(country="IE", tax_class="standard", percent=23)
    customer = make.customer()
    customer.credit_limit = D("36.50")
    customer.save()
    assert "credit limit" in redirecting.preview(order, **DUBLIN).new_holds
    assert not order.holds.exists()

    redirecting.change_address(order, **DUBLIN)

    assert order.holds.get().kind == "credit"
    screening.release_hold(make.fresh(order))


def test_one_of_the_customers_addresses_is_chosen_or_one_is_typed(order):
    own = make.customer().addresses.create(**LEEDS)
    for given, said in (
        ({}, "Choose an address"),
        ({"address": own, **LEEDS}, "not both"),
        ({"name": "Depot"}, "at least a name and a country"),
        ({"address": make.customer().addresses.first()}, "goes there already"),
    ):
        with pytest.raises(Refused, match=said):
            redirecting.change_address(order, **given)

    step = operations.of(Order)["change_address"]
    step.perform(order, by=make.user("mary", "manager"), address=own)

    assert make.fresh(order).ship_to["street"] == "2 Quay"
