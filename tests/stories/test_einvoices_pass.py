"""E-invoices say what the receiver's country demands, or aren't issued; what they lack is named before."""

import re
from decimal import Decimal

import pytest
from lxml import etree

from oms.core.errors import Refused
from oms.web.demo import einvoice_cases
from oms.web.demo.einvoice_cases import CASES
from oms.web.demo.einvoice_trade import bill, buyer, confirmed, credited, rate, seller
from orders import amending, lifecycle, order_entry
from orders.accounting import billing, deposits, einvoicing
from orders.accounting.connectors.einvoices.en16931 import connector
from orders.accounting.models import Invoice
from orders.models import Customer, TaxRate
from orders.order_entry import Charge, Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def ubl(document):
    return etree.fromstring(connector.ubl(einvoicing.document_of(document)))


def texts(xml, name):
    return [each.text for each in xml.iter(f"{CBC}{name}")]


@pytest.mark.parametrize("name", [name for name in CASES if "credit_note" in name])
def test_a_credit_note_repeats_the_payment_instructions_of_its_invoice(name):
    note = CASES[name]()

    means = texts(ubl(note), "PaymentMeansCode")
    assert means == ([] if "without_bank" in name else ["30"] if note.currency != "EUR" else ["58"])


def test_what_is_outside_of_vat_has_the_rate_zero_in_the_breakdown_and_none_on_its_lines():
    xml = ubl(CASES["outside_of_vat"]())

    (subtotal,) = [each for each in xml.iter() if each.tag.endswith("}TaxSubtotal")]
    (line,) = [each for each in xml.iter() if each.tag.endswith("}ClassifiedTaxCategory")]
    assert texts(subtotal, "Percent") == ["0"]
    assert texts(line, "Percent") == []


def test_german_parties_without_bank_or_contact_are_told_before_anything_is_confirmed():
    company = seller(iban="", bic="", phone="", email="", postal_code="")
    customer = buyer()
    customer.addresses.update(city="", postal_code="")

    with pytest.raises(Refused) as refused:
        confirmed(customer, ("standard", 1, "10.00"), company=company)

    assert set(refused.value.details["missing"]) == {
        "the company's IBAN",
        "the company's phone number",
        "the company's email address",
        "the company's postal code",
        "the city and postal code of the customer's billing address",
        "the city and postal code of the delivery address",
    }
    assert not Invoice.objects.exists()


@pytest.mark.parametrize(
    "country, vat_number, told",
    [
        ("GR", "EL094259216", "GR (myDATA)"),
        ("IT", "IT00743110157", "IT (SdI)"),
        ("DK", "DK13585628", "DK (NemHandel)"),
        ("NL", "NL004495445B01", "KVK number"),
        ("SE", "SE123456789701", "organization number with 10 digits"),
        ("NO", "NO995525828", "MVA"),
        ("IS", "IS00621", "kennitala"),
    ],
)
def test_countries_whose_rules_are_not_met_are_named(country, vat_number, told):
    TaxRate.objects.get_or_create(country=country, tax_class="standard", defaults={"percent": 25})
    registration = "" if country == "IS" else "A-1"
    company = seller(country=country, vat_number=vat_number, registration=registration)

    with pytest.raises(Refused, match=re.escape(told)):
        confirmed(buyer("US", ""), ("standard", 1, "10.00"), company=company)


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"registration": "5560125791"}, "organization number with 10 digits"),
        ({"registration": "556012579"}, "organization number with 10 digits"),
        ({}, "a Swedish tax rate: 25, 12 or 6%"),
    ],
)
def test_swedish_sellers_have_numbers_and_rates_of_their_country(fields, told):
    """SE-R-004, SE-R-006 and SE-R-013."""
    TaxRate.objects.get_or_create(country="SE", tax_class="standard", defaults={"percent": 19})
    facts = {"vat_number": "SE556012579001", "registration": "5560125790", **fields}
    company = seller(country="SE", **facts)

    with pytest.raises(Refused, match=told):
        confirmed(buyer("SE", "", "111 22"), ("standard", 1, "10.00"), company=company)


def test_a_swedish_company_keeps_its_own_number_when_it_sells_from_elsewhere():
    TaxRate.objects.get_or_create(country="DE", tax_class="standard", defaults={"percent": 19})
    company = seller(
        country="SE",
        vat_number="SE556012579001",
        registration="5560125791",
        other_vat_numbers="DE136695976",
    )

    with pytest.raises(Refused, match="organization number with 10 digits"):
        confirmed(buyer(), ("standard", 1, "10.00"), company=company)


@pytest.mark.parametrize("number", ["NO995525828", "NO995525829MVA"])
def test_a_norwegian_number_is_whole_wherever_its_company_is(number):
    """NO-R-001."""
    TaxRate.objects.get_or_create(country="NO", tax_class="standard", defaults={"percent": 25})
    company = seller(other_vat_numbers=number)

    with pytest.raises(Refused, match="NO, 9 digits and MVA"):
        confirmed(buyer("NO", "", "0150"), ("standard", 1, "10.00"), company=company)


@pytest.mark.parametrize(
    "whose, fields",
    [
        ("company", {"company": {"vat_number": "136695976"}}),
        ("customer", {"buyer": {"vat_number": "811907980"}}),
    ],
)
def test_a_vat_number_begins_with_its_country(whose, fields):
    """BR-CO-09."""
    company = seller(**fields.get("company", {}))

    with pytest.raises(Refused, match=f"the {whose}'s VAT number with its country's prefix"):
        confirmed(buyer(**fields.get("buyer", {})), ("standard", 1, "10.00"), company=company)


