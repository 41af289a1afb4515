"""Third parties and shops: what they sent, with carrier, tracking and parcels, and in parts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from fulfillment import partners, shipments, tracking
from fulfillment.models import PackageContent, Shipment, TrackingEvent
from fulfillment.partners import SentRow
from inventory.models import Bin, Lot
from oms.core.errors import Refused
from tests import builders as make
from tests.builders.stock import put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def taken():
    """A shipment of 5 shirts (in two bins there) and 2 caps that a third party has taken on."""
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 3})
    put(make.sku("TEE-M"), "3PL", 9, code="B-02")
    make.sku("CAP", stock={"3PL": 9})
    order = make.confirmed(("TEE-M", 5), ("CAP", 2))
    return shipments.hand_over(make.shipment_of(order), external_id="X-77")


def line(shipment, code):
    return shipment.lines.get(reservation__sku__code=code)


def test_their_carrier_and_tracking_numbers_reach_the_customer_and_the_pages(
    taken, drain, mailoutbox
):
    partners.record_outside(
        taken,
        carrier="DPD",
        tracking_numbers="D-1, D-2",
        lines=[SentRow(line(taken, "TEE-M"), 5, 1), SentRow(line(taken, "CAP"), 2, 2)],
    )
    drain()

    shipment = make.fresh(taken)
    assert (shipment.status, shipment.tracking, make.fresh(taken.order).status) == (
        "shipped",
        "D-1, D-2",
        "completed",
    )
    inside = PackageContent.objects.filter(package__tracking_number="D-1")
    assert sum(row.quantity for row in inside) == 5
    (mail,) = [each for each in mailoutbox if "has shipped" in each.subject]
    assert "with DPD" in mail.body
    assert "D-1" in mail.body
    assert "D-2" in mail.body

    for number in ("D-1", "D-2"):
        tracking.record(number, TrackingEvent.Kind.DELIVERED, timezone.now())
    assert make.fresh(taken).status == "delivered"


def test_what_they_did_not_send_waits_under_their_number(taken, drain):
    partners.record_outside(taken, lines=[SentRow(line(taken, "TEE-M"), 4)], tracking_numbers="D-1")
    drain()

    rest = Shipment.objects.exclude(pk=taken.pk).get()
    assert (rest.status, rest.external_id) == ("open", "X-77")
    assert sorted(
        (row.reservation.sku.code, row.reservation.quantity) for row in rest.lines.all()
    ) == [("CAP", 2), ("TEE-M", 1)]
    order = make.fresh(taken.order)
    assert (order.status, order.shipped, order.invoiced) == ("confirmed", 4, 4)

    partners.record_outside(rest, tracking_numbers="D-2")
    drain()
    assert make.fresh(order).status == "completed"
    assert not Bin.objects.filter(kind="staging", stock__on_hand__gt=0).exists()


def test_all_in_one_parcel_unless_they_say_otherwise_and_further_numbers_are_parcels(taken):
    partners.record_outside(taken, tracking_numbers="D-1 D-2", carrier="DPD")

    assert list(taken.packages.order_by("position").values_list("tracking_number", "carrier")) == [
        ("D-1", "DPD"),
        ("D-2", "DPD"),
    ]


@pytest.mark.parametrize(
    ("units", "numbers", "why"),
    [
        (6, "", "can't have sent 6 of 5"),
        (-1, "", "can't have sent -1 of 5"),
        (0, "", "Enter what of"),
        (1, "9" * 61, "longer than 60 characters"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(taken, units, numbers, why):
    with pytest.raises(Refused, match=why):
        partners.record_outside(
            taken, lines=[SentRow(line(taken, "TEE-M"), units)], tracking_numbers=numbers
        )

    assert (make.fresh(taken).status, Shipment.objects.count()) == ("open", 1)


def test_kits_are_sent_whole(drain):
    make.warehouse("3PL", kind="3pl")
    for code in ("CUP", "POT"):
        make.sku(code, stock={"3PL": 9})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    taken = shipments.hand_over(make.shipment_of(make.confirmed(("SET", 2))), external_id="X-78")

    with pytest.raises(Refused, match="incomplete kits"):
        partners.record_outside(taken, lines=[SentRow(line(taken, "CUP"), 2)])
    partners.record_outside(
        taken, lines=[SentRow(line(taken, "CUP"), 2), SentRow(line(taken, "POT"), 1)]
    )
    drain()
    assert make.fresh(taken.order).shipped == 1


def test_what_they_send_of_a_sku_with_lots_is_locked_with_what_others_hold_of_it(drain):
    """A kit of another order holds the same lots, and a SKU beside them."""
    make.warehouse("3PL", kind="3pl")
    tea = make.sku("TEA", tracking="lot")
    lot = Lot.objects.create(
        sku=tea, code="L1", expires_on=timezone.localdate() + timedelta(days=30)
    )
    put(tea, "3PL", 9, lot=lot)
    make.sku("CUP", stock={"3PL": 9})
    make.sku("SET", kit={"TEA": 1, "CUP": 1})
    other, order = make.confirmed(("SET", 2)), make.confirmed(("TEA", 3))

    partners.record_outside(shipments.hand_over(make.shipment_of(order), external_id="X-1"))
    drain()

    assert (make.shipment_of(order).status, make.shipment_of(other).status) == ("shipped", "open")
