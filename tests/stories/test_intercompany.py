"""One company's orders served from another's stock, by a setting: who is promised what, and who bills whom."""

import threading
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from fulfillment import rerouting
from fulfillment.carriers.models import Rate
from fulfillment.models import Shipment
from inventory import availability
from inventory.models import Move, Reservation, Stock, StockShare, Warehouse
from oms.core import operations, outbox
from oms.core.errors import NotEnough, Refused
from oms.core.models import Company, Delivery, Event, ExchangeRate
from orders import lifecycle, order_entry
from orders.accounting import billing, crediting, export_runs
from orders.accounting.export_profiles import LAYOUTS
from orders.accounting.models import IntercompanyRule, IntercompanySupply, Invoice, SupplierInvoice
from orders.models import Channel, Price, TaxRate
from orders.order_entry import Entry
from returns import inspection, receiving, requests
from returns.inspection import Finding
from returns.receiving import Arrived
from returns.requests import Asked
from tests import builders as make
from tests.orders.test_exporting import export, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
DUTCH = "NL004495445B01"
BERLIN = {"name": "Laden", "country": "DE", "postal_code": "10115", "city": "Berlin"}


@pytest.fixture(autouse=True)
def shop():
    """The company that sells, with a warehouse in London."""
    make.warehouse("LON")
    make.taxes()
    return make.company()


@pytest.fixture
def owner():
    """A second British company, with a warehouse in Manchester."""
    company = make.company("stockco", name="Stock Co Ltd")
    make.warehouse("MAN", company=company, postal_code="M3 3EB", latitude=53.48, longitude=-2.24)
    return company


@pytest.fixture
def dutch():
    """A second company in the Netherlands, in euros; the selling company has a VAT number there."""
    Company.objects.filter(code="acme").update(vat_number="GB980780684", other_vat_numbers=DUTCH)
    company = make.company(
        "winkel",
        name="Winkel BV",
        country="NL",
        currency="EUR",
        vat_number="NL123456782B90",
        time_zone="Europe/Amsterdam",
    )
    make.warehouse(
        "AMS", company=company, country="NL", postal_code="1012 AB", latitude=52.4, longitude=4.9
    )
    TaxRate.objects.create(country="NL", percent=21)
    return company


def setting(selling, supplying, *, is_active=True, **fields):
    customer = make.customer(f"IC-{selling.code}", currency=supplying.currency)
    supplier = make.supplier(f"ic-{supplying.code}")
    type(supplier).objects.filter(pk=supplier.pk).update(currency=supplying.currency)
    rule = IntercompanyRule(
        selling=selling,
        supplying=supplying,
        customer=customer,
        supplier=make.fresh(supplier),
        is_active=is_active,
        **fields,
    )
    rule.full_clean()
    rule.save()
    outbox.drain()
    return rule


def shipped(order):
    return make.ship_rest(order)


def bills(company):
    """The intercompany documents of the company that supplies."""
    return list(Invoice.objects.filter(company=company).order_by("pk"))


def recorded(company):
    return [
        (row.kind, row.currency, row.net, row.tax, row.gross)
        for row in SupplierInvoice.objects.filter(company=company).order_by("pk")
    ]


def reserved(order):
    rows = Reservation.objects.filter(
        demand__document=order.number, state__in=["reserved", "shipped"]
    )
    return sorted((row.sku.code, row.warehouse.code, row.quantity) for row in rows)


def turn_off(rule):
    rule.is_active = False
    rule.save()


def came_back(order, quantity, place=None):
    warehouse = Warehouse.objects.get(code=place) if place else None
    request = requests.open_request(
        order, [Asked(order.lines.get(), quantity)], warehouse=warehouse
    )
    if request.status == "requested":
        request = requests.approve(request)
    line = request.lines.get()
    receiving.receive(request, [Arrived(line, quantity)])
    inspection.inspect(make.fresh(request), [Finding(line, quantity)])
    outbox.drain()
    return make.fresh(request)


