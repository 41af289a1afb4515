"""At every moment no more is credited at a tax rate, and under a VAT registration, than was billed there."""

from decimal import Decimal as D

import pytest
from django.db.models import F

from fulfillment.carriers.models import Rate
from oms.core import outbox
from oms.core.models import Company, Delivery, ExchangeRate
from orders import lifecycle, order_entry
from orders.accounting import billing, crediting, einvoicing, part_credits, printing
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice
from orders.models import Customer, TaxRate
from orders.order_entry import Charge, Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
CURRENCIES = [("GBP", "1"), ("JPY", "200"), ("KWD", "0.4")]


@pytest.fixture(params=CURRENCIES, ids=[currency for currency, _rate in CURRENCIES])
def currency(request):
    """The customer's currency; the company's is GBP."""
    currency, rate = request.param
    if currency != "GBP":
        ExchangeRate.objects.create(
            company=make.company(), currency=currency, day=make.company().today(), rate=D(rate)
        )
    make.customer(currency=currency, billing="month")
    return currency


def entered(allowance="-60"):
    """100 at 20% and 100 at 0%, less an allowance on both."""
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CUP", stock={"LON": 20}, tax_class="zero")
    make.taxes()
    return make.confirmed(
        ("TEE-M", 10, "10"),
        ("CUP", 10, "10"),
        charges=[Charge("allowance", "Spring", D(allowance))],
    )


def bill(order, code, units):
    line = order.lines.get(sku__code=code)
    return billing.invoice(
        make.fresh(order), {line.pk: units}, reference=f"bill {Invoice.objects.count()}"
    )


def credit(document, code, units):
    line = document.lines.get(order_line__sku__code=code)
    return crediting.credit(
        document, [Credited(line, units)], reference=f"by hand {Invoice.objects.count()}"
    )


def by_rate(document):
    """Gross and tax of a document by its rates."""
    found = {}
    for line in document.lines.all():
        before = found.get(int(line.tax_percent), (0, 0))
        found[int(line.tax_percent)] = (before[0] + line.gross, before[1] + line.tax)
    return found


def documents(order):
    outbox.drain()
    assert not Delivery.objects.exclude(error="").exists()
    return [(row.kind, row.gross) for row in order.invoices.order_by("pk")]


def test_goods_of_a_rate_take_the_allowance_at_that_rate_along(currency):
    order = entered()
    document = billing.bill_order(order)
    assert by_rate(document) == {20: (D(84), D(14)), 0: (D(70), 0)}

    first, second = credit(document, "TEE-M", 10), credit(document, "CUP", 10)

    assert by_rate(first) == {20: (D(84), D(14))}
    assert by_rate(second) == {0: (D(70), 0)}
    assert make.balance(order.customer) == 0
    make.ship_rest(make.fresh(order))


def test_an_allowance_waits_until_the_goods_of_its_rates_are_billed(currency):
    """No invoice bills less than nothing at a rate; what none of them bears is credited once all is billed."""
    order = entered()
    first, second = bill(order, "CUP", 10), bill(order, "TEE-M", 10)

    assert (by_rate(first), by_rate(second)) == ({0: (D(100), 0)}, {20: (D(120), D(20))})
    note = order.invoices.get(kind="credit")
    assert by_rate(note) == {20: (D(36), D(6)), 0: (D(30), 0)}
    assert by_rate(credit(second, "TEE-M", 10)) == {20: (D(84), D(14))}
    assert by_rate(credit(first, "CUP", 10)) == {0: (D(70), 0)}
    assert make.balance(order.customer) == 0
    make.ship_rest(make.fresh(order))


