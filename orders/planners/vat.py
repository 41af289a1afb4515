"""Whose tax it is: supplies that carry no tax of the seller's country, and the texts that the law wants for that."""

from dataclasses import dataclass

from stdnum.eu import vat

from orders.planners.places import BRITISH, EU, NORTHERN_IRELAND, Place, place

PREFIXES = {"EL": "GR"}  # of VAT numbers, where it is not the country's code

INTRA_COMMUNITY = (
    "Intra-Community supply, exempt under Article 138 of Directive 2006/112/EC. "
    "The recipient accounts for the VAT (reverse charge)."
)
SERVICE = "Reverse charge: the recipient accounts for the VAT (Directive 2006/112/EC, Articles 44 and 196)."
EU_EXPORT = "Export of goods, exempt under Article 146 of Directive 2006/112/EC."
EXPORT = "Export of goods, zero rated."


@dataclass(frozen=True)
class Untaxed:
    """A supply without tax: its category (UNCL 5305, as EN 16931 uses it) and the text for the invoice."""

    category: str
    note: str


def untaxed(
    *,
    seller: str,
    to: str,
    buyer_vat_number: str,
    is_registered_there: bool = False,
    seller_postal_code: str = "",
    to_postal_code: str = "",
    is_goods: bool = True,
) -> Untaxed | None:
    """Why a supply from one address to another carries no tax; None where it is taxed, or where it isn't known.

    `seller` and `to` are ISO 3166-1 codes; `is_registered_there`: the seller has tax rates of its own for the country
    of destination. Within the EU a buyer with a valid VAT number of another member state accounts for the tax
    (Directive 2006/112/EC, Article 138); what leaves the EU, or any other seller's country, is an export (Article 146),
    unless the seller is registered there. Northern Ireland is in the EU for goods, by VAT numbers with XI.
    """
    if not seller or not to:
        return None
    return between(
        place(seller, seller_postal_code),
        place(to, to_postal_code),
        buyer_vat_number,
        is_registered_there=is_registered_there,
        is_goods=is_goods,
    )


def between(
    start: Place,
    end: Place,
    buyer_vat_number: str,
    *,
    is_registered_there: bool = False,
    is_goods: bool = True,
) -> Untaxed | None:
    """Why a supply from one place to another carries no tax; None where it is taxed."""
    if not is_goods:
        return _service(start, end, buyer_vat_number)
    if _is_domestic(start, end):
        return None
    if start.is_in_union and end.is_in_union:
        other = member_state(buyer_vat_number) not in ("", start.area)
        return Untaxed("K", INTRA_COMMUNITY) if other else None
    if is_registered_there:
        return None
    return Untaxed("G", EU_EXPORT if start.area in EU else EXPORT)


def is_uncertain(start: Place, end: Place, buyer_vat_number: str) -> bool:
    """Whether a supply is untaxed only as long as its address doesn't mean another place of its country."""
    found = between(start, end, buyer_vat_number)
    return found is not None and any(
        between(start, other, buyer_vat_number) != found for other in end.may_be
    )


def _is_domestic(start: Place, end: Place) -> bool:
    if start.area in BRITISH and end.area in BRITISH:
        return True
    return (start.country, start.area, start.territory) == (end.country, end.area, end.territory)


def _service(start: Place, end: Place, buyer_vat_number: str) -> Untaxed | None:
    """Services go by where the buyer is established; Northern Ireland is no part of the EU for them."""
    state = member_state(buyer_vat_number)
    is_between = start.area in EU and end.area in EU and start.area != end.area
    is_other = state not in ("", start.area, NORTHERN_IRELAND)
    return Untaxed("AE", SERVICE) if is_between and is_other else None


def member_state(vat_number: str) -> str:
    """The member state (or XI) that gave a VAT number; empty where it is none, or not valid."""
    number = vat_number.replace(" ", "").upper()
    country = PREFIXES.get(number[:2], number[:2])
    return country if country in (*EU, NORTHERN_IRELAND) and vat.is_valid(number) else ""
