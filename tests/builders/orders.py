"""Customers and their orders."""

from decimal import Decimal

from django.db.models import F, Sum

from inventory.models import SKU
from oms.core import outbox
from orders import lifecycle, order_entry
from orders.accounting import payments
from orders.accounting.models import Invoice, Payment, WriteOff
from orders.models import Address, Channel, Customer, Order, Price, PriceList, TaxRate
from orders.order_entry import Entry, Line
from tests.builders import stock as make_stock


def price_list(name: str = "", **fields) -> PriceList:
    defaults = {"currency": "GBP", "company": make_stock.owner(), **fields}
    name = name or make_stock.own("wholesale")
    return PriceList.objects.get_or_create(name=name, defaults=defaults)[0]


def channel(code: str = "", **fields) -> Channel:
    code = code or make_stock.own("reps")
    defaults = {"name": code, "company": make_stock.company(), "price_list": price_list()}
    return Channel.objects.get_or_create(code=code, defaults={**defaults, **fields})[0]


def customer(code: str = "C-1", **fields) -> Customer:
    defaults = {
        "name": f"Shop {code}",
        "currency": "GBP",
        "email": f"{code}@example.com".lower(),
        "company": make_stock.owner(),
    }
    person, made = Customer.objects.get_or_create(code=code, defaults={**defaults, **fields})
    if made:
        Address.objects.create(
            customer=person,
            name=person.name,
            street="1 High Street",
            postal_code="N1 9GU",
            city="London",
            country="GB",
        )
    return person


def balance(person: Customer) -> Decimal:
    """Invoices − credit notes − payments + refunds − write-offs of a customer."""
    issued = Invoice.objects.filter(customer=person, status=Invoice.Status.ISSUED)
    return (
        _total(issued.exclude(kind=Invoice.Kind.CREDIT), "gross")
        - _total(issued.filter(kind=Invoice.Kind.CREDIT), "gross")
        - _total(
            Payment.objects.filter(customer=person),
            F("captured") - F("refunded") - F("written_off"),
        )
        - _total(WriteOff.objects.filter(invoice__customer=person), "amount")
    )


def _total(rows, amount) -> Decimal:
    return rows.aggregate(total=Sum(amount, default=Decimal(0)))["total"]


def taxes() -> None:
    for tax_class, percent in (("standard", 20), ("reduced", 5), ("zero", 0)):
        TaxRate.objects.get_or_create(
            country="GB", tax_class=tax_class, defaults={"percent": percent}
        )


def priced(code: str, unit_price: str = "10") -> SKU:
    """A SKU with a list price; made on the way where a test only cares that it can be bought."""
    item = make_stock.sku(code)
    if not item.prices.filter(price_list=price_list()).exists():
        Price.objects.create(price_list=price_list(), sku=item, unit_price=Decimal(unit_price))
    return item


def line(code: str, quantity: int, price: str | None = None) -> Line:
    return Line(priced(code), quantity, Decimal(price) if price else None)


def order(
    *,
    lines,
    customer_code: str = "C-1",
    backorder: bool = False,
    charges=(),
    confirmed: bool = False,
    discount: str = "0",
    channel_code: str = "",
    external_id: str | None = None,
) -> Order:
    """A placed order of lines such as ("TEE-M", 2) or ("TEE-M", 2, "9.99")."""
    taxes()
    way = channel(channel_code)
    if way.allow_backorders != backorder:
        way.allow_backorders = backorder
        way.save()
    entry = Entry(
        way,
        customer(customer_code),
        [line(*each) for each in lines],
        charges=charges,
        discount_percent=Decimal(discount),
        external_id=external_id,
    )
    made = order_entry.enter(entry)
    return lifecycle.confirm(made) if confirmed else made


def confirmed(*lines, **options) -> Order:
    """A confirmed order, its events delivered."""
    made = order(lines=lines, confirmed=True, **options)
    outbox.drain()
    return fresh(made)


def fresh(row):
    """The row as it is in the database now."""
    return type(row)._base_manager.get(pk=row.pk)


def transfer(amount: str, reference: str = "bank-1", customer_code: str = "C-1", **options):
    return payments.register_transfer(
        customer(customer_code),
        Decimal(amount),
        company=make_stock.company(),
        reference=reference,
        **options,
    )


def only_line(made: Order):
    return made.lines.get()
