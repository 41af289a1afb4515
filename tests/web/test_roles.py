"""Roles of a company's own: copied, changed and looked at by superusers alone; built-in ones stay as they are."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from oms.core import roles
from oms.core.models import Role, Subscription
from tests import builders as make

pytestmark = pytest.mark.django_db


def test_a_copy_of_a_built_in_role_is_changed_and_the_role_is_not(log_in):
    client, rep = log_in("root"), Role.objects.get(name="rep")

    answer = client.post(reverse("admin:core_role_copy", args=[rep.pk]))
    made = Role.objects.get(name="copy of rep")
    page = client.get(answer.url)
    kept = [each.pk for each in made.permissions.exclude(codename="see_money")]
    saved = client.post(
        answer.url,
        {"name": "inside sales", "reach": "everything", "permissions": kept},
        follow=True,
    )

    assert page.status_code == 200 and made.reach == "customers"
    assert (
        "Without “See prices, totals and balances” these rights have no effect: "
        in saved.content.decode()
    )
    assert (
        "Can view invoice" in saved.content.decode()
        and "Can view order" not in saved.content.decode()
    )
    made = Role.objects.get(name="inside sales")
    person = make.user("ann", "inside sales")
    assert (made.reach, made.is_built_in, person.sees_money) == ("everything", False, False)
    assert set(rep.permissions.all()) - set(made.permissions.all()) == {
        rep.permissions.get(codename="see_money")
    }
    assert roles.copy(rep).name == "copy of rep" and roles.copy(rep).name == "copy 2 of rep"


def test_a_built_in_role_is_looked_at_and_neither_changed_nor_deleted(log_in):
    client, rep = log_in("root"), Role.objects.get(name="rep")
    before = set(rep.permissions.all())

    page = client.get(reverse("admin:core_role_change", args=[rep.pk]))
    answer = client.post(
        reverse("admin:core_role_change", args=[rep.pk]), {"name": "x", "reach": "everything"}
    )

    assert page.status_code == 200 and 'name="permissions"' not in page.content.decode()
    assert answer.status_code == 403
    assert (
        client.post(reverse("admin:core_role_delete", args=[rep.pk]), {"post": "yes"}).status_code
        == 403
    )
    assert (Role.objects.get(pk=rep.pk).name, set(rep.permissions.all())) == ("rep", before)


def test_written_again_built_in_roles_are_as_declared_and_others_as_they_were():
    rep, own = Role.objects.get(name="rep"), roles.copy(Role.objects.get(name="rep"))
    before = set(rep.permissions.all())
    rep.permissions.clear()
    own.permissions.set(list(before)[:2])

    roles.seed()

    assert set(rep.permissions.all()) == before
    assert set(own.permissions.all()) == set(list(before)[:2])


@pytest.mark.parametrize("name", ["manager", "accountant"])
def test_whoever_is_no_superuser_neither_sees_nor_makes_roles(log_in, name):
    client, role = log_in(name), Role.objects.get(name=name)

    addresses = [
        reverse("admin:core_role_changelist"),
        reverse("admin:core_role_add"),
        reverse("admin:core_role_change", args=[role.pk]),
        reverse("preview_role", args=[role.pk]),
    ]

    assert [client.get(each).status_code for each in addresses[:3]] == [403, 403, 403]
    assert client.get(addresses[3]).status_code == 302
    client.post(reverse("admin:core_role_copy", args=[role.pk]))
    assert Role.objects.count() == 6


def test_groups_have_no_page_beside_that_of_roles(log_in):
    client = log_in("root")

    assert not admin.site.is_registered(Group) and admin.site.is_registered(Role)
    assert client.get("/admin/auth/group/").status_code == 404
    assert client.get("/admin/auth/group/add/").status_code == 404


def test_what_a_person_sees_is_previewed_with_how_many(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    make.confirmed(("TEE-M", 1), customer_code="C-2")
    person = make.user("ann", "rep")

    page = log_in("root").get(reverse("preview_person", args=[person.pk]))

    rows = {each.title: each.rows for each in page.context["seen"]}
    assert (rows["Orders"], rows["SKUs"], "Waves" in rows) == ("0", "1", False)


def test_notification_rules_follow_a_role_that_is_renamed_and_go_with_it():
    role = Role.objects.create(name="clerk", reach="everything")
    Subscription.objects.create(role=role, topic="on_hold")
    Role.objects.filter(pk=role.pk).update(name="returns clerk")

    assert str(Subscription.objects.get(role=role)) == "returns clerk: Order on hold"
    role.delete()
    assert not Subscription.objects.filter(topic="on_hold", role__name="returns clerk").exists()
