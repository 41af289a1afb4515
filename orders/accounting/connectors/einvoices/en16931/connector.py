"""Writes e-invoices with `facturx`, and puts the data of an invoice into its PDF."""

from lxml import etree

from orders.accounting.connectors.einvoices import Document
from orders.accounting.connectors.einvoices.en16931.mapping import PEPPOL_PROCESS, terms_of

LEVEL = "en16931"
PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_BASIC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


def cii(document: Document) -> bytes:
    """The document as UN/CEFACT CII, checked against the XSD of Factur-X."""
    from facturx import generate_cii_xml  # its code lists take a moment to load

    content: bytes = generate_cii_xml(terms_of(document), level=LEVEL, check_schematron=False)
    return content


def ubl(document: Document) -> bytes:
    """The document as UBL 2.1 with the identifiers of Peppol BIS Billing 3.0, checked against the XSD."""
    from facturx import generate_ubl_xml

    content = generate_ubl_xml(
        {**terms_of(document), "BT-23": PEPPOL_PROCESS}, level=LEVEL, check_schematron=False
    )
    root = etree.fromstring(content)
    root.find(f"{_BASIC}CustomizationID").text = PEPPOL
    root.remove(root.find(f"{_BASIC}UBLVersionID"))  # which Peppol does not want
    return bytes(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8"))


def factur_x(pdf: bytes, xml: bytes, *, title: str, author: str, language: str = "en") -> bytes:
    """A PDF/A-3 with the CII inside: the profile EN 16931 of Factur-X 1.0 (ZUGFeRD 2)."""
    from facturx import generate_from_binary

    content: bytes = generate_from_binary(
        pdf,
        xml,
        flavor="factur-x",
        level=LEVEL,
        check_xsd=False,
        xmp_compression=False,
        lang=language,
        afrelationship="alternative",
        pdf_metadata={
            "author": author,
            "title": title,
            "subject": title,
            "keywords": "Factur-X, Invoice",
        },
    )
    return content
