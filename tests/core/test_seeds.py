"""The rows that every installation has are written once, and what people changed of them stays."""

import pytest

from inventory.models import Bin, PostalCode
from oms.core.discovery import discover
from oms.core.models import Role, Stream, Subscription

pytestmark = pytest.mark.django_db


def seed():
    for room in discover("seeds"):
        room.seed()


def rows():
    return [model.objects.count() for model in (Stream, Role, Subscription, Bin, PostalCode)]


def test_seeds_are_there_after_migrate_and_safe_to_repeat():
    before = rows()

    seed()

    assert rows() == before
    assert all(before)


def test_rules_that_a_manager_removed_and_codes_that_were_moved_stay_so():
    Subscription.objects.filter(role__name="picker").delete()
    PostalCode.objects.update(latitude=1)

    seed()

    assert not Subscription.objects.filter(role__name="picker").exists()
    assert set(PostalCode.objects.values_list("latitude", flat=True)) == {1}


def test_what_is_missing_is_written_again():
    Bin.objects.filter(kind=Bin.Kind.SCRAP).delete()

    seed()

    assert Bin.objects.get(kind=Bin.Kind.SCRAP).warehouse is None
