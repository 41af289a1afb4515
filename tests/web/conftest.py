from contextlib import contextmanager

import pytest
from celery import current_app

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


@pytest.fixture
def worked(django_capture_on_commit_callbacks):
    """`with worked():` what is asked for within is done at its end, as the worker would."""
    @contextmanager
    def done():
        before, current_app.conf.task_always_eager = current_app.conf.task_always_eager, True
        with django_capture_on_commit_callbacks(execute=True):
            yield
        current_app.conf.task_always_eager = before

    return done
