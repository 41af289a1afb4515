"""Every add, change and operation page of every role, in a real browser: each asks for something, says what is wrong
where it can be seen, and can be saved by who may open it. Pages that the site or the catalog gains are walked too."""

from itertools import count
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from inventory.models import SKU
from oms.core.models import Company, User
from oms.web import demo
from oms.web.demo import story
from tests.browser.every_page import pages_of
from tests.browser.rehearsal import HEADER

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = count(1000)
KNOWING = {"return_to_supplier"}  # asks for the bin of each SKU, which nobody guesses; it says so
MOST_STEPS = 9  # as many as the script knows, and more
ROLES = ("rep", "picker", "packer", "buyer", "accountant", "manager")
SCRIPT = Path(__file__).with_name("forms.js").read_text()


class Desk:
    """A browser where a person is logged in. `seen`: shapes of pages that anybody looked at, and what was saved."""

    is_furnished = True  # whether there is a record of each kind that forms ask for

    def __init__(self, browser, server, person, seen, faults, *, rehearsed=True):
        client = Client()
        client.force_login(person)
        self.server, self.person, self.seen, self.faults, self.name = (
            server,
            person,
            seen,
            faults,
            "",
        )
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 900},
            locale="en-GB",
            extra_http_headers={HEADER: "1"} if rehearsed else {},
        )
        self.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server}]
        )
        self.context.add_init_script(SCRIPT)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.fault(f"script: {error}"))
        self.page.on("console", self._console)
        self.page.on(
            "response",
            lambda answer: answer.status >= 500 and self.fault(f"{answer.status} {answer.url}"),
        )
        self.page.goto(f"{server}/admin/core/notice/")

    def _console(self, told):
        if (
            told.type == "error" and "status of 409" not in told.text
        ):  # a refusal, which is told on the page
            self.fault(f"console: {told.text} {told.location.get('url', '')}")

    def fault(self, text):
        self.faults.append(f"{self.person.username}, {self.name}: {text}")

    def walk(self, page):
        """Save a page as it is offered; the first of its shape also with garbage in its tables, and empty."""
        self.name = page.name  # of the faults found there
        if (
            page.shape in self.seen
        ):  # what its first person couldn't save isn't tried in every way again
            steps = MOST_STEPS if self.seen[page.shape] else 0
            return self.judge(
                page, self.page.evaluate("page => omsForms.fetched(page)", self.asked(page, steps))
            )
        self.seen[page.shape] = True
        answer = self.page.goto(self.server + page.path)
        if answer.status != 200 or answer.request.redirected_from:
            return self.fault(f"does not open: {answer.status} {self.page.url}")
        saved = self.judge(
            page, self.page.evaluate("page => omsForms.tried(page)", self.asked(page))
        )
        self.seen[page.shape] = saved
        if page.saves and page.asks:
            for prefix in self.page.evaluate("omsForms.tables()"):
                self.refused(f"garbage in {prefix}", f"omsForms.garble('{prefix}')", must_be=True)
            self.refused("empty", "omsForms.empty()")
        return saved

    def asked(self, page, steps=MOST_STEPS, *, is_quick=False):
        """What the script is to do: how much it tries, and whether only where there is something to choose from."""
        return {
            "path": page.path,
            "saves": page.saves,
            "whole": is_quick,
            "steps": 0 if is_quick or not self.is_furnished else steps,
            "hints": {
                "country": "GB",
                "currency": "GBP",
                "day": "2027-01-04",
                "number": next(NUMBERS),
                "url": "https://shop.example.com/hook",
                "events": "order.confirmed",
            },
        }

    def judge(self, page, found):
        """Whether a page was opened and saved."""
        if found["error"]:
            self.fault(found["error"])
        elif page.asks and not found["fields"]:
            self.fault("a form without fields")
        elif (
            page.saves
            and not found["saved"]
            and (not found["wrong"][1:] or (self.is_furnished and page.shape[-1] not in KNOWING))
        ):
            self.fault(f"cannot be saved: {found['wrong']}")
        return bool(found["saved"])

    def refused(self, what, change, *, must_be=False):
        """Change the form and send it as a person does; what is refused is said where it can be seen."""
        if self.page.evaluate(change) is False:
            return
        with self.page.expect_navigation() as sent:
            self.page.evaluate("omsForms.send()")
        if sent.value.request.redirected_from:
            if must_be:
                self.fault(f"{what} is saved")
        elif not self.page.evaluate("omsForms.wrong()"):
            self.fault(f"{what} is refused, and nothing is said")


