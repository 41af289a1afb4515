import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from oms.core import clients
from oms.core.models import ApiClient, ApiToken
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_no_token_is_a_401_problem(client):
    answer = client.get("/api/v1/orders/")

    assert (answer.status_code, answer.json()["code"], answer.headers["WWW-Authenticate"]) == (
        401,
        "not_authenticated",
        "Bearer",
    )


def test_a_token_is_kept_as_its_hash_and_its_use_is_noted(rep):
    rep.read("orders/")

    token = ApiToken.objects.get()
    assert len(token.digest) == 64 and token.hint.startswith("oms_") and token.last_used_at


@pytest.mark.parametrize(
    "change",
    [{"expires_at": timezone.now() - timedelta(seconds=1)}, {"revoked_at": timezone.now()}],
)
def test_an_expired_or_revoked_token_is_refused(rep, change):
    ApiToken.objects.update(**change)

    assert rep.read("orders/").status_code == 401


def test_the_old_token_works_on_for_a_while_after_rotation(rep):
    old = ApiToken.objects.get()

    new = clients.rotate_token(old)

    old.refresh_from_db()
    assert rep.read("orders/").status_code == 200
    assert clients.token_of(new) and old.expires_at > timezone.now()


def test_a_scope_that_is_missing_is_named(call):
    reader = call("rep", scopes=["orders:read"])

    assert reader.read("orders/").status_code == 200
    answer = reader.send("orders/", {})
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "This token needs the orders:write scope.",
    )
    assert reader.read("invoices/").status_code == 403


def test_calls_are_throttled_per_client(call):
    cache.clear()
    busy, other = call("rep", calls_per_minute=2), call("manager")

    answers = [busy.read("warehouses/").status_code for _ in range(3)]

    assert (answers, other.read("warehouses/").status_code) == ([200, 200, 429], 200)


def test_the_browser_session_needs_its_csrf_token_for_changes(client):
    person = make.user("rep", "rep")
    person.is_staff = True
    person.save()
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(person)

    assert browser.get("/api/v1/orders/").status_code == 200
    assert browser.post("/api/v1/orders/", {}, format="json").status_code == 403


def test_an_inactive_client_is_refused(rep):
    ApiClient.objects.update(is_active=False)

    assert rep.read("orders/").status_code == 401


def test_a_token_is_made_in_the_admin_and_shown_once(client):
    boss = make.user("boss")
    boss.is_staff = boss.is_superuser = True
    boss.save()
    client.force_login(boss)
    made = ApiClient.objects.create(name="shop", user=boss)
    url = reverse("admin:api_token", args=[made.pk, "issue"])

    assert client.get(url).status_code == 405
    page = client.post(url, follow=True).content.decode()

    token = re.search(r"oms_[\w-]+", page.split("New token:")[1]).group()
    assert clients.token_of(token).client == made
    assert (
        token
        not in client.get(reverse("admin:core_apiclient_change", args=[made.pk])).content.decode()
    )
