"""What countries demand of e-invoices by Peppol beyond EN 16931, as far as the records must say it.

Sources: the national rules in OpenPEPPOL's PEPPOL-EN16931-UBL.sch (DE-R, NL-R, NO-R, SE-R, IS-R), and for German
parties XRechnung 3 (BR-DE), which they repeat.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from oms.core.identifiers import country_of
from oms.core.models import Company
from orders.accounting.connectors.einvoices import LEGAL_SCHEMES
from orders.models import Customer

Missing = Iterable[tuple[object, str]]
# Greece wants the structured numbers and marks of myDATA, Italy a fiscal code, Denmark its own payment codes.
NOT_MET = {"GR": "myDATA", "IT": "SdI", "DK": "NemHandel"}
SWEDISH_RATES = (25, 12, 6)


@dataclass(frozen=True)
class Parties:
    """Who bills whom, where the goods go, and the VAT number under which they are sold."""

    company: Company
    customer: Customer
    address: dict[str, str]
    ship_to: dict[str, str]
    vat_number: str

    @property
    def country(self) -> str:
        return self.company.country

    @property
    def is_domestic(self) -> bool:
        return self.address.get("country") == self.country

    @property
    def is_foreign_number(self) -> bool:
        """Whether the goods are sold under another country's VAT number than the company's own."""
        return self.vat_number != self.company.vat_number

    def has_buyer(self, *names: str) -> bool:
        return all(self.address.get(name) for name in names)

    @property
    def buyer_legal_id(self) -> bool:
        """Whether the buyer's e-invoicing address is their number in their country's register."""
        return self.customer.endpoint_scheme in LEGAL_SCHEMES.get(self.country, ())


def lacking(parties: Parties) -> list[str]:
    """What the seller's country demands that the records don't say; all of it, where its rules aren't supported."""
    for country in (parties.country, country_of(parties.vat_number)):
        if country in NOT_MET:
            return [
                _(
                    "a format other than Peppol: the national rules of %(country)s (%(name)s) aren't supported"
                )
                % {"country": country, "name": NOT_MET[country]}
            ]
    rules = (
        BY_ADDRESS.get(parties.country, _none),
        BY_NUMBER.get(country_of(parties.vat_number), _none),
    )
    return [name for rule in rules for known, name in rule(parties) if not known]


def are_rates_allowed(company: Company, vat_number: str, lines: Sequence[Any]) -> bool:
    """Whether the seller's country knows the rates of lines (SE-R-006); others leave that to the seller."""
    if company.country != "SE" or country_of(vat_number) != "SE":
        return True
    percents: set[Decimal] = {line.tax_percent for line in lines if line.tax_category == "S"}
    return percents <= set(SWEDISH_RATES)


def _none(parties: Parties) -> Missing:
    return []


def _german(parties: Parties) -> Missing:
    """DE-R-001 to DE-R-011, between German parties."""
    if not parties.is_domestic:
        return []
    company, ship_to = parties.company, parties.ship_to
    return [
        (company.iban, _("the company's IBAN")),
        (company.phone, _("the company's phone number")),
        (company.email, _("the company's email address")),
        (company.postal_code, _("the company's postal code")),
        (
            parties.has_buyer("city", "postal_code"),
            _("the city and postal code of the customer's billing address"),
        ),
        (
            not ship_to.get("country") or (ship_to.get("city") and ship_to.get("postal_code")),
            _("the city and postal code of the delivery address"),
        ),
    ]


def _dutch(parties: Parties) -> Missing:
    """NL-R-002 to NL-R-008."""
    company = parties.company
    return [
        (company.iban, _("the company's IBAN")),
        (company.postal_code, _("the company's postal code")),
        (
            company.registration.isdigit(),
            _("the company's KVK number as its registration, in digits"),
        ),
        (
            not parties.is_domestic or parties.has_buyer("street", "city", "postal_code"),
            _("the street, city and postal code of the customer's billing address"),
        ),
        (
            not parties.is_domestic or parties.buyer_legal_id,
            _(
                "the customer's KVK or OIN number as their e-invoicing address (scheme 0106 or 0190)"
            ),
        ),
    ]


def _swedish(parties: Parties) -> Missing:
    """SE-R-001 to SE-R-004 and SE-R-013."""
    number, vat = parties.company.registration, parties.vat_number.replace(" ", "")
    is_number = re.fullmatch(r"\d{10}", number) and swedish.is_valid(number)
    if parties.is_foreign_number:
        return [
            (
                is_number or not number,
                _("the company's organization number with 10 digits as its registration"),
            )
        ]
    return [
        (is_number, _("the company's organization number with 10 digits as its registration")),
        (re.fullmatch(r"SE\d{12}", vat), _("the company's VAT number with SE and 12 digits")),
    ]


def _norwegian(parties: Parties) -> Missing:
    """NO-R-001."""
    vat = parties.vat_number.replace(" ", "")
    return [
        (
            re.fullmatch(r"NO\d{9}MVA", vat) and norwegian.is_valid(vat[2:11]),
            _("the company's VAT number with NO, 9 digits and MVA"),
        )
    ]


def _icelandic(parties: Parties) -> Missing:
    """IS-R-002 to IS-R-005."""
    company = parties.company
    return [
        (company.registration, _("the company's registration (kennitala)")),
        (company.street and company.postal_code, _("the company's street and postal code")),
        (
            not parties.is_domestic or parties.buyer_legal_id,
            _("the customer's kennitala as their e-invoicing address (scheme 0196)"),
        ),
        (
            not parties.is_domestic or parties.has_buyer("street", "postal_code"),
            _("the street and postal code of the customer's billing address"),
        ),
    ]


BY_ADDRESS: dict[str, Callable[[Parties], Missing]] = {  # of the seller
    "DE": _german,
    "NL": _dutch,
    "SE": _swedish,
    "IS": _icelandic,
}
BY_NUMBER: dict[str, Callable[[Parties], Missing]] = {"NO": _norwegian}  # VAT number's country
