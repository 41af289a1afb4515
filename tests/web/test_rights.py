"""Who sees amounts: some that nobody can mistake are planted everywhere, and all that somebody can reach is searched
for them."""

import io
import re
from collections import Counter
from datetime import date
from decimal import Decimal
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.db import models
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from fulfillment import waves
from fulfillment.models import Shipment, Wave
from inventory import counting, transfers
from inventory.models import Transfer
from inventory.purchasing.models import PurchaseOrder, SupplierItem
from oms.background import jobs
from oms.core import notes, outbox
from oms.core.models import Job, Notice, Subscription, Topic, WebhookDelivery, WebhookEndpoint
from oms.insights import rollups
from oms.messaging import notifications, safe_http, webhooks
from oms.printing import printouts
from oms.web.api import router
from orders import order_entry, screening
from orders.accounting import notifications as order_notices
from orders.accounting.models import Invoice
from orders.models import Customer, Order, Price
from orders.order_entry import Entry
from tests import builders as make

pytestmark = pytest.mark.django_db
MOST_ALIKE = 5  # records of one page that are opened
PRICE, COST, PARCEL = "7717.17", "6661.6161", "9191.91"


def plant(place="LON", code="C-1", rep="rep", item="", far="FAR"):
    """One of everything that a house holds, with its customer's rep and its warehouse's staff."""
    person, manager = make.user(rep, "rep"), make.user("manager", "manager")
    make.warehouse(place).staff.add(make.user(f"staff of {place}", "picker"))
    customer = make.customer(code, credit_limit=Decimal("8181818.18"))
    Customer.objects.filter(pk=customer.pk).update(rep=person)
    make.service(price=PARCEL)
    item = make.sku(item or f"SKU-{place}", stock={place: 40}, cost=COST)
    make.priced(item.code, PRICE)
    Price.objects.create(sku=item, customer=customer, unit_price=Decimal("7117.17"), minimum=100)
    SupplierItem.objects.get_or_create(
        supplier=make.supplier(), sku=item, defaults={"cost": Decimal("5551.5151")}
    )

    shipped = make.shipped((item.code, 3), customer_code=code)
    make.transfer("1234.56", f"bank-{code}", customer_code=code)
    make.settled(shipped)
    labeled = make.labeled(make.confirmed((item.code, 2), customer_code=code))
    make.confirmed((item.code, 5), customer_code=code)
    outbox.drain()
    wave = waves.plan(
        make.warehouse(place), list(Shipment.objects.filter(status="open", warehouse__code=place))
    )
    waves.release(wave)
    reserved = make.order(lines=[(item.code, 4)], customer_code=code)
    screening.hold(reserved, reason=f"They owe {PRICE}")
    order_entry.draft(Entry(make.channel(), customer, [make.line(item.code, 6)]))
    make.sent_purchase(item, 7, place)
    counting.plan(make.warehouse(place), [make.storage(make.warehouse(place))])
    sent = Transfer.objects.create(source=make.warehouse(place), target=make.warehouse(far))
    sent.lines.create(sku=item, bin=make.storage(make.warehouse(place)), quantity=1)
    transfers.send(sent)
    notes.write(reserved, f"The price is {PRICE}", by=manager)
    notes.write(labeled, f"The price is {PRICE}", by=manager)
    notifications.tell("overdue", f"{PRICE} is overdue", without_amounts="")
    jobs.record(jobs.start("bulk", f"Pay {PRICE}", 1, by=manager), f"Paid {PRICE}")
    outbox.drain()
    rollups.roll_up()


def amounts():
    """Every large amount in the database, as digits with a point and two places."""
    found = set()
    for model in apps.get_models():
        names = [
            field.name for field in model._meta.fields if isinstance(field, models.DecimalField)
        ]
        for row in model._default_manager.values_list(*names) if names else ():
            found |= {
                f"{abs(value):.2f}" for value in row if value is not None and abs(value) >= 1000
            }
    return found