def test_without_an_active_setting_nothing_of_another_company_is_promised(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5})
    rule = setting(shop, owner, is_active=False)

    with pytest.raises(NotEnough):
        make.order(lines=[("TEE-M", 1)], confirmed=True)

    assert not StockShare.objects.exists()
    turn_off(rule)
    assert (
        availability.available([make.sku("TEE-M")], shop)[make.sku("TEE-M").pk].by_warehouse == {}
    )


def test_own_stock_goes_first_and_the_rest_is_billed_between_the_companies(shop, owner):
    make.sku("TEE-M", stock={"LON": 2, "MAN": 5}, cost="4")
    setting(shop, owner, pricing="cost_plus", percent=D("25"))

    order = make.confirmed(("TEE-M", 6, "10.00"))
    assert reserved(order) == [("TEE-M", "LON", 2), ("TEE-M", "MAN", 4)]
    order = shipped(order)

    assert order.status == "completed"
    (bill,) = bills(owner)
    line = bill.lines.get()
    assert (bill.customer.code, line.quantity, line.unit_price, line.net, line.tax) == (
        "IC-acme",
        4,
        5,
        20,
        4,
    )
    assert bill.number.startswith("INV-STOCKCO-")
    assert recorded(shop) == [("invoice", "GBP", 20, 4, 24)]
    mirrored = SupplierInvoice.objects.get()
    assert (mirrored.number, mirrored.supplier.code, mirrored.lines.get().sku.code) == (
        bill.number,
        "ic-stockco",
        "TEE-M",
    )
    assert (
        sum(row.net for row in billing.of_order(order)) == 60
    )  # the customer's, of the selling company
    assert Stock.objects.get(warehouse__code="MAN").on_hand == 1
    assert Move.objects.get(reason="ship", source__warehouse__code="MAN").unit_cost == 4


def test_the_owners_own_waiting_orders_go_first(shop, owner):
    tee = make.sku("TEE-M")
    setting(shop, owner)
    make.channel(allow_backorders=True)
    Channel.objects.create(
        code="own", name="own", company=owner, price_list=make.price_list(), allow_backorders=True
    )
    borrows = make.confirmed(("TEE-M", 3), backorder=True)
    owns = make.confirmed(("TEE-M", 3), backorder=True, channel_code="own")

    make.put(tee, "MAN", 4)
    outbox.drain()

    assert (reserved(owns), reserved(borrows)) == ([("TEE-M", "MAN", 3)], [("TEE-M", "MAN", 1)])
    turn_off(IntercompanyRule.objects.get())
    make.put(tee, "MAN", 4)
    outbox.drain()
    assert reserved(make.fresh(borrows)) == [("TEE-M", "MAN", 1)]

    rule = IntercompanyRule.objects.get()
    rule.is_active = True
    rule.save()
    outbox.drain()
    assert sum(quantity for *_rest, quantity in reserved(borrows)) == 3


def test_what_was_promised_before_the_setting_was_turned_off_is_shipped_and_billed(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5})
    rule = setting(shop, owner)
    order = make.confirmed(("TEE-M", 2))
    turn_off(rule)
    with pytest.raises(NotEnough):
        make.order(lines=[("TEE-M", 1)], confirmed=True)

    shipped(order)

    assert [row.net for row in bills(owner)] == [8]
    assert StockShare.objects.get().until is not None
    rule.supplying, rule.selling = rule.selling, rule.supplying
    with pytest.raises(Refused, match="turn it off and create another"):
        rule.save()


