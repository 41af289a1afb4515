"""Two companies, three currencies: each document goes by its own company's stock, day, rates and costs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from fulfillment import rerouting
from inventory import availability, transfers
from inventory.models import Bin, Demand, Move, Reservation, Stock, Transfer
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing import receiving, replenishment, sending_back
from inventory.purchasing.models import PurchaseOrder
from inventory.purchasing.purchase_orders import Purchase
from inventory.purchasing.receiving import Received
from oms.core import outbox, states
from oms.core.errors import NotEnough, Refused
from oms.core.models import ExchangeRate
from orders import lifecycle, order_entry
from orders.accounting.models import Invoice
from orders.models import Channel
from orders.order_entry import Entry
from returns import receiving as returning
from returns import requests
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def overseas():
    """A second company, in New Zealand, with a warehouse and a channel of its own."""
    make.company()
    company = type(make.company()).objects.create(
        code="nz", name="Kiwi Ltd", country="NZ", currency="NZD", time_zone="Pacific/Auckland"
    )
    make.warehouse("AKL", company=company, country="NZ")
    return company


def rate(currency, value, days_ago=0, company=None):
    company = company or make.company()
    ExchangeRate.objects.create(
        company=company,
        currency=currency,
        rate=D(value),
        day=company.today() - timedelta(days=days_ago),
    )


def bought(quantity=10, cost="5.00", currency="USD"):
    supplier = make.supplier("mill-us")
    type(supplier).objects.filter(pk=supplier.pk).update(currency=currency)
    supplier.refresh_from_db()
    order = purchasing.propose(
        supplier, make.warehouse("LON"), [Purchase(make.sku("TEE-M"), quantity, D(cost))]
    )
    return purchasing.send(purchasing.approve(order))


def cost():
    return Stock.objects.get(sku__code="TEE-M", warehouse__code="LON").average_cost


def test_a_purchase_in_another_currency_is_received_at_its_days_rate_and_goes_back_at_that():
    order = bought()
    line = order.lines.get()
    with pytest.raises(Refused, match="No USD to GBP exchange rate"):
        receiving.receive(order, [Received(line, 10)])
    rate("USD", "1.20", days_ago=3)
    rate("USD", "1.25")

    receiving.receive(order, [Received(line, 4)])
    assert cost() == D("4.0000")
    ExchangeRate.objects.update(rate=D("2"))
    receiving.receive(make.fresh(order), [Received(line, 6)])
    assert cost() == D("3.1000")  # (4 × 4.00 + 6 × 2.50) ÷ 10

    bin = Bin.objects.get(warehouse__code="LON", kind="receiving")
    sending_back.return_to_supplier(
        make.fresh(order), [sending_back.GoingBack(line, 5, bin)], reason="Faulty"
    )
    assert (cost(), Move.objects.latest("pk").unit_cost) == (D("3.1000"), D("3.1000"))
    assert line.currency == "USD"


def test_an_undone_receipt_leaves_at_what_it_came_in_at():
    rate("USD", "1.25")
    make.sku("TEE-M", stock={"LON": 10})
    before = cost()
    order = bought()
    line = order.lines.get()
    receiving.receive(order, [Received(line, 10)])
    ExchangeRate.objects.update(rate=D("2"))

    sending_back.undo_receipt(make.fresh(order), [sending_back.Undone(line, good=10)])

    assert cost() == before


def order_of(company, quantity, *, can_backorder=False):
    channel, _ = Channel.objects.get_or_create(
        code=f"of-{company.code}",
        defaults={
            "name": company.name,
            "company": company,
            "price_list": make.price_list(),
            "allow_backorders": can_backorder,
        },
    )
    make.taxes()
    if company.currency != "GBP":
        ExchangeRate.objects.get_or_create(
            company=company, currency="GBP", day=company.today(), defaults={"rate": D("0.5")}
        )
    entry = Entry(channel, make.customer(), [make.line("TEE-M", quantity, "10.00")])
    return lifecycle.confirm(order_entry.enter(entry))


def test_stock_of_another_company_is_never_promised(overseas, log_in):
    tee = make.sku("TEE-M", stock={"LON": 5, "AKL": 3})

    with pytest.raises(NotEnough):
        order_of(overseas, 4)
    waits = order_of(make.company(), 7, can_backorder=True)
    outbox.drain()
    own = order_of(overseas, 2)

    reserved = Reservation.objects.filter(state="reserved")
    assert {(row.demand.document, row.warehouse.code, row.quantity) for row in reserved} == {
        (waits.number, "LON", 5),
        (own.number, "AKL", 2),
    }
    assert availability.available([tee], overseas)[tee.pk].by_warehouse == {"AKL": 1}
    assert availability.available([tee], make.company())[tee.pk].projected == -2
    page = (
        log_in("manager").get(reverse("admin:orders_order_change", args=[own.pk])).content.decode()
    )
    assert own.number in page

    make.put(tee, "AKL", 9)  # nothing of it is for the other company's order
    outbox.drain()
    assert Demand.objects.get(document=waits.number).unreserved == 2
    with pytest.raises(Refused):
        rerouting.reroute(make.fresh(waits), to=make.warehouse("AKL"))
    check = replenishment.reorder_check()
    assert [each.warehouse for each in check.unserved] == ["LON"]
    make.put(tee, "LON", 2)
    outbox.drain()
    assert Demand.objects.get(document=waits.number).unreserved == 0


def test_goods_do_not_change_companies_by_a_transfer_a_purchase_or_a_return(overseas):
    make.sku("TEE-M", stock={"LON": 5})
    london, auckland = make.warehouse("LON"), make.warehouse("AKL")
    with pytest.raises(ValidationError, match="another company"):
        Transfer(source=london, target=auckland).full_clean()
    transfer = states.create(Transfer(source=london, target=auckland))
    transfer.lines.create(sku=make.sku("TEE-M"), bin=make.storage(london), quantity=1)
    with pytest.raises(Refused, match="another company"):
        transfers.send(transfer)
    with pytest.raises(ValidationError, match="another company"):
        PurchaseOrder(
            company=overseas, supplier=make.supplier(), warehouse=london, currency="GBP"
        ).full_clean()
    order = make.shipped(("TEE-M", 1, "10.00"))
    with pytest.raises(Refused, match="another company"):
        requests.open_request(
            order, [requests.Asked(order.lines.get(), 1, "damaged")], warehouse=auckland
        )


def test_returned_goods_come_back_at_what_they_left_at():
    make.sku("TEE-M", stock={"LON": 4})
    Stock.objects.filter(sku__code="TEE-M").update(average_cost=D("3.0000"))
    order = make.shipped(("TEE-M", 2, "10.00"))
    left = Move.objects.get(reason="ship").unit_cost
    Stock.objects.filter(sku__code="TEE-M").update(average_cost=D("9.0000"))

    request = requests.open_request(order, [requests.Asked(order.lines.get(), 2, "damaged")])
    if request.status == "requested":
        request = requests.approve(request)
    returning.receive(request, [returning.Arrived(request.lines.get(), 2)])

    assert left == D("3.0000")
    assert Move.objects.get(reason="return").unit_cost == D("3.0000")
    assert cost() == D("6.0000")  # 2 at 9.00 and 2 at 3.00


def test_the_business_day_is_the_documents_companys(overseas, monkeypatch, log_in):
    monkeypatch.setattr(
        timezone, "now", lambda: datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
    )  # 1 December in Auckland
    due = datetime(2026, 11, 30, tzinfo=UTC).date()
    numbers = []
    for company in (make.company(), overseas):
        invoice = Invoice.objects.create(
            company=company,
            customer=make.customer(),
            currency="GBP",
            due_on=due,
            status="issued",
            number=f"INV-{company.code}",
            gross=1,
            net=1,
            is_imported=True,
        )
        numbers.append(invoice.number)
    late = Invoice.objects.open().overdue()

    assert [invoice.number for invoice in late] == ["INV-nz"]
    page = log_in("accountant").get(reverse("admin:orders_exportrun_new"))
    assert page.context["form"].initial["company"] is None
    statement = log_in("accountant").get(reverse("admin:orders_customer_statement", args=["C-1"]))
    assert (
        statement.context["statement"].company == overseas
    )  # of the latest document, not the first company
    Invoice.objects.all().delete()
