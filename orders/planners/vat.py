"""Whose tax it is: supplies that carry no tax of the seller's country, and the texts that the law wants for that."""

from dataclasses import dataclass

from stdnum.eu import vat

# The member states of the European Union, ISO 3166-1. Northern Ireland counts as one for goods (Protocol, Art. 8).
EU = frozenset([
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"])
PREFIXES = {"EL": "GR"}  # of VAT numbers, where it is not the country's code

INTRA_COMMUNITY = ("Intra-Community supply, exempt under Article 138 of Directive 2006/112/EC. "
                   "The recipient accounts for the VAT (reverse charge).")
EU_EXPORT = "Export of goods, exempt under Article 146 of Directive 2006/112/EC."
EXPORT = "Export of goods, zero rated."


@dataclass(frozen=True)
class Untaxed:
    """A supply without tax: its category (UNCL 5305, as EN 16931 uses it) and the text for the invoice."""

    category: str
    note: str


def untaxed(*, seller: str, to: str, buyer_vat_number: str, is_registered_there: bool = False) -> Untaxed | None:
    """Why a supply of goods from one country to another carries no tax; None where it is taxed.

    `seller` and `to` are ISO 3166-1 codes; `is_registered_there`: the seller has tax rates of its own for the country
    of destination. Within the EU a buyer with a valid VAT number of another member state accounts for the tax
    (Directive 2006/112/EC, Article 138); what leaves the EU, or any other seller's country, is an export (Article 146),
    unless the seller is registered there.
    """
    if seller == to or not to:
        return None
    if seller in EU and to in EU:
        return Untaxed("K", INTRA_COMMUNITY) if _member_state(buyer_vat_number) not in ("", seller) else None
    if is_registered_there:
        return None
    return Untaxed("G", EU_EXPORT if seller in EU else EXPORT)


def _member_state(vat_number: str) -> str:
    """The member state that gave a VAT number; empty where it is none, or not valid."""
    number = vat_number.replace(" ", "").upper()
    country = PREFIXES.get(number[:2], number[:2])
    return country if country in EU and vat.is_valid(number) else ""