@pytest.mark.parametrize("kind", ["ubl", "factur-x"])
def test_a_currency_of_three_decimal_places_is_named_before(kind):
    """BR-DEC: no amount has more than two."""
    company = seller()
    rate(company, "KWD", "0.337")

    with pytest.raises(Refused, match=r"at most two decimal places .*, unlike KWD"):
        confirmed(buyer(currency="KWD", einvoice=kind), ("standard", 1, "10.000"), company=company)


def test_a_deposit_waits_for_what_its_einvoice_lacks():
    make.sku("TEE-M")
    order = make.order(lines=[("TEE-M", 2)])
    Customer.objects.update(einvoice="ubl", endpoint="")

    with pytest.raises(Refused, match="e-invoicing address"):
        deposits.ask(order, Decimal("10.00"), reference="deposit")
    assert not Invoice.objects.exists()


def test_a_credit_note_reaches_a_customer_who_takes_einvoices_since():
    customer = buyer(einvoice="", endpoint="", endpoint_scheme="", buyer_reference="")
    document = bill(confirmed(customer, ("standard", 1, "10.00"), company=seller(endpoint="")))
    seller()
    buyer()

    xml = ubl(credited(Invoice.objects.get(pk=document.pk)))
    assert texts(xml, "EndpointID") == ["DE136695976", "4012345000009"]
    assert texts(xml, "BuyerReference") == ["04011000-12345-34"]


def test_a_supply_from_northern_ireland_names_its_own_number():
    CASES["from_northern_ireland"]()
    company = seller(country="GB", postal_code="BT1 1AA", vat_number="GB980780684", currency="GBP")

    with pytest.raises(Refused, match="VAT number with XI"):
        confirmed(buyer(currency="GBP"), ("standard", 1, "10.00"), company=company)


def test_no_price_below_zero_reaches_an_invoice(rep):
    make.sku("TEE-M", stock={"LON": 9})
    line = {"sku": "TEE-M", "quantity": 1, "unit_price": "-5.00"}

    answer = rep.send("orders/", {"customer": "C-1", "channel": "reps", "lines": [line]})
    with pytest.raises(Refused, match="Enter an allowance instead"):
        order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", 1, "-5.00")]))
    order = lifecycle.confirm(
        order_entry.enter(Entry(make.channel(), make.customer(), [make.line("TEE-M", 2, "5.00")]))
    )
    with pytest.raises(Refused, match="below zero"):
        amending.amend(order, [amending.LineChange(order.lines.get(), unit_price=-1)])

    assert answer.status_code in (400, 422)
    billing.bill_order(make.fresh(order))


def test_charges_without_goods_keep_their_signs():
    order = confirmed(
        buyer(),
        ("standard", 1, "0.00"),
        charges=(Charge("freight", "Freight", 10), Charge("allowance", "Goodwill", -4)),
    )
    document = bill(order)
    xml = ubl(einvoice_cases.CASES["charges_alone"]())

    assert document.gross > 0
    assert not [price for price in texts(xml, "PriceAmount") if price.startswith("-")]
    assert texts(xml, "PayableAmount") == ["5.44"]


def test_units_are_the_skus_own():
    order = confirmed(buyer(), ("standard", 3, "19.99"))
    sku = order.lines.get().sku
    type(sku).objects.filter(pk=sku.pk).update(base_unit="KGM")

    xml = connector.ubl(einvoicing.document_of(bill(order))).decode()

    assert 'unitCode="KGM"' in xml


def test_what_is_paid_before_is_taken_off_what_is_payable():
    whole, part = ubl(CASES["paid_in_full"]()), ubl(CASES["paid_in_part"]())

    assert (texts(whole, "PrepaidAmount"), texts(whole, "PayableAmount")) == (["71.36"], ["0.00"])
    assert (texts(part, "PrepaidAmount"), texts(part, "PayableAmount")) == (["10.00"], ["61.36"])


def test_a_discount_for_paying_early_is_told_to_german_programs():
    """XRechnung 3, BR-DE-18: a line of this form, with a line break after it."""
    form = r"#SKONTO#TAGE=[0-9]+#PROZENT=[0-9]+\.[0-9]{2}(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#\n"

    (told,) = [
        each.text
        for each in ubl(CASES["early_discount"]()).iter()
        if each.tag.endswith("}Note") and each.getparent().tag.endswith("}PaymentTerms")
    ]
    lines = told.splitlines(keepends=True)
    assert [line for line in lines if line.startswith("#")] == ["#SKONTO#TAGE=14#PROZENT=2.00#\n"]
    assert re.fullmatch(form, lines[-1])


def test_an_exemption_is_told_in_the_customers_language():
    assert texts(ubl(CASES["intra_community"]()), "TaxExemptionReason")[0].startswith(
        "Intra-Community supply"
    )
    customer = buyer("NL", "NL004495445B01", language="de")
    note = billing.bill_order(confirmed(customer, ("standard", 1, "10.00")))

    (reason,) = texts(ubl(note), "TaxExemptionReason")
    assert reason.startswith("Steuerfreie innergemeinschaftliche Lieferung")
