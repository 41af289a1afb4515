"""People are added, invited by email, and given roles, warehouses and customers; only superusers make them stronger."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from oms.core import outbox
from oms.core.models import Event, User
from orders.models import Customer
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
ADD = "/admin/core/user/add/"
PHRASE = "correct horse 7"


def entered(**fields):
    return {
        "username": "ann",
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@example.com",
        "access": "invite",
        "password1": "",
        "password2": "",
        **fields,
    }


def change(person):
    return reverse("admin:core_user_change", args=[person.pk])


def as_shown(client, person):
    """What the form of a person sends when it is saved as it is."""
    form = client.get(change(person)).context["adminform"].form
    values = {name: form.initial.get(name, field.initial) for name, field in form.fields.items()}
    values = {
        name: [getattr(each, "pk", each) for each in value] if isinstance(value, list) else value
        for name, value in values.items()
    }
    return {name: value for name, value in values.items() if value not in (None, False, [])}


def errors(answer):
    return answer.context["adminform"].form.errors


def test_an_invited_person_sets_a_password_by_the_link_and_works(log_in, mailoutbox):
    place, customer = make.warehouse(), make.customer()
    roles = [Group.objects.get(name="picker").pk, Group.objects.get(name="rep").pk]

    answer = log_in("root").post(
        ADD, entered(groups=roles, warehouses=[place.pk], customers=[customer.pk]), follow=True
    )
    outbox.drain()

    assert "A link to set a password is on its way to ann@example.com." in answer.content.decode()
    person = User.objects.get(username="ann")
    assert (person.role_names, person.is_staff, person.is_superuser) == (
        {"picker", "rep"},
        True,
        False,
    )
    assert ([*person.warehouses.all()], [*person.customers.all()]) == ([place], [customer])
    assert not person.has_usable_password()
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["ann@example.com"], "Your OMS account is ready")
    assert (
        "Hello Ann," in mail.body
        and "Your username is ann." in mail.body
        and "for 7 days" in mail.body
    )
    link = re.search(r"http://testserver(/set-password/\S+)", mail.body).group(1)
    assert not Event.objects.filter(data__icontains=link.split("/")[-2]).exists()

    browser = Client()
    page = browser.get(link, follow=True)
    assert "Choose a password for your account ann" in page.content.decode()
    own = page.redirect_chain[-1][0]
    refused = browser.post(own, {"new_password1": "short", "new_password2": "shorter"})
    assert refused.status_code == 200 and refused.context["form"].errors
    welcome = browser.post(own, {"new_password1": PHRASE, "new_password2": PHRASE}, follow=True)
    assert welcome.redirect_chain[-1][0] == "/admin/" and welcome.context["user"] == person
    assert Client().login(username="ann", password=PHRASE)
    again = Client().get(link, follow=True)
    assert "This link has expired or was used before." in again.content.decode()


def test_a_person_is_added_with_a_password_and_without_an_address(log_in, mailoutbox):
    answer = log_in("root").post(
        ADD, entered(email="", access="password", password1=PHRASE, password2=PHRASE)
    )
    outbox.drain()

    assert answer.status_code == 302
    assert Client().login(username="ann", password=PHRASE) and mailoutbox == []


@pytest.mark.parametrize(
    "fields, at",
    [
        ({"username": ""}, "username"),
        ({"email": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"access": "password"}, "password1"),
        ({"access": "password", "password1": PHRASE, "password2": "another 1"}, "password2"),
        (
            {"access": "password", "password1": "ann@example", "password2": "ann@example"},
            "password1",
        ),
        ({"password1": PHRASE}, "password1"),
        ({"access": ""}, "access"),
        ({"username": "root"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"first_name": "a\x00b"}, "first_name"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nobody_is_added(log_in, mailoutbox, fields, at):
    client = log_in("root")
    before = User.objects.count()

    answer = client.post(ADD, entered(**fields))
    outbox.drain()

    assert answer.status_code == 200 and list(errors(answer)) == [at]
    assert str(errors(answer)[at][0]) in answer.content.decode().replace("&#x27;", "'")
    assert User.objects.count() == before and mailoutbox == []


def test_roles_warehouses_and_customers_are_changed_and_what_is_not_changed_stays(log_in):
    person, other = make.user("pat", "picker"), make.user("rep", "rep")
    make.warehouse("LON").staff.add(person, other)
    customer = make.customer()
    Customer.objects.filter(pk=customer.pk).update(rep=other)
    client = log_in("root")

    data = as_shown(client, person)
    assert client.post(change(person), data).status_code == 302
    assert [place.code for place in person.warehouses.all()] == ["LON"]

    data |= {
        "warehouses": [make.warehouse("LEE").pk],
        "customers": [customer.pk],
        "groups": [Group.objects.get(name="packer").pk],
    }
    assert client.post(change(person), data).status_code == 302
    person = User.objects.get(pk=person.pk)
    assert ([place.code for place in person.warehouses.all()], person.role_names) == (
        ["LEE"],
        {"packer"},
    )
    assert make.fresh(customer).rep == person and list(make.warehouse("LON").staff.all()) == [other]


def test_a_rep_of_very_many_customers_keeps_them_when_saved(log_in):
    rep = make.user("rep", "rep")
    Customer.objects.bulk_create(
        Customer(code=f"K{n}", name="K", currency="GBP", rep=rep) for n in range(201)
    )
    client = log_in("root")

    page = client.get(change(rep))
    assert (
        "201 customers" in page.content.decode()
        and "customers" not in page.context["adminform"].form.fields
    )
    assert client.post(change(rep), as_shown(client, rep)).status_code == 302
    assert rep.customers.count() == 201


def test_a_manager_corrects_weaker_people_and_makes_nobody_stronger(log_in):
    person, peer = make.user("pat", "picker"), make.user("boss", "manager")
    User.objects.create(username="admin", is_superuser=True, is_staff=True)
    client = log_in("manager")

    assert client.get(ADD).status_code == 403 and client.post(ADD, entered()).status_code == 403
    tried = {
        "first_name": "Pat",
        "email": "pat@example.com",
        "is_superuser": "on",
        "is_staff": "on",
        "username": "new",
        "groups": [Group.objects.get(name="manager").pk],
        "password": "x",
    }
    assert client.post(change(person), tried).status_code == 302
    after = User.objects.get(pk=person.pk)
    assert (
        after.first_name,
        after.username,
        after.is_superuser,
        after.is_staff,
        after.role_names,
        after.password,
    ) == ("Pat", "pat", False, False, {"picker"}, person.password)
    for stronger in (
        peer,
        User.objects.get(username="admin"),
        User.objects.get(username="manager"),
    ):
        assert client.get(change(stronger)).status_code == 200
        assert client.post(change(stronger), tried).status_code == 403
        assert client.post(reverse("admin:core_user_invite", args=[stronger.pk])).status_code == 302
        assert User.objects.get(pk=stronger.pk).first_name == ""
    assert not Event.objects.filter(name="person.invited").exists()


def test_a_link_is_sent_again_to_who_is_active_and_has_an_address(log_in, mailoutbox):
    person = make.user("pat", "picker")
    person.set_unusable_password()
    person.save()
    client = log_in("root")
    invite = reverse("admin:core_user_invite", args=[person.pk])

    client.post(invite)
    outbox.drain()
    person.set_password(PHRASE)
    person.save()
    client.post(invite)
    outbox.drain()
    assert [mail.subject for mail in mailoutbox] == [
        "Your OMS account is ready",
        "Set a new password for OMS",
    ]
    for facts, said in (
        ({"email": ""}, "has no email address"),
        ({"email": "p@example.com", "is_active": False}, "isn&#x27;t active"),
    ):
        User.objects.filter(pk=person.pk).update(**facts)
        assert said in client.post(invite, follow=True).content.decode()
    outbox.drain()
    assert len(mailoutbox) == 2
    assert client.get(invite).status_code == 405


def test_a_link_of_somebody_who_left_opens_nothing(log_in, mailoutbox):
    person = make.user("pat", "picker")
    log_in("root").post(reverse("admin:core_user_invite", args=[person.pk]))
    outbox.drain()
    link = re.search(r"(/set-password/\S+)", mailoutbox[0].body).group(1)

    User.objects.filter(pk=person.pk).update(is_active=False)

    assert "expired" in Client().get(link, follow=True).content.decode()


def test_nobody_locks_themselves_out(log_in):
    client = log_in("root")
    me = User.objects.get(username="root")

    assert (
        client.post(change(me), {"username": "root", "email": "root@example.com"}).status_code
        == 302
    )

    after = User.objects.get(username="root")
    assert (after.is_superuser, after.is_active, after.is_staff) == (True, True, True)
