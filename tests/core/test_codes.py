"""Code lists: usual spellings are corrected, everything else is refused."""

import pytest
from django.core.exceptions import ValidationError

from inventory.models import SKU
from oms.core import codes, money
from oms.core.errors import Refused
from oms.core.postal_codes import tidy
from orders.models import Customer


@pytest.mark.parametrize(
    "read, written, code",
    [
        (codes.country, "UK", "GB"),
        (codes.country, "gb", "GB"),
        (codes.country, "EL", "GR"),
        (codes.country, " de ", "DE"),
        (codes.country, "United  Kingdom", "GB"),
        (codes.country, "AX", "AX"),
        (codes.currency, "eur", "EUR"),
        (codes.currency, "£", "GBP"),
        (codes.currency, "KWD", "KWD"),
        (codes.language, "EN", "en"),
        (codes.language, "de_AT", "de-AT"),
        (codes.language, "zh-hant-tw", "zh-Hant-TW"),
        (codes.unit, "piece", "H87"),
        (codes.unit, "kg", "KGM"),
        (codes.unit, "Box", "XBX"),
        (codes.unit, "C62", "C62"),
    ],
)
def test_usual_spellings_become_codes(read, written, code):
    assert read(written) == code
    assert read(code) == code


@pytest.mark.parametrize(
    "read, written",
    [
        (codes.country, "ZZ"),
        (codes.country, "EU"),
        (codes.country, "XI"),
        (codes.country, "1A"),
        (codes.country, "Atlantis"),
        (codes.currency, "CLF"),
        (codes.currency, "UYW"),
        (codes.currency, "XXX"),
        (codes.currency, "XAU"),
        (codes.currency, "$"),
        (codes.currency, "EURO1"),
        (codes.language, "xx"),
        (codes.language, "german"),
        (codes.language, "en-UK"),
        (codes.unit, "crateful"),
        (codes.unit, "ZZZ"),
    ],
)
def test_what_is_on_no_list_is_refused(read, written):
    with pytest.raises(ValidationError, match="isn't"):
        read(written)


def test_lists_are_whole():
    assert len(codes.COUNTRIES) == 249
    assert {money.minor_units(code) for code in codes.CURRENCIES} == {0, 2, 3}
    assert money.MINOR_UNITS.keys() <= codes.CURRENCIES
    assert len(codes.units()) > 2000


@pytest.mark.parametrize(
    "currency, shown",
    [("VUV", "12"), ("XPF", "12"), ("UYI", "12"), ("GBP", "12.35"), ("KWD", "12.346")],
)
def test_amounts_have_the_places_of_their_currency(currency, shown):
    from decimal import Decimal

    assert str(money.round_amount(Decimal("12.3456"), currency)) == shown


def test_an_address_takes_the_code_of_its_country():
    assert tidy({"country": "uk", "postal_code": "n19gu"}) == {
        "country": "GB",
        "postal_code": "N1 9GU",
    }
    with pytest.raises(Refused, match="Atlantis"):
        tidy({"country": "Atlantis"})


@pytest.mark.django_db
def test_code_that_no_form_saw_is_reserved_to_the_lists_too():
    customer = Customer.objects.create(
        code="C-1", name="A", currency="eur", vat_number="EL094259216"
    )

    assert (customer.currency, customer.vat_number) == ("EUR", "EL094259216")
    with pytest.raises(Refused, match="ISO 4217"):
        Customer.objects.create(code="C-2", name="A", currency="ABC")
    with pytest.raises(Refused, match="Recommendation 20"):
        SKU.objects.bulk_create([SKU(code="A", base_unit="crateful")])
