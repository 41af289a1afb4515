"""SSCCs run out with a warning, and are used again after their time."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from fulfillment import labels, sscc
from fulfillment.models import Shipment, ShippingLabel, SSCCSeries
from oms.core import attention
from oms.core.actors import SYSTEM
from oms.core.errors import Refused
from oms.core.models import Company
from oms.printing import barcodes
from tests import builders as make

PREFIX, CAPACITY = "401234567890", 100_000
A_YEAR_AND_MORE = timedelta(days=400)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def shipment():
    """A packed shipment of a company whose GS1 prefix leaves room for 100,000 numbers."""
    make.sku("TEE-M", stock={"LON": 9})
    Company.objects.filter(pk=make.company().pk).update(gs1_prefix=PREFIX)
    make.service()
    return make.packed(make.confirmed(("TEE-M", 1)))


def give(shipment, first, last, ago=timedelta(days=1)):
    """So many labels bought and voided, by one statement."""
    numbers = [barcodes.sscc(PREFIX, count) for count in range(first, last)]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO fulfillment_shippinglabel (shipment_id, service_id, status, key, tracking_number, sscc,"
            " sscc_count, cost, error, requested_at)"
            " SELECT %s, %s, 'voided', 'old-' || nr, 'T-' || nr, sscc, nr, 0, '', %s"
            " FROM unnest(%s::text[], %s::bigint[]) AS given (sscc, nr)",
            [
                shipment.pk,
                make.service().pk,
                timezone.now() - ago,
                numbers,
                list(range(first, last)),
            ],
        )
    SSCCSeries.objects.update_or_create(prefix=PREFIX, defaults={"given": last})


def warned():
    return [text for text in attention.alarms() if PREFIX in text]


def test_sscc_run_out_with_a_warning_and_come_round_after_a_year(shipment):
    give(shipment, 0, 79_998)
    assert sscc.take(make.company()) == (barcodes.sscc(PREFIX, 79_998), 79_998)
    assert warned() == []
    give(shipment, 79_998, 80_000)
    assert warned() == [
        f"80000 of the 100000 SSCCs of the GS1 prefix {PREFIX} are in use. Ask GS1 for another prefix "
        "before they run out."
    ]

    give(shipment, 80_000, CAPACITY)
    with pytest.raises(
        Refused,
        match=f"All 100000 SSCCs of the GS1 prefix {PREFIX} were used in the last 12 months",
    ):
        labels.buy(shipment)
    assert not shipment.labels.exclude(status="voided").exists()

    ShippingLabel.objects.filter(sscc_count__lt=30_000).update(
        requested_at=timezone.now() - A_YEAR_AND_MORE
    )
    labels.buy(shipment)
    new = shipment.labels.exclude(status="voided").get()
    assert (new.sscc, new.sscc_count) == (barcodes.sscc(PREFIX, 0), CAPACITY)
    assert labels.scanned(f"00{new.sscc}", SYSTEM) == new
    assert warned() == []
    with pytest.raises(IntegrityError), transaction.atomic():
        ShippingLabel.objects.create(
            shipment=shipment, service=new.service, key="twice", sscc=new.sscc, sscc_count=CAPACITY
        )

    Company.objects.update(sscc_reuse_months=24)
    labels.void(shipment)
    with pytest.raises(Refused, match="in the last 24 months"):
        labels.buy(make.fresh(shipment))


def test_a_number_rests_from_when_its_shipment_left(shipment):
    give(shipment, 0, CAPACITY, ago=A_YEAR_AND_MORE)
    Shipment.objects.filter(pk=shipment.pk).update(shipped_at=timezone.now() - timedelta(days=30))

    with pytest.raises(Refused, match="SSCCs"):
        sscc.take(make.company())

    Shipment.objects.filter(pk=shipment.pk).update(shipped_at=None)
    assert sscc.take(make.company()) == (barcodes.sscc(PREFIX, 0), CAPACITY)


def test_each_prefix_counts_on_its_own_and_rests_for_a_year_at_least():
    first = sscc.take(make.company())
    other = make.company("other", gs1_prefix=PREFIX)

    assert (first, sscc.take(other), sscc.take(make.company())[1]) == (
        (barcodes.sscc(barcodes.IN_HOUSE_PREFIX, 0), 0),
        (barcodes.sscc(PREFIX, 0), 0),
        1,
    )
    other.sscc_reuse_months = 11
    with pytest.raises(ValidationError, match="12"):
        other.clean_fields()
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()
