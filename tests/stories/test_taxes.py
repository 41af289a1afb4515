"""Which rate applies, how charges share the rates, and what comes off for paying early."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from oms.core.models import Company
from orders import amending, lifecycle, order_entry, pricing
from orders.accounting import billing, crediting, deposits, payments
from orders.accounting.models import Invoice
from orders.models import Customer, PaymentTerms, TaxRate
from orders.order_entry import Charge, Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def rate(percent, **fields):
    return TaxRate.objects.create(**{"country": "GB", "percent": percent, **fields})


def applied(order):
    return make.fresh(order).lines.get().tax_percent


def entered(*lines, charges=(), **fields):
    if not TaxRate.objects.exists():
        make.taxes()
    entry = Entry(
        make.channel(),
        make.customer(),
        [make.line(*each) for each in lines],
        charges=charges,
        **fields,
    )
    return order_entry.enter(entry)


def confirmed(*lines, **options):
    for code, quantity, *_price in lines:
        make.sku(code, stock={"LON": quantity * 3})
    return lifecycle.confirm(entered(*lines, **options))


def test_the_more_specific_rate_wins_and_a_dated_one_before_an_undated_one():
    today = make.company().today()
    make.taxes()
    at_home = {"name": "Shop", "country": "GB", "postal_code": "N1 9GU"}

    def percent(**address):
        return applied(entered(("TEE-M", 1, "10"), ship_to={**at_home, **address}))

    assert percent() == 20
    rate(17, valid_from=today - timedelta(days=9), valid_to=today + timedelta(days=9))
    assert percent() == 17
    rate(12, region="Kent")
    assert (percent(region="kent"), percent(region="Essex"), percent()) == (12, 17, 17)
    rate(11, region="Kent", valid_from=today)
    assert percent(region="Kent") == 11


def test_periods_that_overlap_or_end_before_they_begin_are_refused(log_in):
    today = make.company().today()
    rate(20)
    rate(17, valid_from=today, valid_to=today + timedelta(days=9))

    def problems(**fields):
        with pytest.raises(ValidationError) as refused:
            TaxRate(country="GB", percent=5, **fields).full_clean()
        return " ".join(refused.value.messages)

    assert "holds then" in problems(valid_from=today + timedelta(days=9))
    assert "holds then" in problems(valid_to=today)
    assert "holds then" in problems()
    assert "before the first day" in problems(valid_from=today, valid_to=today - timedelta(days=1))
    for fields in (
        {},
        {"valid_to": today},
        {"valid_from": today, "valid_to": today - timedelta(days=1)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rate(5, **fields)
    TaxRate(country="GB", percent=5, valid_from=today + timedelta(days=10)).full_clean()
    TaxRate(country="GB", percent=5, region="Kent").full_clean()
    TaxRate(country="GB", percent=5, tax_class="reduced", valid_from=today).full_clean()

    answer = log_in("accountant").post(
        reverse("admin:orders_taxrate_add"),
        {
            "country": "uk",
            "tax_class": "standard",
            "percent": "5",
            "category": "S",
            "valid_from": today,
        },
    )
    assert "holds then" in answer.content.decode()


def test_freight_fees_and_allowances_follow_the_goods_pro_rata():
    make.sku("BOOK", tax_class="reduced", stock={"LON": 9})
    charges = (
        Charge("freight", "Freight", D("10.00")),
        Charge("allowance", "Goodwill", D("-5.00")),
        Charge("damage", "Broken pallet", D("7.00")),
        Charge("reminder", "Reminder", D("3.00")),
    )
    order = confirmed(("TEE-M", 1, "60.00"), ("BOOK", 1, "40.00"), charges=charges)

    freight, goodwill, damage, reminder = order.charges.order_by("pk")
    assert [(part.tax_percent, part.net, part.tax) for part in freight.parts] == [
        (20, D("6.00"), D("1.20")),
        (5, D("4.00"), D("0.20")),
    ]
    assert [(part.tax_percent, part.net, part.tax) for part in goodwill.parts] == [
        (20, D("-3.00"), D("-0.60")),
        (5, D("-2.00"), D("-0.10")),
    ]
    assert [(charge.tax, charge.parts[0].tax_category) for charge in (damage, reminder)] == [
        (0, "E"),
        (0, "E"),
    ]
    assert order.gross == D("72.00") + D("42.00") + D("11.40") - D("5.70") + D("10.00")

    document = billing.bill_order(order)
    assert document.gross == order.gross
    assert {line.tax_percent for line in document.lines.filter(charge=freight)} == {20, 5}


def test_charges_follow_what_is_canceled_and_added():
    make.sku("BOOK", tax_class="reduced", stock={"LON": 9})
    order = confirmed(
        ("TEE-M", 1, "60.00"),
        ("BOOK", 1, "40.00"),
        charges=(Charge("freight", "Freight", D("10.00")),),
    )
    book = order.lines.get(sku__code="BOOK")

    lifecycle.cancel_lines(order, {book.pk: 1})
    order = make.fresh(order)
    assert [(part.tax_percent, part.net) for part in order.charges.get().parts] == [(20, 10)]
    assert order.gross == 84

    amending.amend(order, additions=[make.line("BOOK", 1, "60.00")])
    order = make.fresh(order)
    assert [(part.tax_percent, part.net) for part in order.charges.get().parts] == [(20, 5), (5, 5)]
    deposits.ask(order, D("50.00"), reference="deposit")
    billing.bill_order(order)
    notes = Invoice.objects.filter(order=order)
    assert (
        sum(note.sign * note.gross for note in notes)
        == order.gross
        == D("72.00") + D("63.00") + D("11.25")
    )


def test_charges_elsewhere_have_the_rate_that_is_set():
    make.sku("TEE-M", tax_class="reduced")
    Company.objects.filter(pk=make.company().pk).update(country="AU")
    make.customer().addresses.update(country="AU")
    for name, percent in (("standard", 10), ("reduced", 0)):
        rate(percent, country="AU", tax_class=name)

    def freight():
        order = entered(("TEE-M", 1, "60.00"), charges=(Charge("freight", "Freight", D("10.00")),))
        return order.charges.get().tax_percent

    assert freight() == 10
    rate(4, country="AU", tax_class="freight")
    assert freight() == 4


def gross_prices(**fields):
    make.channel(price_list=make.price_list("shop", includes_tax=True))
    Customer.objects.filter(pk=make.customer().pk).update(**fields)


@pytest.mark.parametrize(
    "price, quantity, net", [("12.00", 1, "10.00"), ("1.03", 3, "2.58"), ("0.99", 1000, "825.00")]
)
def test_a_buyer_without_tax_pays_the_gross_price_divided(price, quantity, net):
    gross_prices()
    make.customer().addresses.update(country="US", postal_code="10001")
    order = confirmed(
        ("TEE-M", quantity, price), charges=(Charge("freight", "Freight", D("6.00")),)
    )

    line, freight = order.lines.get(), order.charges.get()
    assert (line.net, line.tax, line.tax_category) == (D(net), 0, "G")
    assert (freight.net, freight.gross) == (5, 5)
    document = billing.bill_order(order)
    assert document.gross == order.gross == D(net) + 5
    assert document.lines.get(order_line=line).unit_price == round(D(price) / D("1.2"), 4)


def test_gross_prices_stay_what_they_are_for_who_pays_tax_and_come_back_with_the_address():
    gross_prices()
    order = entered(("TEE-M", 1, "12.00"))
    assert (order.net, order.gross) == (10, 12)

    order.ship_to = {"name": "Shop", "country": "US"}
    pricing.retax(order)
    assert (order.net, order.gross) == (10, 10)
    order.ship_to = {"name": "Shop", "country": "GB"}
    pricing.retax(order)
    assert (order.net, order.gross) == (10, 12)


def test_a_tax_exempt_buyer_of_gross_prices_pays_no_tax_of_anybody():
    gross_prices(is_tax_exempt=True, exemption_note="Diplomatic mission")

    assert entered(("TEE-M", 1, "12.00")).gross == 10


def early(percent=2):
    terms = PaymentTerms.objects.create(
        code="early", name="Early", discount_percent=percent, discount_days=10
    )
    make.sku("BOOK", tax_class="reduced", stock={"LON": 9})
    make.customer(terms=terms)
    order = confirmed(("TEE-M", 10, "10.00"), ("BOOK", 1, "100.00"))
    return billing.bill_order(order)


def pay(document, amount, *, late=False):
    payment = make.transfer(amount, reference=f"bank {amount}")
    if late:
        type(payment).objects.filter(pk=payment.pk).update(
            paid_on=document.discount_until + timedelta(days=1)
        )
    payments.apply(make.fresh(payment), make.fresh(document))
    return make.fresh(document).open_amount


def test_the_early_discount_is_of_the_invoice_less_its_credits_and_its_tax_goes_by_rate():
    document = early()
    line = document.lines.get(order_line__sku__code="TEE-M")
    crediting.credit(document, [crediting.Credited(line, 5)], reference="note")  # 225.00 less 60.00

    assert pay(document, "161.69") == D("3.31")  # a cent more than 2% of 165.00
    assert pay(document, "0.01") == 0
    row = document.write_offs.get()
    assert (row.amount, row.tax) == (D("3.30"), D("0.30"))
    assert [(each["percent"], each["amount"], each["tax"]) for each in row.taxes] == [
        ("5", "2.10", "0.10"),
        ("20", "1.20", "0.20"),
    ]


def test_the_discount_is_for_the_part_that_was_paid_in_time():
    document = early()

    assert pay(document, "98.00") == D("127.00")  # 2.00 are earned by now
    assert pay(document, "124.90", late=True) == D("2.10")
    assert pay(document, "0.10", late=True) == 0
    assert document.write_offs.get().amount == D("2.00")


def test_two_payments_in_time_earn_the_whole_discount():
    document = early()

    pay(document, "100.00")
    assert pay(document, "120.50") == 0
    assert document.write_offs.get().amount == D("4.50")
