"""One e-invoice of each case, for validators and for tests."""

from collections.abc import Callable
from decimal import Decimal

from oms.web.demo.einvoice_trade import (
    FREIGHT_LESS_GOODWILL,
    bill,
    buyer,
    confirmed,
    credited,
    dutch_buyer,
    dutch_seller,
    irish_seller,
    northern_buyer,
    northern_seller,
    rate,
    seller,
)
from orders.accounting import (
    applying,
    billing,
    consolidated_invoicing,
    crediting,
    deposits,
    payments,
)
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice
from orders.models import PaymentTerms
from orders.order_entry import Charge

Case = Callable[[], Invoice]
CASES: dict[str, Case] = {}


def case(build: Case) -> Case:
    """Keep a case under its name."""
    CASES[build.__name__] = build
    return build


@case
def domestic() -> Invoice:
    return bill(confirmed(buyer(), ("standard", 3, "19.99")))


@case
def several_rates() -> Invoice:
    return bill(
        confirmed(buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"), ("zero", 1, "5.00"))
    )


@case
def reverse_charge() -> Invoice:
    return bill(confirmed(buyer(), ("scrap", 12, "4.50")))


@case
def intra_community() -> Invoice:
    return bill(confirmed(buyer("NL", "NL004495445B01"), ("standard", 3, "19.99")))


@case
def export() -> Invoice:
    return bill(confirmed(buyer("CH", ""), ("standard", 3, "19.99"), ("reduced", 2, "3.33")))


@case
def exempt() -> Invoice:
    customer = buyer(is_tax_exempt=True, exemption_note="Exempt under § 4 No. 18 UStG.")
    return bill(confirmed(customer, ("standard", 3, "19.99")))


@case
def outside_of_vat() -> Invoice:
    return bill(confirmed(buyer(vat_number=""), ("outside", 1, "50.00"), charges=()))


@case
def discounts_and_charges() -> Invoice:
    charges = (
        Charge("freight", "Freight", Decimal("7.90")),
        Charge("allowance", "Goodwill", Decimal("-3.00")),
    )
    order = confirmed(
        buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"), charges=charges, discount="7.5"
    )
    return bill(order)


@case
def prices_with_tax() -> Invoice:
    return bill(
        confirmed(buyer(), ("standard", 3, "9.99"), ("reduced", 7, "3.33"), includes_tax=True)
    )


@case
def part_of_an_order() -> Invoice:
    return bill(
        confirmed(buyer(), ("standard", 3, "3.333"), ("reduced", 5, "0.999"), discount="3"), share=2
    )


@case
def credit_note() -> Invoice:
    charges = (Charge("freight", "Freight", Decimal("7.90")),)
    document = bill(
        confirmed(buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"), charges=charges)
    )
    lines = list(document.lines.order_by("position"))
    return crediting.credit(
        document,
        [Credited(lines[0], 2), Credited(lines[2], 1)],
        reference=f"{document}/case",
        reason="Two arrived damaged.",
    )


@case
def deposit() -> Invoice:
    order = confirmed(buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"))
    return deposits.ask(order, Decimal("30.00"), reference=f"{order.number}/case deposit")


@case
def less_a_deposit() -> Invoice:
    return bill(deposit().order)  # type: ignore[arg-type]


@case
def installments_and_early_discount() -> Invoice:
    terms, _ = PaymentTerms.objects.get_or_create(
        code="einv", defaults={"name": "In three parts", "discount_percent": 2, "discount_days": 10}
    )
    if not terms.parts.exists():
        for days in (14, 44, 74):
            terms.parts.create(percent=Decimal("33.33"), days=days)
    return bill(confirmed(buyer(terms=terms), ("standard", 3, "33.37")))


@case
def rounding_extremes() -> Invoice:
    """Many small lines whose taxes all round up, rounded on each line."""
    lines = [("standard", 1, "0.03")] * 90 + [
        ("reduced", 999, "0.0075"),
        ("standard", 1, "99999.99"),
    ]
    return bill(confirmed(buyer(), *lines))


@case
def rounding_of_the_document() -> Invoice:
    company = seller(tax_rounding="document")
    lines = [("standard", 1, "0.03")] * 40 + [("standard", 7, "1.117")]
    return bill(confirmed(buyer(), *lines, company=company))


@case
def foreign_currency() -> Invoice:
    company = seller()
    rate(company, "USD", "1.117")
    return bill(confirmed(buyer(currency="USD"), ("standard", 3, "19.99"), company=company))


@case
def foreign_currency_of_several_rates() -> Invoice:
    """With a discount, a charge, an allowance and goods without tax; the tax is told in euros, too."""
    company = seller()
    rate(company, "USD", "1.117")
    return bill(
        confirmed(
            buyer(currency="USD"),
            ("standard", 3, "19.99"),
            ("reduced", 7, "3.33"),
            ("zero", 2, "1.11"),
            charges=FREIGHT_LESS_GOODWILL,
            discount="7.5",
            company=company,
        )
    )


@case
def currency_without_cents() -> Invoice:
    company = seller()
    rate(company, "JPY", "161.37")
    return bill(
        confirmed(
            buyer(currency="JPY"), ("standard", 3, "1999"), ("reduced", 7, "333"), company=company
        )
    )


@case
def zero_rate_alone() -> Invoice:
    return bill(confirmed(buyer(), ("zero", 3, "5.00"), charges=FREIGHT_LESS_GOODWILL))


@case
def credit_note_of_a_deposit() -> Invoice:
    """What a final invoice would have deducted, given back instead, at both rates."""
    document = deposit()
    return crediting.credit(
        document,
        [Credited(line, 1) for line in document.lines.order_by("position")],
        reference=f"{document}/case",
        reason="The order was changed.",
    )


@case
def less_all_of_it() -> Invoice:
    """A final invoice that two deposits have paid: it refers to both and comes to nothing."""
    order = confirmed(buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"))
    for number, amount in enumerate((Decimal("30.00"), order.gross - Decimal("30.00"))):
        deposits.ask(order, amount, reference=f"{order.number}/case deposit {number}")
    return bill(order)


@case
def credit_note_of_a_final_invoice() -> Invoice:
    document = less_a_deposit()
    goods = document.lines.filter(quantity__gt=0).order_by("position")
    return crediting.credit(
        document,
        [Credited(line, line.quantity) for line in goods],
        reference=f"{document}/case",
        reason="Sent back.",
    )


@case
def month_together() -> Invoice:
    """A collective invoice of two orders."""
    customer = buyer(billing="month")
    for lines in ([("standard", 2, "10.00")], [("reduced", 3, "5.00"), ("standard", 1, "1.11")]):
        order = confirmed(customer, *lines)
        for line in order.lines.all():
            line.reserved = line.picked = line.shipped = line.quantity
            line.save(update_fields=["reserved", "picked", "shipped"])
    (document,) = consolidated_invoicing.collect(customer, company=seller())
    return document


@case
def paid_before() -> Invoice:
    """One that a prepayment has paid already: it says so by its terms alone, and its totals stay whole."""
    order = confirmed(buyer(), ("standard", 3, "19.99"))
    payments.register_transfer(
        order.customer, order.gross, company=order.company, reference="case", order=order
    )
    return bill(order)


@case
def paid_in_full() -> Invoice:
    """One whose prepayment was set off before it went out: nothing of it is payable."""
    document = paid_before()
    applying.apply_prepayments(document)
    document.refresh_from_db()
    return document


@case
def paid_in_part() -> Invoice:
    order = confirmed(buyer(), ("standard", 3, "19.99"))
    payments.register_transfer(
        order.customer, Decimal("10.00"), company=order.company, reference="part", order=order
    )
    document = bill(order)
    applying.apply_prepayments(document)
    document.refresh_from_db()
    return document


@case
def early_discount() -> Invoice:
    terms, _ = PaymentTerms.objects.get_or_create(
        code="early",
        defaults={"name": "2 % within 14 days", "discount_percent": 2, "discount_days": 14},
    )
    return bill(confirmed(buyer(terms=terms), ("standard", 3, "33.37")))


@case
def credit_note_reverse_charge() -> Invoice:
    return credited(reverse_charge())


@case
def credit_note_intra_community() -> Invoice:
    return credited(intra_community())


@case
def credit_note_export() -> Invoice:
    return credited(export())


@case
def credit_note_exempt() -> Invoice:
    return credited(exempt())


@case
def credit_note_outside_of_vat() -> Invoice:
    return credited(outside_of_vat())


@case
def credit_note_foreign_currency() -> Invoice:
    return credited(foreign_currency())


@case
def charges_of_several_rates() -> Invoice:
    """Freight and an allowance that follow the goods' rates, and compensation without tax."""
    charges = (
        Charge("freight", "Freight", Decimal("10.00")),
        Charge("allowance", "Goodwill", Decimal("-4.00")),
        Charge("damage", "Broken pallet", Decimal("15.00")),
    )
    return bill(
        confirmed(buyer(), ("standard", 3, "19.99"), ("reduced", 7, "3.33"), charges=charges)
    )


@case
def charges_alone() -> Invoice:
    """An order whose goods are all billed: a charge and an allowance without a line of goods."""
    order = confirmed(buyer(), ("standard", 1, "0.00"), charges=FREIGHT_LESS_GOODWILL)
    return billing.invoice(order, {}, reference=f"{order.number}/case")


@case
def gross_prices_of_an_export() -> Invoice:
    return bill(
        confirmed(
            buyer("CH", ""), ("standard", 3, "9.99"), ("reduced", 7, "3.33"), includes_tax=True
        )
    )


@case
def to_northern_ireland() -> Invoice:
    """Goods from Germany to a business with a number that begins with XI."""
    return bill(confirmed(northern_buyer(), ("standard", 3, "19.99")))


@case
def credit_note_to_northern_ireland() -> Invoice:
    return credited(to_northern_ireland())


@case
def from_northern_ireland() -> Invoice:
    company = northern_seller(vat_number="XI980780684")
    return bill(confirmed(buyer(currency="GBP"), ("standard", 3, "19.99"), company=company))


@case
def from_northern_ireland_in_euros() -> Invoice:
    """Under the number with XI of a company that has one beside its own, with charges and the tax in pounds."""
    company = northern_seller(vat_number="GB980780684", other_vat_numbers="XI980780684")
    rate(company, "EUR", "1.17")
    lines = [("standard", 3, "19.99"), ("reduced", 4, "2.22")]
    return bill(confirmed(buyer(), *lines, charges=FREIGHT_LESS_GOODWILL, company=company))


@case
def to_the_canary_islands() -> Invoice:
    return bill(confirmed(buyer("ES", "", postal_code="35001"), ("standard", 3, "19.99")))


@case
def seller_without_bank() -> Invoice:
    """From a country whose rules ask for no payment instructions."""
    return bill(
        confirmed(buyer("IE", "IE6388047V"), ("standard", 3, "19.99"), company=irish_seller())
    )


@case
def credit_note_of_a_seller_without_bank() -> Invoice:
    return credited(seller_without_bank())


@case
def dutch_parties() -> Invoice:
    """Their rules ask for numbers of the chamber of commerce."""
    return bill(confirmed(dutch_buyer(), ("standard", 3, "19.99"), company=dutch_seller()))


@case
def credit_note_of_dutch_parties() -> Invoice:
    return credited(dutch_parties())
