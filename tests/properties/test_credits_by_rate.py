"""Whatever is billed, credited and canceled in parts: at every step no more is credited of anything than was billed.

The suite tries few examples; raise `max_examples` to look for new ones.
"""

from decimal import Decimal as D

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fulfillment.carriers.models import Rate
from oms.core import outbox
from oms.core.errors import DomainError
from oms.core.models import Company, Delivery, ExchangeRate
from oms.insights import completeness_rules, credit_rules, verification
from oms.insights.invariants import check
from orders import lifecycle, order_entry
from orders.accounting import billing, crediting
from orders.accounting.models import Invoice
from orders.models import Customer, Order, PriceList, TaxRate
from orders.order_entry import Charge, Entry, Line
from tests import builders as make
from tests import kept_plans

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files")]
RULES = credit_rules.RULES + completeness_rules.RULES
HOME = {"name": "Shop", "country": "GB", "postal_code": "N1 9GU"}
BERLIN = {"name": "Laden", "country": "DE", "postal_code": "10115", "city": "Berlin"}
which = st.integers(0, 9)
steps = st.lists(
    st.tuples(st.sampled_from(["bill", "bill", "credit", "cancel", "cancel"]), which, which),
    min_size=2,
    max_size=9,
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    currency=st.sampled_from(["GBP", "JPY", "KWD"]),
    address=st.sampled_from([HOME, BERLIN]),
    wanted=st.lists(
        st.tuples(
            st.sampled_from(["standard", "reduced", "zero"]),
            st.integers(1, 6),
            st.decimals("1", "99.99", places=2),
        ),
        min_size=1,
        max_size=3,
    ),
    off=st.lists(st.integers(1, 60), min_size=1, max_size=2),
    freight=st.integers(0, 9),
    includes_tax=st.booleans(),
    billed_by=st.sampled_from(["month", "order"]),
    done=steps,
)
def test_no_more_is_credited_than_was_billed_at_any_step(
    currency, address, wanted, off, freight, includes_tax, billed_by, done
):
    with transaction.atomic():
        order = entered(currency, address, wanted, off, freight, includes_tax, billed_by)
        for number, (name, first, second) in enumerate(done):
            try:
                with transaction.atomic():
                    STEPS[name](make.fresh(order), first, second, number)
            except DomainError:
                continue
            outbox.drain()
            assert [str(breach) for breach in check(RULES, ask=kept_plans.rows_of)] == []
        end(order)
        transaction.set_rollback(True)


def entered(currency, address, wanted, off, freight, includes_tax, billed_by):
    """An order of goods that leave from two countries under two VAT numbers, with one or two allowances."""
    two_countries(currency)
    make.customer(currency=currency, billing=billed_by, email="")
    Customer.objects.update(vat_number="DE136695976")
    PriceList.objects.filter(pk=make.price_list().pk).update(includes_tax=includes_tax)
    way = make.channel(allow_backorders=True)
    way.refresh_from_db()
    rows = [
        Line(make.sku(f"SKU-{name}", tax_class=name), quantity, price)
        for name, quantity, price in wanted
    ]
    for row in rows:
        make.sku(row.sku.code, stock={"LON": 4, "AMS": 20})
    worth = sum(row.quantity * row.unit_price for row in rows)
    charges = [Charge("allowance", f"Off {part}", -round(worth * part / 130, 0)) for part in off]
    charges = [charge for charge in charges if charge.amount] + [
        Charge("freight", "Freight", D(freight))
    ]
    order = order_entry.enter(Entry(way, make.customer(), rows, charges=charges, ship_to=address))
    lifecycle.confirm(order)
    outbox.drain()
    return make.fresh(order)


def two_countries(currency):
    make.company()
    Company.objects.update(vat_number="GB980780684", other_vat_numbers="NL004495445B01")
    make.warehouse("LON", postal_code="E1 6AN")
    make.warehouse("AMS", country="NL", postal_code="1012 AB", latitude=52.4, longitude=4.9)
    make.taxes()
    for tax_class, percent in (("standard", 21), ("reduced", 9), ("zero", 0)):
        TaxRate.objects.create(country="NL", tax_class=tax_class, percent=percent)
    Rate.objects.create(service=make.service(), country="DE", up_to_g=300_000, price=5)
    if currency != "GBP":
        ExchangeRate.objects.create(
            company=make.company(), currency=currency, day=make.company().today(), rate=D("1.3")
        )


def a_line(order, index):
    lines = list(order.lines.order_by("pk"))
    return lines[index % len(lines)]


def bill(order, first, second, number):
    line = a_line(order, first)
    left = line.quantity - line.canceled - line.invoiced
    billing.invoice(order, {line.pk: min(left, 1 + second % 4)}, reference=f"bill {number}")


def credit(order, first, second, number):
    documents = list(Invoice.objects.filter(order=order, kind="invoice").order_by("pk"))
    if documents:
        document = documents[first % len(documents)]
        lines = list(document.lines.filter(corrects=None, quantity__gt=0).order_by("pk"))
        line = lines[second % len(lines)]
        units = min(line.quantity - line.credited, 1 + number % 3)
        crediting.credit(document, [crediting.Credited(line, units)], reference=f"credit {number}")


def cancel(order, first, second, number):
    line = a_line(order, first)
    lifecycle.cancel_lines(order, {line.pk: min(line.open_quantity, 1 + second % 6)})


STEPS = {"bill": bill, "credit": credit, "cancel": cancel}


def end(order):
    """What is left is canceled; then nothing is left open."""
    if make.fresh(order).status == "confirmed":
        lifecycle.cancel(make.fresh(order))
        outbox.drain()
    assert [f"{row.event} {row.error}" for row in Delivery.objects.exclude(error="")] == []
    assert [
        str(breach) for breach in verification.breaches(files=False, ask=kept_plans.rows_of)
    ] == []
    documents = Invoice.objects.filter(order=order)
    assert Order.objects.get(pk=order.pk).status == "canceled"
    assert sum(row.sign * row.gross for row in documents) == 0
