import pytest
from django.core.exceptions import ValidationError

from oms.core.models import Company
from oms.core.models.checked import validate_iban, validate_vat_number
from orders.models import TaxRate
from orders.planners import vat
from tests import builders as make

DUTCH, GERMAN, GREEK = "NL004495445B01", "DE136695976", "EL094259216"


@pytest.mark.parametrize(
    "seller, to, number, registered, category",
    [
        ("DE", "DE", GERMAN, False, None),
        ("DE", "NL", DUTCH, False, "K"),
        ("DE", "GR", GREEK, True, "K"),
        ("DE", "NL", "", False, None),
        ("DE", "NL", "NL004495447B01", False, None),
        ("DE", "NL", GERMAN, False, None),
        ("DE", "US", "", False, "G"),
        ("GB", "DE", GERMAN, False, "G"),
        ("GB", "DE", GERMAN, True, None),
        ("GB", "", "", False, None),
    ],
)
def test_untaxed_supplies(seller, to, number, registered, category):
    found = vat.untaxed(
        seller=seller, to=to, buyer_vat_number=number, is_registered_there=registered
    )

    assert (found.category if found else None) == category
    assert found is None or found.note


@pytest.mark.parametrize("number", ["DE136695977", "GB123456780", "NL12"])
def test_vat_number_with_a_wrong_digit_is_refused(number):
    with pytest.raises(ValidationError, match=r"isn't a valid .* VAT number"):
        validate_vat_number(number)


@pytest.mark.parametrize("number", [GERMAN, DUTCH, GREEK, "12-3456789"])
def test_vat_number_that_is_right_or_of_no_country_is_taken(number):
    validate_vat_number(number)


def test_iban_with_a_wrong_digit_is_refused():
    validate_iban("DE89370400440532013000")
    with pytest.raises(ValidationError, match="isn't a valid IBAN"):
        validate_iban("DE89370400440532013001")


@pytest.mark.django_db
def test_order_to_a_business_in_another_member_state_carries_no_tax_but_the_law_s_text():
    make.sku("TEE-M", stock={"LON": 5})
    Company.objects.filter(pk=make.company().pk).update(country="DE")
    TaxRate.objects.create(country="DE", percent=19)
    buyer = make.customer("C-NL", vat_number=DUTCH)
    buyer.addresses.update(country="NL")

    order = make.order(lines=[("TEE-M", 1)], customer_code="C-NL")

    line = order.lines.get()
    assert (line.tax, line.tax_category) == (0, "K")
    assert "Article 138" in line.tax_note
