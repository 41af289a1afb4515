"""Invariants of taxes: an invoice falls under the VAT registration of where its goods left, or of where they went."""

from oms.insights.invariants import Invariant
from orders import registrations
from orders.planners import places


def vat_country(country: str, postal_code: str) -> str:
    """SQL for the country of `places.place`, from the columns of an address."""
    code = f"upper(regexp_replace({postal_code}, '[^0-9A-Za-z]', '', 'g'))"
    named = " ".join(
        f"WHEN '{iso}' THEN '{other}'" for iso, other in sorted(places.COUNTS_AS.items())
    )
    bases = ", ".join(f"'{base}'" for base in sorted(places.CYPRIOT_BASES))
    islands = " ".join(
        f"WHEN {country} = 'GB' AND {code} LIKE '{area}%%' THEN '{iso}'"
        for area, iso in sorted(places.CHANNEL_ISLANDS.items())
    )
    return (
        f"(CASE WHEN {country} = 'GB' AND {code} IN ({bases}) THEN 'CY' {islands} "
        f"ELSE CASE {country} {named} ELSE {country} END END)"
    )


# The registration's country, and XI for Northern Ireland, whose goods leave from GB; empty: the company's own.
_REGISTERED = "coalesce(nullif(i.seller->>'registered_in', ''), i.seller->>'country', '')"
_SELLER = vat_country(_REGISTERED, "coalesce(i.seller->>'postal_code', '')")
_SOLD_IN = f"(CASE {_REGISTERED} WHEN '{places.NORTHERN_IRELAND}' THEN 'GB' ELSE {_SELLER} END)"
_SHIP_TO = "(CASE WHEN i.ship_to->>'country' <> '' THEN i.ship_to ELSE o.ship_to END)"
_DESTINATION = vat_country(
    *(f"coalesce({_SHIP_TO}->>'{name}', '')" for name in ("country", "postal_code"))
)
_TAXED = ", ".join(f"'{category}'" for category in registrations.TAXED)

RULES = (
    Invariant(
        "goods are billed under the VAT registration of where they left, or if taxed of where they went",
        f"""
        SELECT DISTINCT number || ' line ' || position, 'sold in ' || sold_in || ' with category ' || tax_category
               || ', left from ' || warehouse || ' in ' || came_from || ' for ' || went_to
        FROM (SELECT i.number, l.position, l.tax_category, w.code AS warehouse, {_SOLD_IN} AS sold_in,
                     {vat_country("w.country", "w.postal_code")} AS came_from, {_DESTINATION} AS went_to
              FROM orders_invoiceline l
              JOIN orders_invoice i ON i.id = l.invoice_id AND i.kind = 'invoice' AND i.seller <> '{{}}'
              JOIN orders_orderline ol ON ol.id = l.order_line_id JOIN orders_order o ON o.id = ol.order_id
              JOIN orders_promise p ON p.line_id = ol.id
              JOIN inventory_reservation r ON r.demand_id = p.demand_id AND r.state = 'shipped'
              JOIN inventory_warehouse w ON w.id = r.warehouse_id
              WHERE NOT i.is_imported AND NOT o.is_as_sold) sold
        WHERE sold_in <> came_from AND NOT (tax_category IN ({_TAXED}) AND sold_in = went_to)""",
    ),
)
