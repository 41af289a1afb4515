import pytest
from rest_framework.test import APIClient

from oms.core import clients
from oms.core.models import ApiClient, User
from tests import builders as make


class Caller(APIClient):
    """A program with a token; `send` posts with a new Idempotency-Key unless one is given."""

    sent = 0

    def send(self, path, data, key=None, **headers):
        Caller.sent += 1
        return self.post(
            f"/api/v1/{path}",
            data,
            format="json",
            headers={"Idempotency-Key": key or f"key-{Caller.sent}", **headers},
        )

    def do(self, path, data=None, **headers):
        return self.post(f"/api/v1/{path}", data or {}, format="json", headers=headers)

    def read(self, path, **params):
        return self.get(f"/api/v1/{path}", params)


@pytest.fixture
def call():
    """call("rep") is a program that acts for a person of this role; named, for another person of the role."""

    def caller(role="rep", name=None, **fields):
        person = make.user(name or role, role)
        User.objects.filter(pk=person.pk).update(is_staff=True)
        client, _ = ApiClient.objects.get_or_create(
            name=f"program of {person}", defaults={"user": person, **fields}
        )
        made = Caller()
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {clients.issue_token(client)}")
        made.user = User.objects.get(pk=person.pk)
        return made

    return caller


@pytest.fixture
def rep(call):
    """The rep of customer C-1."""
    caller = call("rep")
    customer = make.customer()
    customer.rep = caller.user
    customer.save()
    make.taxes()
    make.channel()
    make.priced("TEE-M")
    return caller