def test_companies_with_two_currencies_and_a_missing_rate_that_is_entered_later(shop, dutch):
    make.sku("TEE-M", stock={"AMS": 5}, cost="6")
    for country in ("DE", "NL"):
        Rate.objects.get_or_create(
            service=make.service(), country=country, defaults={"up_to_g": 30_000, "price": 5}
        )
    setting(shop, dutch, pricing="cost_plus", percent=D("10"))
    buyer = make.customer("C-DE", vat_number="DE136695976")
    entry = Entry(make.channel(), buyer, [make.line("TEE-M", 2, "20.00")], ship_to=BERLIN)
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()
    order = shipped(make.fresh(order))

    (bill,) = bills(dutch)
    assert (bill.currency, bill.net, bill.tax, bill.gross) == (
        "EUR",
        D("13.20"),
        D("2.77"),
        D("15.97"),
    )
    assert bill.bill_to["vat_number"] == DUTCH
    line = order.lines.get()
    assert (line.origin, line.tax_category) == (
        "NL",
        "K",
    )  # tax of the customer's invoice follows the warehouse
    assert billing.of_order(order).get().seller["vat_number"] == DUTCH
    assert recorded(shop) == []
    waiting = Delivery.objects.get(
        handler="orders.record_with_buyer", event__subject_number=bill.number
    )
    assert (waiting.done_at, "No EUR to GBP exchange rate" in waiting.error) == (None, True)

    ExchangeRate.objects.create(company=shop, currency="EUR", rate=D("1.20"), day=shop.today())
    outbox.retry(waiting)
    outbox.drain()

    assert recorded(shop) == [("invoice", "EUR", D("13.20"), D("2.77"), D("15.97"))]
    assert SupplierInvoice.objects.get().exchange_rate == D("1.20")


def test_a_missing_price_waits_under_attention_and_nothing_is_lost(shop, owner):
    tee = make.sku("TEE-M", stock={"MAN": 5})
    prices = make.price_list("between")
    setting(shop, owner, pricing="list", price_list=prices)
    order = shipped(make.confirmed(("TEE-M", 2)))

    assert order.status == "completed"
    assert bills(owner) == []
    waiting = Delivery.objects.get(handler="fulfillment.bill_intercompany")
    assert "no price in the price list between" in waiting.error

    Price.objects.create(price_list=prices, sku=tee, unit_price=D("7.50"))
    outbox.retry(waiting)
    outbox.drain()
    outbox.drain()

    assert [(row.net, row.gross) for row in bills(owner)] == [(15, 18)]
    assert recorded(shop) == [("invoice", "GBP", 15, 3, 18)]


def test_goods_without_a_cost_are_not_supplied_for_nothing(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5}, cost="0")
    rule = setting(shop, owner)
    shipped(make.confirmed(("TEE-M", 2)))
    waiting = Delivery.objects.get(handler="fulfillment.bill_intercompany")
    assert "has no cost" in waiting.error

    rule.pricing, rule.price_list = "list", make.price_list("between")
    Price.objects.create(
        price_list=rule.price_list, sku=make.sku("TEE-M"), unit_price=D("0")
    )  # given away on purpose
    rule.save()
    outbox.retry(waiting)
    outbox.drain()

    assert [row.net for row in bills(owner)] == [0]


def test_a_kit_of_the_other_companys_parts_is_billed_part_by_part(shop, owner):
    make.sku("SHIRT", stock={"MAN": 4}, cost="3")
    make.sku("BOX", stock={"MAN": 9, "LON": 9}, cost="1")
    make.sku("SET", kit={"SHIRT": 1, "BOX": 2})
    setting(shop, owner)

    order = make.confirmed(("SET", 3, "30.00"))
    assert reserved(order) == [
        ("BOX", "MAN", 6),
        ("SHIRT", "MAN", 3),
    ]  # whole kits from one warehouse
    order = shipped(order)

    (bill,) = bills(owner)
    assert sorted(
        (line.description.split()[0], line.quantity, line.net) for line in bill.lines.all()
    ) == [("BOX", 6, 6), ("SHIRT", 3, 9)]
    came_back(order, 1, "MAN")
    credit = bills(owner)[1]
    assert sorted((line.quantity, line.net) for line in credit.lines.all()) == [(1, 3), (2, 2)]


def test_goods_that_come_back_to_their_owner_are_credited_on_both_sides(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5}, cost="4")
    setting(shop, owner, pricing="cost_plus", percent=D("50"))
    order = shipped(make.confirmed(("TEE-M", 3)))

    came_back(order, 2, "MAN")

    invoice, credit = bills(owner)
    assert (credit.kind, credit.corrects, credit.net, credit.tax) == (
        "credit",
        invoice,
        12,
        D("2.40"),
    )
    assert recorded(shop)[1] == ("credit", "GBP", 12, D("2.40"), D("14.40"))
    assert SupplierInvoice.objects.get(kind="credit").corrects.mirrors == invoice
    assert Move.objects.get(reason="return", source__kind="customer").unit_cost == 4
    assert Stock.objects.get(warehouse__code="MAN").on_hand == 4