@pytest.mark.parametrize(
    "code, note, kept",
    [
        ("TEE-M", {20: (D(84), D(14)), 0: (D(30), 0)}, 40),
        ("CUP", {20: (D(36), D(6)), 0: (D(70), 0)}, 48),
    ],
)
def test_a_billed_allowance_follows_the_goods_that_are_kept(currency, code, note, kept):
    """It stays as large as it was agreed (60 without tax), at the rate of what is left."""
    order = entered()
    billing.bill_order(order)
    line = order.lines.get(sku__code=code)

    lifecycle.cancel_lines(make.fresh(order), {line.pk: 10})

    assert [kind for kind, _gross in documents(order)] == ["invoice", "credit"]
    assert by_rate(order.invoices.get(kind="credit")) == note
    assert (make.fresh(order).gross, make.balance(order.customer)) == (kept, kept)
    make.ship_rest(make.fresh(order))


def test_a_note_over_several_invoices_refers_to_all_of_them(currency):
    """The allowance is on the first invoice, and the goods that are canceled are mostly on the second."""
    make.sku("TEE-M", stock={"LON": 20})
    order = make.confirmed(("TEE-M", 10, "10"), charges=[Charge("allowance", "Spring", D(-30))])
    billed = [bill(order, "TEE-M", units) for units in (4, 6)]

    lifecycle.cancel_lines(make.fresh(order), {order.lines.get().pk: 8})
    outbox.drain()

    (note,) = order.invoices.filter(kind="credit")
    assert note.gross == 84
    assert note.preceding() == billed
    assert [number for number, _day in einvoicing.document_of(note).preceding] == [
        row.number for row in billed
    ]
    facts = dict(printing.invoice_paper(note).facts)
    assert all(str(row.number) in facts["Corrects invoice"] for row in billed)
    make.ship_rest(make.fresh(order))


def test_an_allowance_on_credited_goods_is_dropped_without_a_document(currency):
    make.sku("TEE-M", stock={"LON": 2})
    order = make.confirmed(
        ("TEE-M", 4, "10"), charges=[Charge("allowance", "Spring", D(-30))], backorder=True
    )
    credit(bill(order, "TEE-M", 2), "TEE-M", 2)
    make.ship_rest(order)

    lifecycle.cancel_lines(make.fresh(order), {order.lines.get().pk: 2})

    assert documents(order) == [("invoice", D(24)), ("credit", D(24))]
    assert [charge.is_canceled for charge in order.charges.all()] == [True]
    assert make.fresh(order).status == "completed"


def test_a_component_whose_worth_an_allowance_took_gets_no_document(currency):
    make.sku("CUP", stock={"LON": 8})
    make.sku("SET", kit={"CUP": 2})
    order = make.shipped(
        ("SET", 2, "30"), charges=[Charge("allowance", "Spring", D(-45))], customer_code="C-1"
    )
    document = billing.bill_now(order)
    credit(document, "SET", 1)
    assert document.gross == 18

    notes = part_credits.credit_shares(
        make.fresh(order), {order.lines.get().pk: D("0.5")}, reference="half a set"
    )

    assert notes == []
    assert documents(order) == [("invoice", D(18)), ("credit", D(18))]


def test_an_allowance_with_a_rate_of_its_own_is_given_and_taken_back():
    """Outside the European Union and the United Kingdom it has the standard rate, whatever the goods have."""
    make.company()
    Company.objects.update(country="CH", vat_number="", postal_code="8001")
    make.warehouse("ZRH", country="CH", postal_code="8001", latitude=47.4, longitude=8.5)
    for tax_class, percent in (("standard", "8.1"), ("reduced", "2.6")):
        TaxRate.objects.create(country="CH", tax_class=tax_class, percent=D(percent))
    make.sku("CUP", stock={"ZRH": 20}, tax_class="reduced")
    make.customer(billing="month")
    entry = Entry(
        make.channel(),
        make.customer(),
        [make.line("CUP", 10, "10")],
        charges=[Charge("allowance", "Spring", D(-30))],
        ship_to={"name": "Laden", "country": "CH", "postal_code": "8001", "city": "Zürich"},
    )
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()

    document = billing.bill_order(make.fresh(order))
    note = credit(document, "CUP", 10)

    assert document.gross == note.gross == D("102.60") - D("32.43")
    lifecycle.cancel(make.fresh(order))


