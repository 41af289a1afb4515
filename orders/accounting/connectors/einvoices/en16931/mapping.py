"""An e-invoice as the business terms (BT) and groups (BG) of EN 16931-1, by which `facturx` writes CII and UBL."""

from decimal import Decimal
from typing import Any

from orders.accounting.connectors.einvoices import CREDIT_NOTE, LEGAL_SCHEMES, Document, Item, Party

Terms = dict[str, Any]
UNIT = "C62"  # UN/ECE Recommendation 20: one
TRANSFER, SEPA_TRANSFER = "30", "58"  # UNTDID 4461
PEPPOL_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
# Of the code list VATEX, where the category alone says why; other exemptions are told by their text.
REASON_CODES = {"AE": "VATEX-EU-AE", "K": "VATEX-EU-IC", "O": "VATEX-EU-O"}


def terms_of(document: Document) -> Terms:
    """The document's business terms; what is not known is left out."""
    found: Terms = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-3": document.kind,
        "BT-5": document.currency,
        "BT-10": document.buyer_reference,
        "BT-13": document.purchase_order,
        "BT-72": document.supplied_on,
        "BG-1": [{"BT-22": note} for note in document.notes],
        "BG-3": [{"BT-25": number, "BT-26": day} for number, day in document.preceding],
        "BG-4": _party(document.seller, is_seller=True),
        "BG-7": _party(document.buyer),
        "BG-25": [_line(item, document) for item in document.items],
        **_totals(document),
        **_payment(document),
        **_adjustments(document),
    }
    if document.ship_to:
        place = _party(document.ship_to)
        found["BG-13"] = {
            name: place[name]
            for name in place
            if name not in ("vat_identifier", "legal_identifier", "legal_identifier_schemeid")
        }
    if document.order_number and document.purchase_order:  # UBL has the one only beside the other
        found["BT-14"] = document.order_number
    return {name: value for name, value in found.items() if value not in ("", None, [])}


def _party(party: Party, *, is_seller: bool = False) -> Terms:
    lines = [line.strip() for line in party.street.splitlines() if line.strip()]
    found: Terms = {
        "name": party.name,
        "country_code": party.country,
        "city": party.city,
        "postcode": party.postal_code,
        **dict(zip(("addr_l1", "addr_l2", "addr_l3"), lines, strict=False)),
        "country_subdivision": party.region,
        "vat_identifier": party.vat_number.replace(" ", ""),
        **_legal_identifier(party),
        "einvoicing_addr": party.endpoint,
        "einvoicing_addr_schemeid": party.endpoint_scheme,
    }
    if is_seller and (party.email or party.phone):
        found["contacts"] = [{"name": party.name, "email": party.email, "phone": party.phone}]
    return {name: value for name, value in found.items() if value}


def _legal_identifier(party: Party) -> Terms:
    """The number in a register, with the scheme where a country's rules ask for one."""
    schemes = LEGAL_SCHEMES.get(party.country, ())
    if party.registration:
        return {
            "legal_identifier": party.registration,
            "legal_identifier_schemeid": schemes[0] if schemes else "",
        }
    if party.endpoint_scheme in schemes:
        return {
            "legal_identifier": party.endpoint,
            "legal_identifier_schemeid": party.endpoint_scheme,
        }
    return {}


def _line(item: Item, document: Document) -> Terms:
    """A line; its price is per unit where that comes to its net, else for all its units together (BT-149)."""

    def money(amount: Decimal) -> str:
        return f"{amount:.{document.places}f}"

    found: Terms = {
        "BT-126": str(item.number),
        "BT-129": str(item.quantity),
        "BT-130": item.unit or UNIT,
        "BT-131": money(item.net),
        "BT-151": item.category,
        "BT-153": item.name[:200],
        "BT-155": item.code,
    }
    if item.category != "O":
        found["BT-152"] = _percent(item.percent)
    whole = item.quantity * item.unit_price
    if round(whole, document.places) == item.net + item.discount:
        found["BT-146"] = f"{item.unit_price:.4f}"
    else:
        found |= {"BT-146": money(abs(item.net + item.discount)), "BT-149": str(abs(item.quantity))}
    if item.discount:
        found["BG-27"] = [{"amount": money(item.discount), "reason": item.discount_reason}]
    return {name: value for name, value in found.items() if value != ""}


def _percent(percent: Decimal) -> str:
    return f"{percent.normalize():f}"


def _adjustments(document: Document) -> Terms:
    """Allowances (BG-20) and charges (BG-21) on the whole."""
    groups: Terms = {"BG-20": [], "BG-21": []}
    for row in document.adjustments:
        entry = {
            "amount": f"{abs(row.net):.{document.places}f}",
            "reason": row.reason,
            "vat_category_code": row.category,
        }
        if row.category != "O":
            entry["vat_rate"] = _percent(row.percent)
        groups["BG-20" if row.net < 0 else "BG-21"].append(entry)
    return groups


def _totals(document: Document) -> Terms:
    def money(amount: Decimal) -> str:
        return f"{amount:.{document.places}f}"

    off = -sum((row.net for row in document.adjustments if row.net < 0), Decimal(0))
    on = sum((row.net for row in document.adjustments if row.net > 0), Decimal(0))
    found: Terms = {
        "BT-106": money(sum((item.net for item in document.items), Decimal(0))),
        "BT-109": money(document.net),
        "BT-110": money(document.tax),
        "BT-112": money(document.gross),
        "BT-113": money(document.paid) if document.paid else "",
        "BT-115": money(document.gross - document.paid),
        "BT-107": money(off) if off else "",
        "BT-108": money(on) if on else "",
        "BG-23": [
            {
                name: value
                for name, value in {
                    "BT-116": money(group.net),
                    "BT-117": money(group.tax),
                    "BT-118": group.category,
                    "BT-119": _percent(group.percent),
                    "BT-120": group.note,
                    "BT-121": REASON_CODES.get(group.category, ""),
                }.items()
                if value
            }
            for group in document.taxes
        ],
    }
    if document.home_tax is not None:
        found |= {"BT-6": document.home_currency, "BT-111": f"{document.home_tax:.2f}"}
    return found


def _payment(document: Document) -> Terms:
    """Payment instructions; a credit note repeats the account of its invoice (DE-R-001), and is not due."""
    is_credit = document.kind == CREDIT_NOTE
    found: Terms = {} if is_credit else {"BT-9": document.due_on, "BT-20": document.terms}
    if document.iban:
        found |= {
            "BT-81": SEPA_TRANSFER if document.currency == "EUR" else TRANSFER,
            "BT-83": document.number,
            "BT-84": document.iban.replace(" ", ""),
            "BT-85": document.seller.name,
            "BT-86": document.bic,
        }
    return found
