"""Who is told what: by role, warehouse and topic, in the back office, by email at once or in a digest."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from inventory.purchasing import alerts
from inventory.purchasing.models import ReorderRule
from oms.background import jobs
from oms.core import outbox
from oms.core.models import Job, Mail, Notice, Role, Subscription, Topic
from oms.messaging import notifications
from orders import screening
from orders.accounting import notifications as order_notices
from orders.accounting.models import Invoice
from tests import builders as make

pytestmark = pytest.mark.django_db


def told():
    return [
        (notice.to.username, notice.topic, notice.text) for notice in Notice.objects.order_by("pk")
    ]


def test_a_role_hears_of_a_topic_and_the_floor_of_its_own_warehouse():
    here, there = make.user("here", "picker"), make.user("there", "picker")
    make.warehouse("LON").staff.add(here)
    make.warehouse("LEE").staff.add(there)
    make.user("buyer", "buyer")

    notifications.tell(Topic.TO_PICK, "new", warehouse="LON")

    assert told() == [("here", "to_pick", "new")]


def test_a_roles_line_for_a_warehouse_counts_before_its_line_for_all():
    make.user("buyer", "buyer")
    Subscription.objects.create(
        role=Role.objects.get(name="buyer"),
        topic=Topic.PROPOSED,
        warehouse="LON",
        bell=False,
        mail=Mail.AT_ONCE,
    )

    notifications.tell(Topic.PROPOSED, "LON's", warehouse="LON")
    notifications.tell(Topic.PROPOSED, "LEE's", warehouse="LEE")

    assert [(notice.mail, notice.read_at is None) for notice in Notice.objects.order_by("pk")] == [
        ("at_once", False),
        ("no", True),
    ]


def test_mails_are_sent_once_and_digests_are_one_mail_a_person():
    make.user("buyer", "buyer")
    for text in ("first", "second"):
        notifications.tell(Topic.LOW_STOCK, text)
    notifications.tell(Topic.OUT_OF_STOCK, "now")

    assert [notifications.send_mails(Mail.AT_ONCE), notifications.send_mails(Mail.AT_ONCE)] == [
        1,
        0,
    ]
    assert [notifications.send_mails(Mail.DIGEST), notifications.send_mails(Mail.DIGEST)] == [1, 0]
    assert ["now" in message.body for message in mail.outbox] == [True, False]
    assert "first" in mail.outbox[1].body and "second" in mail.outbox[1].body
    assert mail.outbox[1].subject == "2 new notifications in OMS"


def test_a_mail_to_a_colleague_has_the_companys_frame_and_its_text_is_not_escaped():
    make.company(color="#aa3300")
    make.user("buyer", "buyer")
    notifications.tell(Topic.OUT_OF_STOCK, "PAPER CHAIN KIT 50'S <XL> & CO is out")

    notifications.send_mails(Mail.AT_ONCE)

    (message,), ((html, kind),) = mail.outbox, mail.outbox[0].alternatives
    assert (
        message.subject == "1 new notification in OMS" and "50'S <XL> & CO is out" in message.body
    )
    assert (
        kind == "text/html" and "50&#x27;S &lt;XL&gt; &amp; CO is out" in html and "#aa3300" in html
    )
    assert "because of your role" in message.body and "because of your role" in html


def test_an_invitation_is_in_the_same_frame():
    person = make.user("new", "buyer")
    notifications.email(
        person,
        "invitation",
        {"person": person, "link": "https://oms.example/set/1/?a=1&b=2", "days": 7},
        key="invitation-1",
    )

    (message,), ((html, _kind),) = mail.outbox, mail.outbox[0].alternatives
    assert "https://oms.example/set/1/?a=1&b=2\n" in message.body and "for 7 days" in message.body
    assert html.count("https://oms.example/set/1/?a=1&amp;b=2") == 2 and "Hello new," in html
    assert message.extra_headers["Message-ID"] == "<invitation-1@localhost>"


def test_the_customers_own_rep_hears_of_a_hold(drain):
    mine, _ = make.user("mine", "rep"), make.user("other", "rep")
    order = make.order(lines=[("TEE-M", 1)])
    order.customer.rep = mine
    order.customer.save()

    screening.hold(order, reason="Call them first")
    drain()

    assert told() == [
        ("mine", "on_hold", f"Order {order.number} is on hold: Manual: Call them first")
    ]


def test_what_is_low_and_what_is_out_is_told_by_warehouse():
    make.user("buyer", "buyer")
    for code, stock in (("LOW", 3), ("OUT", 0), ("FULL", 50)):
        item = make.sku(code, stock={"LON": stock or 1})
        ReorderRule.objects.create(sku=item, warehouse=make.warehouse(), point=5, target=20)
    make.confirmed(("OUT", 1))

    alerts.watch_all()

    assert sorted(told()) == [
        ("buyer", "low_stock", "Low stock in LON: LOW."),
        ("buyer", "out_of_stock", "Out of stock in LON: OUT."),
    ]


def test_accountants_hear_of_overdue_invoices():
    make.user("accountant", "accountant")
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(("TEE-M", 2))
    Invoice.objects.update(due_on=date(2020, 1, 1))

    order_notices.tell_overdue(order.company)

    assert told() == [
        ("accountant", "overdue", "Acme Ltd: 1 overdue invoice of 24.00 GBP, due 2020-01-01.")
    ]


def test_who_asked_for_a_job_hears_that_it_failed():
    person = make.user("mary", "rep")
    job = jobs.start("no such kind", "Broken", 1, by=person)

    jobs.work(job.pk)
    outbox.drain()

    assert Job.objects.get().error
    assert [(to, topic) for to, topic, _ in told()] == [("mary", "job_failed")]


def test_a_job_is_done_by_one_worker_at_a_time():
    job = jobs.start("no such kind", "Busy", 1)
    Job.objects.update(leased_until=timezone.now() + timedelta(minutes=1))

    jobs.work(job.pk)

    assert Job.objects.get().finished_at is None


def test_everybody_is_told_and_mailed_in_their_own_language(drain):
    for name, language in (("hans", "de"), ("ann", "")):
        person = make.user(name, "picker")
        person.language = language
        person.save()
        make.warehouse("LON").staff.add(person)
    make.sku("TEE-M", stock={"LON": 5})
    Subscription.objects.filter(topic=Topic.TO_PICK, role__name="picker").update(
        mail="at_once", bell=True
    )

    order = make.confirmed(("TEE-M", 1))
    drain()
    mail.outbox.clear()
    notifications.send_at_once()

    number = make.shipment_of(order).number
    texts = {
        notice.to.username: notice.text for notice in Notice.objects.filter(topic=Topic.TO_PICK)
    }
    assert texts == {
        "hans": f"Lieferung {number} ist in LON neu zu kommissionieren.",
        "ann": f"Shipment {number} is ready to pick in LON.",
    }
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {
        "hans@example.com": "1 neue Mitteilung in OMS",
        "ann@example.com": "1 new notification in OMS",
    }
