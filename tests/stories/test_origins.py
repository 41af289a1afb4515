"""Goods are taxed from the warehouse that they leave: a British company with stock in the Netherlands."""

from decimal import Decimal as D

import pytest

from fulfillment import labels, packing, picking, rerouting, shipping, waves
from fulfillment.carriers.models import Rate
from fulfillment.models import Shipment
from inventory.models import Demand, Warehouse
from oms.core import outbox
from oms.core.errors import Refused
from oms.core.models import Company, Event
from orders import lifecycle, order_entry, screening
from orders.accounting import billing, consolidated_invoicing, deposits, payments
from orders.accounting.models import Invoice
from orders.models import Customer, OrderHold, TaxRate
from orders.order_entry import Charge, Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
DUTCH, BRITISH, GERMAN = "NL004495445B01", "GB980780684", "DE136695976"
HOME = {"name": "Shop", "country": "GB", "postal_code": "N1 9GU"}
AMSTERDAM = {"name": "Winkel", "country": "NL", "postal_code": "1012 AB", "city": "Amsterdam"}
BERLIN = {"name": "Laden", "country": "DE", "postal_code": "10115", "city": "Berlin"}


@pytest.fixture(autouse=True)
def two_countries():
    make.company()
    Company.objects.update(vat_number=BRITISH, other_vat_numbers=DUTCH)
    make.warehouse("LON", postal_code="E1 6AN")
    make.warehouse("AMS", country="NL", postal_code="1012 AB", latitude=52.4, longitude=4.9)
    make.taxes()
    TaxRate.objects.create(country="NL", percent=21)
    for country in ("NL", "DE"):
        Rate.objects.create(service=make.service(), country=country, up_to_g=30_000, price=5)


def placed(ship_to, *lines, charges=(), customer=None, **fields):
    entry = Entry(
        make.channel(allow_backorders=True),
        customer or make.customer(),
        [make.line(*each) for each in lines],
        charges=charges,
        ship_to=ship_to,
        **fields,
    )
    return order_entry.enter(entry)


def confirmed(ship_to, *lines, **options):
    order = lifecycle.confirm(placed(ship_to, *lines, **options))
    outbox.drain()
    return make.fresh(order)


def told(order):
    return [
        (line.origin, line.quantity - line.canceled, line.tax_percent, line.tax_category, line.net)
        for line in order.lines.order_by("position")
    ]


def numbers(order):
    return {(row.seller["vat_number"], row.net, row.tax) for row in billing.of_order(order)}


def business(number=GERMAN, **fields):
    buyer = make.customer("C-DE")
    Customer.objects.filter(pk=buyer.pk).update(vat_number=number, **fields)
    return make.fresh(buyer)


def ship(order, warehouse):
    shipment = Shipment.objects.get(order=order, warehouse__code=warehouse, status="open")
    packing.pack(picking.pick_all(waves.start_picking(shipment)))
    labels.buy(make.fresh(shipment))
    outbox.drain()
    shipping.ship(make.fresh(shipment))
    outbox.drain()


def test_an_order_is_priced_from_where_sourcing_would_send_it_and_billed_under_that_number():
    make.sku("TEE-M", stock={"AMS": 5})
    make.sku("CUP", stock={"LON": 5})

    assert told(placed(AMSTERDAM, ("TEE-M", 1, "100.00"))) == [("NL", 1, 21, "S", 100)]
    assert told(placed(HOME, ("CUP", 1, "100.00"))) == [("GB", 1, 20, "S", 100)]
    order = confirmed(BERLIN, ("TEE-M", 2, "100.00"), customer=business())
    assert told(order) == [("NL", 2, 0, "K", 200)]
    ship(order, "AMS")

    assert numbers(order) == {(DUTCH, 200, 0)}
    assert make.fresh(order).status == "completed"