def told(text, amounts):
    """The amounts in a text, however they are written there."""
    plain = re.sub(r"(?<=\d)[,.\u202f\u00a0\u2019](?=\d{3}(\D|$))", "", unescape(text))
    numbers = {
        f"{float(number.replace(',', '.')):.2f}"
        for number in re.findall(r"\d{4,}[.,]\d{1,4}", plain)
    }
    return frozenset(numbers & amounts)


class Crawl:
    """Whatever somebody reaches from some pages: their links, their exports, and the files of these."""

    def __init__(self, client, worked, follows=True, formats=("csv", "xlsx")):
        self.client, self.worked, self.follows, self.formats = client, worked, follows, formats
        self.seen, self.texts, self.kinds = set(), {}, Counter()

    def visit(self, *addresses):
        """Open these, and what they lead to: of links that differ in a filter's value alone, one, and of one page's
        records the first few.
        """
        todo = [(address, address) for address in reversed(addresses)]
        while todo:
            address, key = todo.pop()
            path = urlsplit(address).path
            if (
                key in self.seen
                or not path.startswith(("/admin/", "/stations/", "/api/"))
                or ("logout" in path or "jsi18n" in path or "password" in path)
            ):
                continue
            self.seen.add(key)
            kind = re.sub(r"/\d+(?=/|$)", "/N", str(key))
            self.kinds[kind] += 1
            if self.kinds[kind] > MOST_ALIKE:
                continue
            answer = self.client.get(address)
            if answer.status_code != 200:
                continue
            text = self.texts[address] = readable(answer)
            if "html" in answer["Content-Type"]:
                for link in re.findall(r'href="([^"#]+)', text) if self.follows else ():
                    target = urljoin(address, unescape(link))
                    names = tuple(sorted(re.findall(r"([\w.]+)=", urlsplit(target).query)))
                    todo.append((target, (urlsplit(target).path, names)))
                if 'name="sheet"' in text and ("export", path) not in self.seen:
                    self.seen.add(("export", path))
                    self.export(path, text)
        return self

    def export(self, path, text):
        for sheet in re.findall(
            r'<option value="([\w-]*)">', text.split('name="sheet"')[1].split("</select>")[0]
        ):
            for kind in self.formats:
                with self.worked():
                    self.client.post(
                        f"{path}export/", {"sheet": sheet, "format": kind, "query": ""}
                    )
                job = Job.objects.latest("pk")
                self.visit(
                    *(
                        reverse(f"admin:core_job_{name}", args=[job.pk])
                        for name in ("change", "file")
                    )
                )


def readable(answer):
    """What a person can read of an answer: a page, JSON, CSV, the cells of a sheet, the text of a PDF."""
    content, kind = answer.getvalue(), answer["Content-Type"]
    if "pdf" in kind:
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if "spreadsheet" in kind:
        sheet = load_workbook(io.BytesIO(content)).active
        return "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    return content.decode()


def addresses():
    """Where a person might look besides following links."""
    yield from pages()
    for order in Order.objects.all():
        for step in ("amend", "cancel", "record_prepayment", "invoice_deposit"):
            yield reverse("admin:orders_order_operation", args=[order.pk, step])
        yield f"/admin/search/?s={order.number}"
        yield f"/api/v1/orders/{order.number}/"
    for word in ("SKU", "C-1", "LON", "Shop", PRICE):
        yield f"/admin/search/?s={word}"
    for kind in (
        "orders",
        "customers",
        "skus",
        "stock",
        "shipments",
        "invoices",
        "returns",
        "events",
        "quotes",
        "warehouses",
        "requests",
        "webhooks",
        "webhook-deliveries",
    ):
        yield f"/api/v1/{kind}/"
    yield "/api/v1/skus/SKU-LON/price/?customer=C-1&channel=reps&quantity=1"
    yield "/api/v1/customers/C-1/credit/"
    names = [row.number for model in (Wave, Shipment, PurchaseOrder) for row in model.objects.all()]
    for station in ("pick", "receive", "put-away", "pack", "count", "move", "look-up"):
        yield from (
            f"/stations/{station}/todo/?warehouse=LON&name={name}"
            for name in ["", "SKU-LON", "A-01", *names]
        )