def few(rows):
    """Some of the sample's orders, with a few of their lines each."""
    by_invoice = {}
    for row in rows:
        by_invoice.setdefault(row.invoice, []).append(row)
    kept = sorted(by_invoice.values(), key=lambda own: (-own[0].at.timestamp(), own[0].invoice))
    return [row for own in (*kept[:36], *kept[36:120:6]) for row in own[:2]]


def person_of(role):
    person, _ = User.objects.get_or_create(username=role, defaults={"email": f"{role}@example.com"})
    if role in ROLES:
        person.groups.add(Group.objects.get(name=role))
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=role not in ROLES)
    return User.objects.get(pk=person.pk)


def test_every_form_on_the_demos_database(browser, live_server, monkeypatch):
    """Whatever is saved is undone, so that each role finds what the last one found."""
    whole = story._rows_until_now
    monkeypatch.setattr(story, "_rows_until_now", lambda: few(whole()))
    demo.load()
    Company.objects.create(code="zz", name="Zz Ltd", currency="GBP", country="GB")  # goods can pass
    SKU.objects.create(
        code="00", name="Tracked by lot", tracking=SKU.Tracking.LOT
    )  # a lot can be added
    faults, seen = [], {}
    for person in [person_of(role) for role in ("admin", *ROLES)]:
        desk = Desk(browser, live_server.url, person, seen, faults)
        for page in pages_of(person):
            desk.walk(page)
        desk.context.close()
    assert not faults, "\n".join(faults)


def test_every_form_on_an_empty_database_says_what_it_lacks(browser, live_server):
    faults, seen = [], {}
    for person in [person_of(role) for role in ("admin", *ROLES)]:
        desk = Desk(browser, live_server.url, person, seen, faults)
        desk.is_furnished = False
        for page in pages_of(person):
            desk.walk(page)
        desk.context.close()
    assert not faults, "\n".join(faults)


def test_the_first_record_of_each_kind_is_entered_by_forms_alone(browser, live_server):
    """In whichever order works."""
    faults = []
    person = person_of("admin")
    desk = Desk(browser, live_server.url, person, {}, faults, rehearsed=False)
    pages = [page for page in pages_of(person) if page.name.startswith("add ")]
    left = enter(desk, pages)
    enter(
        desk, [page for page in pages if page not in left]
    )  # a second one, for what goes from one to another
    told = [
        f"{page.name}: {found['wrong'] or found['error']}"
        for page, found in enter(desk, list(left)).items()
    ]
    desk.context.close()
    assert not faults, "\n".join(faults)
    assert len(told) == 1, told
    assert told[0].startswith("add inventory.Lot: [200, \"This SKU isn't tracked"), told


def enter(desk, pages):
    """Enter a record by each form, in rounds, as long as one more can be entered; what was said of those that can't.

    Only what is required is tried as long as that is enough for one of them.
    """
    left, is_quick = dict.fromkeys(pages), True
    while left:
        asked = {page: desk.asked(page, is_quick=is_quick) for page in left}
        told = {
            page: desk.page.evaluate("page => omsForms.fetched(page)", asked[page]) for page in left
        }
        if any(found["saved"] for found in told.values()):
            left, is_quick = (
                {page: found for page, found in told.items() if not found["saved"]},
                True,
            )
        elif is_quick:
            is_quick = False
        else:
            return told
    return left