def test_an_order_from_two_countries_becomes_two_lines_and_two_invoices_with_their_shares_of_the_freight():
    make.sku("TEE-M", stock={"LON": 6, "AMS": 4})
    order = confirmed(
        BERLIN,
        ("TEE-M", 10, "10.00"),
        customer=business(),
        charges=(
            Charge("freight", "Freight", D("10.00")),
            Charge("allowance", "Goodwill", D("-1.00")),
        ),
    )

    assert sorted(told(order)) == [("GB", 6, 0, "G", 60), ("NL", 4, 0, "K", 40)]
    assert sorted(
        (charge.origin, charge.amount, charge.tax_category) for charge in order.charges.all()
    ) == [("GB", D("-0.60"), "G"), ("GB", 6, "G"), ("NL", D("-0.40"), "K"), ("NL", 4, "K")]
    assert order.gross == 109
    with pytest.raises(Refused, match="several VAT numbers"):
        billing.invoice(order, {line.pk: 1 for line in order.lines.all()}, reference="mixed")
    with pytest.raises(Refused, match="several VAT numbers"):
        deposits.ask(order, D("10.00"), reference="deposit")
    ship(order, "LON")
    ship(order, "AMS")

    assert numbers(order) == {(BRITISH, D("65.40"), 0), (DUTCH, D("43.60"), 0)}
    assert make.fresh(order).status == "completed"


@pytest.mark.parametrize("billing_mode", ["order", "month"])
def test_a_whole_order_and_a_month_are_billed_by_registration(billing_mode):
    make.sku("TEE-M", stock={"LON": 6, "AMS": 4})
    order = confirmed(BERLIN, ("TEE-M", 10, "10.00"), customer=business(billing=billing_mode))
    ship(order, "LON")
    ship(order, "AMS")
    if billing_mode == "month":
        assert (
            len(consolidated_invoicing.collect(make.customer("C-DE"), company=make.company())) == 2
        )

    assert numbers(order) == {(BRITISH, 60, 0), (DUTCH, 40, 0)}


def test_gross_prices_stay_and_the_tax_in_them_is_that_of_the_warehouse():
    make.channel(price_list=make.price_list("shop", includes_tax=True), allow_backorders=True)
    make.sku("TEE-M", stock={"LON": 2, "AMS": 1})
    TaxRate.objects.filter(country="NL").delete()
    TaxRate.objects.create(country="DE", percent=19)
    order = confirmed(BERLIN, ("TEE-M", 3, "0.33"), discount_percent=D("10"))

    assert order.gross == D("0.89")
    assert sum(line.gross for line in order.lines.all()) == D("0.89")
    assert {line.origin for line in order.lines.all()} == {"GB", "NL"}  # one rate, two VAT numbers
    ship(order, "LON")
    ship(order, "AMS")

    assert sum(row.gross for row in billing.of_order(order)) == D("0.89")


def test_waiting_units_are_taxed_once_they_are_reserved_and_re_routed_ones_again():
    tee = make.sku("TEE-M", stock={"LON": 2})
    order = confirmed(
        BERLIN,
        ("TEE-M", 5, "10.00"),
        customer=business(),
        charges=(Charge("freight", "Freight", D("5.00")),),
    )
    assert told(order) == [("GB", 5, 0, "G", 50)]
    ship(order, "LON")

    make.put(tee, "AMS", 3)
    outbox.drain()
    order = make.fresh(order)
    assert told(order) == [("GB", 2, 0, "G", 50), ("NL", 3, 0, "K", 30)]  # two of five are billed
    assert (order.net, order.gross) == (55, 55)

    make.put(tee, "LON", 3)
    outbox.drain()
    rerouting.reroute(make.fresh(order), to=make.warehouse("LON"))
    outbox.drain()
    assert told(make.fresh(order))[1] == ("GB", 3, 0, "G", 30)
    ship(make.fresh(order), "LON")
    assert {number for number, *_rest in numbers(order)} == {BRITISH}
    assert Event.objects.filter(name="order.retaxed", subject_number=order.number).count() == 2