def pages():
    """Every list, form and paper of the back office."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for row in model._default_manager.all()[:5]:
            yield reverse(f"{name}_change", args=[row.pk])
            for paper in printouts.all_of(model):
                yield reverse(f"{name}_paper", args=[row.pk, paper.name])


def test_nothing_that_the_floor_can_reach_shows_an_amount(log_in, worked):
    """As somebody who is a picker and a packer at once."""
    plant()
    client = log_in("picker")
    person = make.user("picker", "packer")
    for place in ("LON", "FAR"):
        make.warehouse(place).staff.add(person)

    crawl = Crawl(client, worked).visit("/admin/", "/stations/", *addresses())

    known = amounts()
    assert len(known) > 20
    assert {
        address: told(text, known) for address, text in crawl.texts.items() if told(text, known)
    } == {}
    kinds = {"/admin/fulfillment/shipment/", "/stations/pick/todo/", "/api/v1/shipments/"}
    assert all(any(address.startswith(kind) for address in crawl.texts) for kind in kinds)
    assert sum("/file/" in address for address in crawl.texts) >= 10
    assert any(address.endswith("packing_slip/") for address in crawl.texts)


def test_without_the_right_to_see_amounts_no_page_or_sheet_shows_one(log_in, worked):
    """As somebody with a role of a company's own that has all rights but that."""
    make.role("auditor", "everything", without=("see_money", "see_cost"))
    plant()
    client = log_in("auditor")

    crawl = Crawl(client, worked, formats=("csv",)).visit(
        "/admin/", "/stations/", *addresses(), *each_of_the_api()
    )

    known = amounts()
    assert len(known) > 20 and len(crawl.texts) > 300
    assert {
        address: told(text, known) for address, text in crawl.texts.items() if told(text, known)
    } == {}
    assert sum("/file/" in address for address in crawl.texts) >= 10


def test_without_the_right_to_see_money_no_event_call_or_notice_tells_an_amount(log_in):
    """To somebody who hears of everything, with all rights but that."""
    role, person = (
        make.role("auditor", "everything", without=("see_money", "see_cost")),
        make.user("ann", "auditor"),
    )
    Subscription.objects.filter(topic__in=("overdue", "on_hold", "job_failed")).delete()
    for topic in Topic.values:
        Subscription.objects.create(topic=topic, role=role, mail="at_once")
    endpoint = webhooks.subscribe(
        WebhookEndpoint(company=make.company(), user=person, url="https://example.com/")
    )
    plant()
    Invoice.objects.update(due_on=date(2020, 1, 1))
    order_notices.tell_overdue(make.company())
    notifications.send_at_once()
    called = []
    outbox.number_events()
    webhooks.fan_out()
    webhooks.send_due(
        post=lambda url, body, headers: called.append(body.decode()) or safe_http.Answer(200, "")
    )

    said = [notice.text for notice in Notice.objects.filter(to=person)]
    mailed = [each.body for each in mail.outbox if each.to == [person.email]]
    assert WebhookDelivery.objects.filter(endpoint=endpoint).count() == len(called) > 20
    assert any("is on hold." in text for text in said) and mailed
    assert {told(text, amounts()) for text in (*called, *said, *mailed)} == {frozenset()}


def each_of_the_api():
    """The address of each record that the API shows."""
    for prefix, viewset, _name in router.registry:
        model = getattr(getattr(viewset, "queryset", None), "model", None)
        for row in model._default_manager.all()[:3] if model else ():
            yield f"/api/v1/{prefix}/{getattr(row, viewset.lookup_field)}/"


def test_the_search_for_amounts_finds_them_where_they_may_be_seen(log_in, worked):
    plant()

    crawl = Crawl(log_in("manager"), worked, follows=False).visit(
        "/admin/orders/order/", "/admin/orders/price/", "/api/v1/invoices/"
    )

    known = amounts()
    for address in ("/admin/orders/order/", "/admin/orders/price/", "/api/v1/invoices/"):
        assert told(crawl.texts[address], known), address
    assert any(told(text, known) for address, text in crawl.texts.items() if "/file/" in address)
