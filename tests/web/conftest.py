from contextlib import contextmanager

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from oms.core.models import Job, User
from tests import builders as make
from tests.web.sheets import PAGES


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


@pytest.fixture
def take(worked):
    """take(client, slug, content) uploads a file, maps its columns by name and has it taken in; the finished job."""

    def taken(client, slug, content, name="file.csv", press="import", **mapping):
        page = PAGES[slug]
        with worked():
            answer = client.post(
                reverse(f"admin:{page}_import", args=[slug]),
                {"file": SimpleUploadedFile(name, content)},
            )
            assert answer.status_code == 302, answer.content.decode()[:3000]
            job = Job.objects.latest("pk")
            answer = client.post(answer.url, {**job.details["mapping"], **mapping, press: ""})
            assert answer.status_code == 302, answer.context["error"]
        return Job.objects.latest("pk")

    return taken