def test_what_is_billed_already_does_not_leave_with_other_taxes():
    tee = make.sku("TEE-M", stock={"LON": 3})
    order = confirmed(BERLIN, ("TEE-M", 3, "10.00"), customer=business(billing="order"))
    waits = confirmed(BERLIN, ("TEE-M", 3, "10.00"), customer=business(billing="order"))
    make.put(tee, "AMS", 6)
    outbox.drain()

    with pytest.raises(Refused, match="billed already with other taxes"):
        rerouting.reroute(make.fresh(order), to=make.warehouse("AMS"))
    assert (
        "billed already with other taxes" in OrderHold.objects.get(order=waits, kind="tax").reason
    )
    screening.release_hold(make.fresh(waits))
    with pytest.raises(Refused, match="billed already"):
        ship(waits, "AMS")
    ship(order, "LON")


def test_goods_do_not_leave_from_a_country_where_the_company_is_not_registered():
    Company.objects.update(other_vat_numbers="")
    tee = make.sku("TEE-M", stock={"AMS": 3})
    order = placed(HOME, ("TEE-M", 2, "10.00"))
    with pytest.raises(Refused, match="no VAT number of NL"):
        lifecycle.confirm(order)
    assert not Demand.objects.exists()
    waits = confirmed(HOME, ("CUP", 2, "10.00"))
    make.put(make.sku("CUP"), "AMS", 2)
    outbox.drain()
    assert "no VAT number of NL" in OrderHold.objects.get(order=waits).reason

    Company.objects.update(other_vat_numbers=DUTCH)
    screening.release_hold(make.fresh(waits))
    ship(waits, "AMS")
    assert (
        Invoice.objects.get(order=waits).seller["vat_number"] == BRITISH
    )  # taxed in Britain, where it goes
    assert make.stock_of(tee, "AMS") == (3, 3, 0)


def moved_to_london(order, sku):
    make.put(sku, "LON", 9)
    Warehouse.objects.filter(code="AMS").update(is_active=False)
    order = lifecycle.confirm(make.fresh(order))
    outbox.drain()
    return make.fresh(order)


def test_a_deposit_of_other_taxes_is_credited_and_what_was_paid_pays_the_invoices():
    tee = make.sku("TEE-M", stock={"AMS": 5})
    order = placed(BERLIN, ("TEE-M", 2, "100.00"), customer=business())
    asked = deposits.ask(order, D("120.00"), reference="deposit")
    assert asked.seller["vat_number"] == DUTCH
    payments.apply(make.transfer("120.00", customer_code="C-DE"), asked)

    order = moved_to_london(order, tee)
    assert told(order) == [("GB", 2, 0, "G", 200)]
    ship(order, "LON")

    order = make.fresh(order)
    assert order.status == "completed"
    bill = order.invoices.get(kind="invoice")
    assert (bill.gross, bill.applied, bill.seller["vat_number"]) == (200, 120, BRITISH)
    assert order.invoices.get(kind="credit").seller["vat_number"] == DUTCH


def test_a_dearer_order_is_screened_for_credit_again():
    TaxRate.objects.create(country="DE", percent=19)
    tee = make.sku("TEE-M", stock={"AMS": 5})
    order = placed(BERLIN, ("TEE-M", 1, "100.00"), customer=business(credit_limit=D("105")))
    assert (order.gross, order.holds.count()) == (100, 0)

    order = moved_to_london(order, tee)

    assert order.gross == 119
    assert OrderHold.objects.get(order=order).kind == "credit"


@pytest.mark.parametrize(
    "country, code, number", [("GB", "BT1 1AA", "XI980780684"), ("ES", "35001", "ESB58378431")]
)
def test_northern_ireland_and_the_canaries_are_told_by_the_warehouse(country, code, number):
    Company.objects.update(other_vat_numbers=number)
    Warehouse.objects.filter(code="AMS").update(country=country, postal_code=code)
    make.sku("TEE-M", stock={"AMS": 5})

    order = confirmed(BERLIN, ("TEE-M", 1, "10.00"), customer=business())
    ship(order, "AMS")

    category = "K" if country == "GB" else "G"
    assert told(order)[0][3] == category
    assert numbers(order) == {(number, 10, 0)}
