"""A real browser: Debian's Chromium, from CHROMIUM or the usual places. Without one these tests are skipped."""

import os
import shutil
from datetime import timedelta

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone
from playwright.sync_api import sync_playwright

from oms.core.models import Heartbeat, User
from tests import builders as make

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
    "true"  # Playwright runs a loop of its own in the test's thread
)
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
)
SECONDS = 60  # a busy machine is no fault


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM:
        pytest.skip(
            "No Chromium here; install it (apt-get install chromium) or name it in CHROMIUM."
        )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_as(browser, live_server):
    """open_as(role, path) is a page where a person of the role is logged in; faults of its scripts fail the test."""
    contexts, faults = [], []

    def open_page(role, path="/admin/"):
        person = make.user(role, role)
        User.objects.filter(pk=person.pk).update(is_staff=True)
        client = Client()  # a session of its own: another log-in would end it
        client.force_login(User.objects.get(pk=person.pk))
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        context.set_default_timeout(SECONDS * 1000)
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
        contexts.append(context)
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def alive(transactional_db):
    """A worker is seen all the time: stations raise no alarm over what it has still to do."""
    Heartbeat.objects.create(
        name="worker",
        kind=Heartbeat.Kind.WORKER,
        host="here",
        pid=1,
        seen_at=timezone.now() + timedelta(hours=1),
    )


@pytest.fixture
def worker():
    """Jobs are done where they are asked for, by the live server itself."""
    before, current_app.conf.task_always_eager = current_app.conf.task_always_eager, True
    yield
    current_app.conf.task_always_eager = before
