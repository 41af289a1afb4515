import pytest

from oms.core.models import User
from tests import builders as make


@pytest.fixture
def log_in(client):
    def enter(role):
        person = make.user(role, *([role] if role != "root" else []))
        User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=role == "root")
        client.force_login(User.objects.get(pk=person.pk))
        return client

    return enter
