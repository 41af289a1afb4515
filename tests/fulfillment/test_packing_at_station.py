"""The packer's own parcels, sent from a station."""

import pytest

from fulfillment.models import Carton, PackageContent
from fulfillment.stations import actions
from oms.core.errors import Refused
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def shipment():
    make.service()
    Carton.objects.create(
        code="BOX-L", length_mm=600, width_mm=400, height_mm=400, max_weight_g=9000
    )
    make.sku("TEE-M", stock={"LON": 20})
    make.sku("CAP", stock={"LON": 20})
    return make.picked(make.confirmed(("TEE-M", 4), ("CAP", 1)))


def pack(shipment, *parcels):
    body = {
        "shipment": shipment.number,
        "scanned": {"TEE-M": 4, "CAP": 1},
        "parcels": list(parcels),
    }
    return actions.pack(make.warehouse(), body, make.user("root", "manager"))


def test_parcels_are_as_the_packer_made_them(shipment):
    pack(
        shipment,
        {"carton": "BOX-L", "contents": {"TEE-M": 3}},
        {"weight_g": 900, "contents": {"TEE-M": 1, "CAP": 1}},
    )

    rows = PackageContent.objects.order_by("package__position", "line").values_list(
        "package__position",
        "line__reservation__sku__code",
        "quantity",
        "package__carton__code",
        "package__weight_g",
    )
    assert list(rows) == [
        (1, "TEE-M", 3, "BOX-L", 600),
        (2, "TEE-M", 1, None, 900),
        (2, "CAP", 1, None, 900),
    ]


@pytest.mark.parametrize(
    ("parcel", "why"),
    [
        ({"contents": {"TEE-M": 5}}, "More TEE-M"),
        ({"contents": {"TEE-M": 4}}, "0 of 1 × CAP"),
        ({"carton": "BOX-9", "contents": {"TEE-M": 4, "CAP": 1}}, "no carton BOX-9"),
        ({"contents": {}}, r"0 of 4 × TEE-M"),
    ],
)
def test_what_cannot_be_is_refused(shipment, parcel, why):
    with pytest.raises(Refused, match=why):
        pack(shipment, parcel)
