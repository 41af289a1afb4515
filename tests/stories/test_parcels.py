"""A line spreads over parcels: as suggested, or as the packer chooses, on every paper and label."""

import pytest

from fulfillment import labels, packing, parcels, picking, printing, shipping
from fulfillment.choosing import ParcelRow, choose_parcels
from fulfillment.models import Carton, Package, PackageContent
from fulfillment.parcels import Parcel
from oms.core.errors import Refused
from orders import lifecycle
from tests import builders as make
from tests.builders.orders import only_line
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def box():
    return Carton.objects.create(
        code="BOX-L", length_mm=600, width_mm=400, height_mm=400, weight_g=600, max_weight_g=25_000
    )


@pytest.fixture
def heavy(box):
    """A picked shipment of 100 × 1 kg."""
    make.sku("ANVIL", stock={"LON": 200}, weight_g=1000, length_mm=100, width_mm=100, height_mm=50)
    return make.picked(make.confirmed(("ANVIL", 100)))


def contents(shipment):
    rows = PackageContent.objects.filter(package__shipment=shipment).order_by(
        "package__position", "line"
    )
    return [(row.package.position, row.line.reservation.sku.code, row.quantity) for row in rows]


def test_a_hundred_kilos_leave_in_four_cartons_each_with_its_label(heavy, drain, mailoutbox):
    make.service()
    packing.pack(heavy)
    labels.buy(heavy)
    drain()

    assert contents(heavy) == [(number, "ANVIL", 25) for number in (1, 2, 3, 4)]
    assert [package.weight_g for package in heavy.packages.order_by("position")] == [25_600] * 4
    assert len(printing.stickers(make.fresh(heavy))) == 4
    assert [(row["parcel"], row["quantity"]) for row in printing.contents(heavy)[0]["lines"]] == [
        (number, 25) for number in (1, 2, 3, 4)
    ]

    shipping.ship(make.fresh(heavy))
    drain()
    (mail,) = [each for each in mailoutbox if "has shipped" in each.subject]
    assert all(number in mail.body for number in shipping.tracking_numbers(heavy))
    assert make.fresh(heavy.order).status == "completed"


def test_the_packer_chooses_and_changes_what_goes_where(heavy, box):
    line = heavy.lines.get()

    choose_parcels(
        heavy, lines=[ParcelRow(line, 90, 1, weight_g=91_000), ParcelRow(line, 10, 2, box)]
    )
    assert contents(heavy) == [(1, "ANVIL", 90), (2, "ANVIL", 10)]
    assert list(heavy.packages.order_by("position").values_list("carton__code", "weight_g")) == [
        (None, 91_000),
        ("BOX-L", 10_600),
    ]

    choose_parcels(make.fresh(heavy), lines=[ParcelRow(line, 20, 1, box), ParcelRow(line, 80, 7)])
    assert contents(heavy) == [(1, "ANVIL", 20), (2, "ANVIL", 80)]
    assert packing.unpack(make.fresh(heavy)).packages.count() == 0


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(99, 1, False, None)], "99 of 100 × ANVIL are in packages"),
        ([(60, 1, False, None), (60, 2, False, None)], "120 of 100"),
        (
            [(100, 1, True, None)],
            "too heavy: carton BOX-L holds up to 25000 g, this would be 100000 g",
        ),
        ([(50, 1, False, 10), (50, 1, False, 20)], "more than one weight"),
        ([(100, 1, False, 2**31)], "can't weigh"),
        ([(100, 1, False, None), (-1, 2, False, None)], "must be positive"),
    ],
)
def test_parcels_that_cannot_be_are_named_and_change_nothing(heavy, box, rows, why):
    line = heavy.lines.get()

    with pytest.raises(Refused, match=why):
        choose_parcels(
            heavy,
            lines=[
                ParcelRow(line, units, parcel, box if boxed else None, grams)
                for units, parcel, boxed, grams in rows
            ],
        )

    assert (make.fresh(heavy).status, Package.objects.count()) == ("picking", 0)


def test_a_unit_that_fits_no_carton_is_told_and_sent_without_one(box):
    make.sku("LADDER", stock={"LON": 5}, weight_g=9000, length_mm=3000, width_mm=400, height_mm=100)
    make.sku("TEE-M", stock={"LON": 5})
    shipment = make.picked(make.confirmed(("LADDER", 2), ("TEE-M", 1)))

    assert (
        parcels.told_loose(list(shipment.lines.all()))
        == "No carton fits LADDER: packed without one."
    )
    packing.pack(shipment)

    assert sorted(shipment.packages.values_list("weight_g", "carton__code")) == [
        (800, "BOX-L"),
        (9000, None),
        (9000, None),
    ]


def test_each_parcel_is_verified_on_its_own(heavy):
    packing.pack(heavy)
    first, second, *_ = heavy.packages.order_by("position")

    with pytest.raises(Refused, match=r"ANVIL -1"):
        packing.verify(first, {"ANVIL": 24})
    assert packing.verify(second, {"ANVIL": 25}).verified_at is not None


def test_a_label_is_bound_to_what_is_in_its_own_parcel(heavy, drain):
    make.service()
    packing.pack(heavy)
    labels.buy(heavy)
    drain()
    PackageContent.objects.filter(package__position=3).update(quantity=24)

    with pytest.raises(Refused, match=r"/3 changed after label"):
        shipping.ship(make.fresh(heavy))
    with pytest.raises(Refused, match="Void the labels"):
        packing.repack(make.fresh(heavy), parcels.suggest(heavy))
    PackageContent.objects.update(quantity=25)


def test_canceled_units_of_a_packed_line_stay_in_their_parcel_until_they_are_put_back(heavy, drain):
    packing.pack(heavy)
    lifecycle.cancel_lines(make.fresh(heavy.order), {only_line(heavy.order).pk: 30})
    drain()
    assert contents(heavy) == [
        (1, "ANVIL", 25),
        (2, "ANVIL", 25),
        (3, "ANVIL", 20),
        (3, "ANVIL", 5),
        (4, "ANVIL", 25),
    ]

    packing.unpack(make.fresh(heavy))
    for line in picking.lines_to_put_back(heavy):
        picking.put_back(line, storage(make.warehouse()))
    drain()
    packing.pack(make.fresh(heavy))
    assert [quantity for _position, _sku, quantity in contents(heavy)] == [25, 25, 20]


def test_two_lines_of_one_sku_are_packed_apart(box):
    make.sku("TEE-M", stock={"LON": 9})
    shipment = make.picked(make.confirmed(("TEE-M", 2, "10"), ("TEE-M", 3, "8")))
    first, second = shipment.lines.order_by("pk")

    packing.pack(shipment, [Parcel(((first, 2), (second, 1))), Parcel(((second, 2),), box)])

    assert contents(shipment) == [(1, "TEE-M", 2), (1, "TEE-M", 1), (2, "TEE-M", 2)]
