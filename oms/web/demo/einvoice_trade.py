"""Who sells and buys in the sample e-invoices, and what they order; issued by the operations that issue all others."""

from datetime import date
from decimal import Decimal

from inventory.models import SKU
from oms.core.models import Company, ExchangeRate
from orders import lifecycle, order_entry
from orders.accounting import billing, crediting
from orders.accounting.crediting import Credited
from orders.accounting.models import Invoice
from orders.models import Address, Channel, Customer, Order, PriceList, TaxRate
from orders.order_entry import Charge, Entry, Line

FREIGHT_LESS_GOODWILL = (
    Charge("freight", "Freight", Decimal("7.90")),
    Charge("allowance", "Goodwill", Decimal("-3.33")),
)
AE_NOTE = "Reverse charge: the recipient accounts for the tax (Directive 2006/112/EC, Article 199)."


def seller(**fields: object) -> Company:
    """The company that sells: in Germany, with all that its e-invoices name."""
    facts = {
        "name": "Muster & Söhne GmbH",
        "street": "Lindenallee 5",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
        "vat_number": "DE136695976",
        "registration": "HRB 12345 B",
        "endpoint": "DE136695976",
        "endpoint_scheme": "9930",
        "iban": "DE89370400440532013000",
        "bic": "COBADEFFXXX",
        "currency": "EUR",
        "email": "billing@example.com",
        "phone": "+49 30 123456",
        "time_zone": "Europe/Berlin",
    }
    return Company.objects.update_or_create(code="einv", defaults={**facts, **fields})[0]


def buyer(
    country: str = "DE",
    vat_number: str = "DE811907980",
    postal_code: str = "20457",
    **fields: object,
) -> Customer:
    """A business that wants e-invoices by Peppol."""
    facts = {
        "name": "Käufer & Co <Handel>",
        "currency": "EUR",
        "vat_number": vat_number,
        "einvoice": "ubl",
        "endpoint": "4012345000009",
        "endpoint_scheme": "0088",
        "buyer_reference": "04011000-12345-34",
    }
    customer, _ = Customer.objects.update_or_create(code="EINV-1", defaults={**facts, **fields})
    Address.objects.update_or_create(
        customer=customer,
        defaults={
            "name": customer.name,
            "street": "Hafenstraße 1",
            "postal_code": postal_code,
            "city": "Hafenstadt",
            "country": country,
        },
    )
    return customer


def taxes() -> None:
    """The rates of the seller's country, one of them for goods whose tax the buyer owes."""
    for name, percent, category, note in (
        ("standard", 19, "S", ""),
        ("reduced", 7, "S", ""),
        ("zero", 0, "Z", ""),
        ("scrap", 0, "AE", AE_NOTE),
        ("outside", 0, "O", "Outside the scope of VAT."),
    ):
        TaxRate.objects.get_or_create(
            country="DE",
            tax_class=name,
            defaults={"percent": percent, "category": category, "note": note},
        )


def confirmed(
    customer: Customer,
    *lines: tuple[str, int, str],
    charges: tuple[Charge, ...] = (),
    discount: str = "0",
    includes_tax: bool = False,
    company: Company | None = None,
) -> Order:
    """A confirmed order of lines (tax class, quantity, price), whether or not there is stock."""
    taxes()
    prices, _ = PriceList.objects.get_or_create(
        name=f"einv {customer.currency} {includes_tax}",
        defaults={"currency": customer.currency, "includes_tax": includes_tax},
    )
    channel, _ = Channel.objects.update_or_create(
        code="einv",
        defaults={
            "name": "E-invoices",
            "company": company or seller(),
            "allow_backorders": True,
            "price_list": prices,
        },
    )
    wanted = [
        Line(_sku(tax_class), quantity, Decimal(price)) for tax_class, quantity, price in lines
    ]
    entry = Entry(
        channel,
        customer,
        wanted,
        charges=charges,
        discount_percent=Decimal(discount),
        customer_reference="PO 4711",
    )
    return lifecycle.confirm(order_entry.enter(entry))


def _sku(tax_class: str) -> SKU:
    return SKU.objects.get_or_create(
        code=f"EINV-{tax_class}",
        defaults={"name": f"Article of the class {tax_class}", "tax_class": tax_class},
    )[0]


def bill(order: Order, share: int = 1) -> Invoice:
    """Bill (the first part of) all lines of an order."""
    units = {line.pk: -(-line.quantity // share) for line in order.lines.all()}
    return billing.invoice(order, units, reference=f"{order.number}/case")


def credited(document: Invoice) -> Invoice:
    """A credit note for the first units of a document."""
    line = document.lines.order_by("position")[0]
    return crediting.credit(
        document, [Credited(line, 1)], reference=f"{document}/case", reason="One arrived damaged."
    )


def northern_buyer() -> Customer:
    return buyer("GB", "XI980780684", postal_code="BT1 1AA")


def northern_seller(**fields: object) -> Company:
    return seller(
        country="GB",
        postal_code="BT1 1AA",
        city="Belfast",
        currency="GBP",
        endpoint="GB980780684",
        endpoint_scheme="9932",
        iban="GB33BUKB20201555555555",
        bic="BUKBGB22XXX",
        registration="NI123456",
        time_zone="Europe/London",
        **fields,
    )


def rate(company: Company, currency: str, units: str) -> None:
    """Units of a currency for one of the company's, since long ago."""
    ExchangeRate.objects.update_or_create(
        company=company, currency=currency, day=date(2020, 1, 2), defaults={"rate": Decimal(units)}
    )


def irish_seller() -> Company:
    TaxRate.objects.get_or_create(country="IE", tax_class="standard", defaults={"percent": 23})
    return seller(
        country="IE",
        postal_code="D02 AF30",
        city="Dublin",
        vat_number="IE6433435F",
        iban="",
        bic="",
        registration="123456",
        endpoint="IE6433435F",
        endpoint_scheme="9935",
        time_zone="Europe/Dublin",
    )


def dutch_seller() -> Company:
    TaxRate.objects.get_or_create(country="NL", tax_class="standard", defaults={"percent": 21})
    return seller(
        country="NL",
        postal_code="1012 AB",
        city="Amsterdam",
        vat_number="NL004495445B01",
        iban="NL91ABNA0417164300",
        bic="ABNANL2A",
        registration="12345678",
        endpoint="12345678",
        endpoint_scheme="0106",
        time_zone="Europe/Amsterdam",
    )


def dutch_buyer() -> Customer:
    return buyer(
        "NL", "NL123456782B12", postal_code="1012 AB", endpoint="87654321", endpoint_scheme="0106"
    )