class TestTwoRegistrations:
    """A British company with stock and a VAT number in the Netherlands sells to Germany."""

    @pytest.fixture(autouse=True)
    def two_countries(self, currency):
        Company.objects.filter(pk=make.company().pk).update(
            vat_number="GB980780684", other_vat_numbers="NL004495445B01"
        )
        make.warehouse("LON", postal_code="E1 6AN")
        make.warehouse("AMS", country="NL", postal_code="1012 AB", latitude=52.4, longitude=4.9)
        make.taxes()
        TaxRate.objects.create(country="NL", percent=21)
        Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=5)
        make.customer()
        Customer.objects.update(vat_number="DE136695976")

    def confirmed(self, allowance):
        """6 of 10 leave from London and 4 from Amsterdam, at 10 each without tax."""
        make.sku("TEE-M", stock={"LON": 6, "AMS": 4})
        entry = Entry(
            make.channel(allow_backorders=True),
            make.customer(),
            [make.line("TEE-M", 10, "10")],
            charges=[Charge("allowance", "Spring", D(allowance))],
            ship_to={"name": "Laden", "country": "DE", "postal_code": "10115", "city": "Berlin"},
        )
        order = lifecycle.confirm(order_entry.enter(entry))
        outbox.drain()
        return make.fresh(order)

    def line(self, order, origin):
        return order.lines.get(origin=origin, quantity__gt=F("canceled"))

    def by_registration(self, order):
        outbox.drain()
        assert not Delivery.objects.exclude(error="").exists()
        return [(row.registration, row.kind, row.gross) for row in order.invoices.order_by("pk")]

    def test_each_is_credited_under_its_own_number_when_all_is_canceled(self):
        order = self.confirmed("-30")
        billing.bill_order(order)

        lifecycle.cancel(make.fresh(order))

        assert sorted(self.by_registration(order)) == [
            ("", "credit", 42),
            ("", "invoice", 42),
            ("NL", "credit", 28),
            ("NL", "invoice", 28),
        ]

    def test_the_allowance_of_canceled_goods_goes_to_those_of_the_other_number(self):
        order = self.confirmed("-30")
        billing.bill_order(order)

        lifecycle.cancel_lines(make.fresh(order), {self.line(order, "NL").pk: 4})

        assert self.by_registration(order)[2:] == [("", "credit", 12), ("NL", "credit", 28)]
        assert make.fresh(order).gross == make.balance(order.customer) == 30
        make.ship_rest(make.fresh(order))
        assert make.fresh(order).status == "completed"

    def test_the_allowance_that_is_too_much_for_what_is_left_of_a_place_is_shared(self):
        """Of 70 off 100, 28 are Amsterdam's; one unit is left there."""
        order = self.confirmed("-70")
        billing.bill_order(order)

        lifecycle.cancel_lines(make.fresh(order), {self.line(order, "NL").pk: 3})

        found = self.by_registration(order)[2:]
        assert {registration for registration, _kind, _gross in found} == {"", "NL"}
        assert make.fresh(order).gross == make.balance(order.customer) == 0
        make.ship_rest(make.fresh(order))
        assert make.fresh(order).status == "completed"

    def test_an_allowance_that_is_not_billed_yet_is_shared_too(self):
        order = self.confirmed("-70")

        lifecycle.cancel_lines(make.fresh(order), {self.line(order, "NL").pk: 3})

        assert make.fresh(order).gross == 0
        billing.bill_order(make.fresh(order))
        assert sorted(self.by_registration(order)) == [("", "invoice", 0), ("NL", "invoice", 0)]
        make.ship_rest(make.fresh(order))
        assert make.fresh(order).status == "completed"