def test_goods_that_come_back_to_the_seller_stay_there_at_the_transfer_price(shop, owner):
    make.sku("TEE-M", stock={"LON": 1, "MAN": 5}, cost="4")
    setting(shop, owner, pricing="cost_plus", percent=D("50"))
    order = shipped(make.confirmed(("TEE-M", 3)))  # one of 4.00, two of 6.00

    came_back(order, 2)

    assert len(bills(owner)) == 1
    step = next(step for step in operations.of(type(order)).values() if step.name == "return")
    offered = step.input.__dataclass_fields__["warehouse"].metadata["among"](
        Warehouse.objects.all(), order
    )
    assert sorted(row.code for row in offered) == ["LON", "MAN"]
    with pytest.raises(Refused, match="which didn't send all"):
        step.preview(order, lines=[Asked(order.lines.get(), 1)], warehouse=make.warehouse("MAN"))
    back = Move.objects.get(reason="return", source__kind="customer")
    assert (back.target.warehouse.code, back.unit_cost) == ("LON", D("5.3333"))
    with pytest.raises(Refused, match="belongs to another company, which didn't send all"):
        came_back(order, 1, "MAN")


def test_a_return_at_the_transfer_price_in_another_currency(shop, dutch):
    ExchangeRate.objects.create(company=shop, currency="EUR", rate=D("1.25"), day=shop.today())
    make.sku("TEE-M", stock={"AMS": 5}, cost="6")
    setting(shop, dutch)
    order = shipped(make.confirmed(("TEE-M", 2, "20.00")))

    came_back(order, 1, "LON")

    assert Move.objects.get(reason="return", source__kind="customer").unit_cost == D("4.80")


def test_a_manual_credit_of_an_intercompany_invoice_is_mirrored_and_not_credited_again(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5}, cost="4")
    setting(shop, owner)
    order = shipped(make.confirmed(("TEE-M", 3)))
    (bill,) = bills(owner)

    crediting.credit(bill, [crediting.Credited(bill.lines.get(), 2)], reference="by hand")
    came_back(order, 3, "MAN")

    assert [(kind, net) for kind, _currency, net, *_rest in recorded(shop)] == [
        ("invoice", 12),
        ("credit", 8),
        ("credit", 4),
    ]


def test_canceled_before_it_leaves_it_is_free_again_and_never_billed(shop, owner):
    tee = make.sku("TEE-M", stock={"MAN": 5})
    setting(shop, owner)
    order = make.confirmed(("TEE-M", 3))

    lifecycle.cancel(order)
    outbox.drain()

    assert make.stock_of(tee, "MAN") == (5, 5, 0)
    assert (bills(owner), recorded(shop)) == ([], [])


def test_an_order_moves_to_own_stock_and_to_shared_stock_only_while_it_is_shared(shop, owner):
    tee = make.sku("TEE-M", stock={"MAN": 5})
    rule = setting(shop, owner)
    order = make.confirmed(("TEE-M", 3))
    make.put(tee, "LON", 3)
    outbox.drain()

    rerouting.reroute(make.fresh(order), to=make.warehouse("LON"))
    outbox.drain()
    assert reserved(order) == [("TEE-M", "LON", 3)]
    rerouting.reroute(make.fresh(order), to=make.warehouse("MAN"))
    outbox.drain()
    assert reserved(order) == [("TEE-M", "MAN", 3)]
    rerouting.reroute(make.fresh(order), to=make.warehouse("LON"))
    turn_off(rule)
    with pytest.raises(Refused, match="belongs to Stock Co Ltd"):
        rerouting.reroute(make.fresh(order), to=make.warehouse("MAN"))
    outbox.drain()
    shipped(make.fresh(order))

    assert bills(owner) == []


def test_the_setting_is_refused_with_what_is_wrong(shop, dutch):
    with pytest.raises(ValidationError) as wrong:
        IntercompanyRule(
            selling=shop,
            supplying=dutch,
            customer=make.customer(),
            supplier=make.supplier(),
            pricing="list",
        ).full_clean()
    assert set(wrong.value.message_dict) == {"customer", "supplier", "price_list"}
    with pytest.raises(ValidationError) as wrong:
        IntercompanyRule(
            selling=shop, supplying=shop, customer=make.customer(), supplier=make.supplier()
        ).full_clean()
    assert "supplying" in wrong.value.message_dict


