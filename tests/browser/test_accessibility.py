"""Each main page by axe-core, WCAG 2.2 AA, in light and dark: no serious fault, nor one of the theme's."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from inventory.purchasing.models import ReorderRule
from oms.background import jobs
from oms.core import outbox
from oms.core.models import User
from oms.insights import rollups
from orders import order_entry
from orders.accounting import export_runs
from orders.order_entry import Entry
from tests import builders as make
from tests.browser.pages import main_pages, role_pages

pytestmark = pytest.mark.django_db(transaction=True)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def furnish():
    """A house with a record for each page, seen by each role."""
    make.sku("TEE-M", stock={"LON": 60})
    make.service()
    for role in ("manager", "rep", "picker", "packer", "buyer", "accountant"):
        person = make.user(role, role)
        make.warehouse().staff.add(person)
    User.objects.filter(pk=make.user("root").pk).update(is_superuser=True)
    make.role("returns clerk", "everything", ("view", "approve"))
    make.settled(make.shipped(("TEE-M", 3)))
    make.confirmed(("TEE-M", 4))
    make.labeled(make.confirmed(("TEE-M", 2)))
    make.picked(make.confirmed(("TEE-M", 1)))
    make.order(lines=[("TEE-M", 5)])
    order_entry.draft(Entry(make.channel(), make.customer(), [make.line("TEE-M", 6)]))
    make.sent_purchase(make.sku("TEE-M"), 5)
    ReorderRule.objects.create(sku=make.sku("TEE-M"), warehouse=make.warehouse(), point=5, target=9)
    job = jobs.start("print", "Labels: 1 selected", 1, by=User.objects.get(username="manager"))
    jobs.record(jobs.finish(job), "SO-1", error="No")
    run = export_runs.prepare(
        make.company(), "invoice_lines", by=User.objects.get(username="accountant")
    )
    jobs.work(run.job_id)
    outbox.drain()
    rollups.roll_up()


def test_no_main_page_has_a_serious_fault(open_as, live_server):
    furnish()
    found, opened = {}, {}
    for name, role, path in main_pages() + role_pages():
        page = opened.get(role) or opened.setdefault(role, open_as(role))
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        assert page.url == live_server.url + path.partition("#")[0]
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for violation in Axe().run(page, options={"runOnly": RULES}).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    targets = [" ".join(map(str, node["target"])) for node in violation["nodes"]]
                    found.setdefault(f"{violation['id']}: {violation['help']}", {})[
                        f"{name}, {scheme}"
                    ] = targets[:6]

    assert not found, json.dumps(found, indent=1)
