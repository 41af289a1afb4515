"""A model that gets another name keeps who may do what with it, and people their saved views."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from fulfillment.models import ShippingLabel
from oms.core.models import Role, SavedView, User
from oms.core.renaming import rename_stored

pytestmark = pytest.mark.django_db


def test_permissions_roles_and_saved_views_take_the_new_name():
    kind = ContentType.objects.get_for_model(ShippingLabel)
    Permission.objects.filter(codename="view_shippinglabel").delete()
    old = Permission.objects.create(content_type=kind, codename="view_label", name="view")
    role = Role.objects.create(name="label reader")
    role.permissions.add(old)
    person = User.objects.create_user("ann")
    SavedView.objects.create(owner=person, page="fulfillment_label", name="mine")

    rename_stored(apps, "fulfillment", "label", "shippinglabel")

    assert role.permissions.get().codename == "view_shippinglabel"
    assert SavedView.objects.get().page == "fulfillment_shippinglabel"
