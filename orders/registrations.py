"""Under which of a company's VAT registrations goods are sold: that of the country where their transport begins."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from inventory.models import Warehouse
from oms.core.errors import Refused
from oms.core.identifiers import country_of, split_vat_numbers
from oms.core.models import Company
from orders.models import Order, OrderCharge, OrderLine, TaxRate
from orders.planners import places
from orders.planners.places import NORTHERN_IRELAND, Place

TAXED = (TaxRate.Category.STANDARD, TaxRate.Category.ZERO)  # with the rates of where the goods go


def home_of(company: Company) -> Place:
    """Where a company is established; its goods leave from there where nothing else is known."""
    return places.place(company.country, company.postal_code)


def origin_of(company: Company, code: str) -> Place:
    """The place from which goods leave by its stored code; an empty one is the company's address."""
    return places.named(code) if code else home_of(company)


def others(company: Company) -> dict[str, str]:
    """The company's VAT numbers of other countries, by country; Northern Ireland's by XI."""
    return {country_of(number): number for number in split_vat_numbers(company.other_vat_numbers)}


def is_registered(company: Company, country: str) -> bool:
    """Whether the company may sell goods that leave from a country (as VAT law counts countries)."""
    known = others(company)
    return country in (home_of(company).country, *known) or (
        country == "GB" and NORTHERN_IRELAND in known
    )


def unregistered(company: Company, warehouses: Iterable[Warehouse]) -> dict[Warehouse, str]:
    """Warehouses from which a company may not sell, and the country of the VAT number that it lacks."""
    found = {row: places.place(row.country, row.postal_code).country for row in warehouses}
    return {row: country for row, country in found.items() if not is_registered(company, country)}


def require(company: Company, origin: Place) -> None:
    """Raise Refused where a company has no VAT registration in the country that goods leave from."""
    if not is_registered(company, origin.country):
        raise Refused(
            _(
                "%(company)s has no VAT number of %(country)s, but these goods leave from there. "
                "Enter the number on the company's page, or send the goods from another "
                "warehouse."
            )
            % {"company": company, "country": origin.country},
            code="not_registered",
            country=origin.country,
        )


def destination_of(order: Order, origin: Place) -> Place:
    """Where an order goes; where it comes from, and so with tax, as long as that isn't known."""
    country = order.ship_to.get("country", "")
    return places.place(country, order.ship_to.get("postal_code", "")) if country else origin


def key_of(order: Order, origin: str, category: str) -> str:
    """The registration that a supply of an order falls under: empty for the company's own, else its country.

    That is the one where its goods leave from (`origin`, the code of a place); of goods taxed where they go, the one
    there, if the company has one. Supplies from Northern Ireland to the EU (`category` K) fall under the XI number,
    where the company has one beside its own.
    """
    company, known = order.company, others(order.company)
    place = origin_of(company, origin)
    if place.area == NORTHERN_IRELAND and category == "K" and NORTHERN_IRELAND in known:
        return NORTHERN_IRELAND
    home, there = home_of(company).country, destination_of(order, place).country
    country = there if category in TAXED and there in (home, *known) else place.country
    return "" if country == home else country


def of(order: Order, row: OrderLine | OrderCharge) -> str:
    """The registration that a line or charge of an order falls under."""
    return key_of(order, row.origin, row.tax_category)


def number(company: Company, key: str) -> str:
    """The company's VAT number of a registration."""
    known = others(company)
    if not key:
        return company.vat_number
    return known.get(key) or (known.get(NORTHERN_IRELAND, "") if key == "GB" else "")


def numbers(company: Company, keys: Iterable[str]) -> str:
    """The VAT numbers of registrations, as text; by their country where there is no number."""
    return ", ".join(number(company, key) or key or company.country for key in keys)


def seller(company: Company, key: str) -> dict[str, str]:
    """Who the company is on documents of a registration; the registration's key is kept where it isn't its own."""
    if not key:
        return company.identity()
    return {**company.identity(), "vat_number": number(company, key), "registered_in": key}
