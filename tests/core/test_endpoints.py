"""E-invoicing addresses are numbers of a known scheme, at every door."""

import pytest
from django.core.exceptions import ValidationError

from oms.core import endpoints
from oms.web.demo import einvoice_trade


@pytest.mark.parametrize(
    "scheme, endpoint",
    [
        ("0007", "5560125790"),
        ("0088", "4012345000009"),
        ("0151", "51824753556"),
        ("0184", "DK13585628"),
        ("0184", "13585628"),
        ("0192", "995525828"),
        ("0208", "0403170701"),
        ("9930", "DE136695976"),
        ("", ""),
    ],
)
def test_numbers_of_their_schemes_are_taken(scheme, endpoint):
    endpoints.validate(scheme, endpoint)


@pytest.mark.parametrize(
    "scheme, endpoint, told",
    [
        ("1234", "x", "1234 isn't an EAS code"),
        ("EM", "a@example.com", "EM isn't an EAS code"),
        ("0007", "5560125791", "Swedish organization number"),
        ("0007", "556012-5790", "Swedish organization number"),
        ("0088", "4012345000008", "GLN"),
        ("0151", "51824753557", "Australian Business Number"),
        ("0184", "DE13585628", "Danish CVR number"),
        ("0192", "995525829", "Norwegian organization number"),
        ("0208", "403170701", "Belgian enterprise number"),
        ("0208", "0403170702", "Belgian enterprise number"),
    ],
)
def test_others_are_named(scheme, endpoint, told):
    with pytest.raises(ValidationError, match=told):
        endpoints.validate(scheme, endpoint)


@pytest.mark.django_db
@pytest.mark.parametrize("build", [einvoice_trade.seller, einvoice_trade.buyer])
def test_companies_and_customers_are_checked(build):
    row = build(endpoint="995525829", endpoint_scheme="0192")

    with pytest.raises(ValidationError, match="Norwegian organization number"):
        row.full_clean()