@pytest.mark.django_db(transaction=True)
def test_two_drainers_at_once_bill_each_shipment_once(shop, owner):
    make.sku("TEE-M", stock={"MAN": 20}, cost="4")
    setting(shop, owner)
    orders = [make.confirmed(("TEE-M", 2)) for _ in range(4)]
    for order in orders:
        make.labeled(order)
    from fulfillment import shipping

    for order in orders:
        shipping.ship(Shipment.objects.get(order=order))

    def drain():
        try:
            outbox.drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=drain) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.drain()

    assert [row.net for row in bills(owner)] == [8, 8, 8, 8]
    assert len(recorded(shop)) == 4
    assert IntercompanySupply.objects.count() == 4
    assert Event.objects.filter(name="shipment.shipped").count() == 4


def test_the_owners_exports_name_the_goods(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5}, cost="4")
    setting(shop, owner)
    came_back(shipped(make.confirmed(("TEE-M", 3))), 1, "MAN")

    rows, _totals = table(export(owner, "invoice_lines"))
    assert [(row[1], row[11], row[13]) for row in rows] == [
        ("invoice", "TEE-M", 3),
        ("credit note", "TEE-M", -1),
    ]
    rows, _totals = table(export(owner, "sales_by_product"))
    assert [(row[0], row[2]) for row in rows] == [("TEE-M", 2)]


def test_the_buyers_export_names_what_it_was_billed_in_its_own_books(shop, dutch):
    ExchangeRate.objects.create(company=shop, currency="EUR", day=shop.today(), rate=D("1.25"))
    make.sku("TEE-M", stock={"AMS": 5}, cost="10")
    Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=5)
    setting(shop, dutch)
    buyer = make.customer("C-DE", vat_number="DE136695976")
    entry = Entry(make.channel(), buyer, [make.line("TEE-M", 3, "20.00")], ship_to=BERLIN)
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()
    shipped(make.fresh(order))

    run = export(shop, "supplier_invoices", only_new=True)
    (row,), totals = table(run)

    bill = SupplierInvoice.objects.get()
    said = dict(zip([column.heading for column in LAYOUTS[run.profile].columns], row, strict=True))
    assert said["Number"] == bill.number == bills(dutch)[0].number
    assert {name: said[name] for name in ("Kind", "Supplier", "Country", "VAT number", "SKU")} == {
        "Kind": "invoice",
        "Supplier": f"ic-{dutch.code}",
        "Country": "NL",
        "VAT number": dutch.vat_number,
        "SKU": "TEE-M",
    }
    assert [said[name] for name in ("Quantity", "Tax %", "Net", "Tax", "Gross", "Currency")] == [
        3,
        21,
        30,
        6.3,
        36.3,
        "EUR",
    ]
    assert (said["Net in company currency"], said["Tax in company currency"]) == (24, 5.04)
    assert said["Company's VAT number"] == DUTCH
    assert totals == [["EUR", 30, 6.3, 36.3]]
    assert (run.totals["EUR"]["taxes"], run.findings) == ({"21": "6.30"}, [])
    export_runs.send(run)
    assert export(shop, "supplier_invoices", only_new=True).rows == 0
    assert export(dutch, "supplier_invoices").rows == 0


def test_a_supplier_credit_note_counts_against_and_names_its_invoice(shop, owner):
    make.sku("TEE-M", stock={"MAN": 5}, cost="4")
    setting(shop, owner)
    came_back(shipped(make.confirmed(("TEE-M", 3))), 1, "MAN")

    rows, totals = table(export(shop, "supplier_invoices"))

    bill, note = SupplierInvoice.objects.order_by("pk")
    assert [(row[0], row[1], row[9] or "", row[12], row[16]) for row in rows] == [
        (bill.number, "invoice", "", 3, 12),
        (note.number, "credit note", bill.number, -1, -4),
    ]
    assert totals[0][1] == 8
