"""Mails to customers: in their language, with their files, once."""

import smtplib
from decimal import Decimal

import pytest
from django.core import mail
from django.core.mail.backends import locmem

from fulfillment import shipping
from fulfillment.carriers.models import CarrierAccount
from oms.core import attention, outbox
from oms.core.models import Delivery, Email, Event
from oms.messaging import emails
from orders.accounting import deposits, payments
from orders.models import Customer
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]
FORBIDDEN = ("Gutschrift", "&amp;#", "None", "{{", "{%")


@pytest.fixture
def shirts():
    return make.sku("TEE-M", name="50's <Christmas> & more", stock={"LON": 50})


@pytest.fixture(params=["en", "de"])
def language(request, shirts):
    make.customer("C-1", language=request.param)
    return request.param


def _by_subject():
    return {message.subject: message for message in mail.outbox}


def test_a_customer_reads_the_whole_way_of_an_order_in_their_language(language):
    order = make.confirmed(("TEE-M", 3, "1000"))
    make.service()
    CarrierAccount.objects.update(name="DHL", tracking_url="https://example.com/track?id={number}")
    order = make.ship_rest(order)
    shipping.deliver(make.shipment_of(order))
    outbox.drain()
    invoice = order.invoices.get()
    payments.apply(make.transfer(str(invoice.gross), "paid", order=order), invoice)
    request = make.settled(order, 1)
    outbox.drain()
    credit = order.invoices.get(kind="credit")
    refund = credit.refunds.get().payment.number
    told = {
        "en": [
            f"Your order {order.number} is confirmed",
            f"Your order {order.number} has shipped",
            f"Your order {order.number} was delivered",
            f"Invoice {invoice.number}",
            f"We've received your return {request.number}",
            f"Credit note {credit.number}",
            "We've refunded 1,200.00 GBP",
        ],
        "de": [
            f"Ihre Bestellung {order.number} ist bestätigt",
            f"Ihre Bestellung {order.number} wurde versandt",
            f"Ihre Bestellung {order.number} wurde zugestellt",
            f"Rechnung {invoice.number}",
            f"Ihre Retoure {request.number} ist eingegangen",
            f"Rechnungskorrektur {credit.number}",
            "Wir haben 1.200,00 GBP erstattet",
        ],
    }[language]
    subjects = [message.subject for message in mail.outbox]
    assert sorted(subjects) == sorted(told)
    assert subjects.index(told[5]) < subjects.index(told[6])  # the credit before the refund
    for message in mail.outbox:
        html = message.alternatives[0].content
        assert order.company.name in message.body and order.company.name in html
        assert not [word for word in FORBIDDEN if word in message.body or word in html]
        assert "&#x27;" not in message.body
    shipped = _by_subject()[told[1]]
    assert (
        "https://example.com/track?id=" in shipped.body
        and 'href="https://example.com/track?id=' in (shipped.alternatives[0].content)
    )
    assert "50's <Christmas> & more" in shipped.body
    assert "&lt;Christmas&gt;" in shipped.alternatives[0].content
    assert refund in _by_subject()[told[6]].body and credit.number in _by_subject()[told[6]].body


def test_an_invoice_goes_out_with_its_files_and_says_whether_it_is_paid(language):
    Customer.objects.update(einvoice="")
    order = make.order(lines=[("TEE-M", 1, "100")], confirmed=True)
    make.transfer("120", "before", order=order)
    outbox.drain()
    order = make.ship_rest(make.fresh(order))
    invoice = order.invoices.get()
    message = next(each for each in mail.outbox if invoice.number in each.subject)
    assert [name for name, *_rest in message.attachments] == [f"{invoice.number}.pdf"]
    words = {"en": ("is paid", "due by", b"Paid."), "de": ("bezahlt", "zahlbar", b"Bezahlt.")}[
        language
    ]
    assert words[0] in message.body and words[1] not in message.body
    assert words[2] in message.attachments[0][1]
    assert (
        b"Pay by" not in message.attachments[0][1] and b"Zahlbar" not in message.attachments[0][1]
    )


def test_a_deposit_invoice_has_its_legal_name(language):
    order = make.confirmed(("TEE-M", 1, "100"))
    document = deposits.ask(order, Decimal(50), reference="ask")
    outbox.drain()
    name = {"en": "Deposit invoice", "de": "Anzahlungsrechnung"}[language]
    message = _by_subject()[f"{name} {document.number}"]
    assert name.encode() in message.attachments[0][1]


def test_a_mail_of_unknown_outcome_is_shown_and_not_repeated(shirts, monkeypatch):
    _fail(monkeypatch, TimeoutError("no answer after the data"))
    order = make.confirmed(("TEE-M", 1))
    row = Email.objects.get(subject_number=order.number)
    assert (row.state, row.attempts) == ("unknown", 1)
    assert any("unknown" in alarm for alarm in attention.alarms())
    Event.objects.update(is_drained=False)
    Delivery.objects.update(done_at=None)
    outbox.drain()
    row.refresh_from_db()
    assert row.attempts == 1 and not mail.outbox
    monkeypatch.undo()
    emails.attempt(row)
    assert [message.extra_headers["Message-ID"] for message in mail.outbox] == [
        f"<{row.key}@localhost>"
    ]
    assert not emails.standing()


def test_a_mail_that_the_server_puts_off_is_tried_again(shirts, monkeypatch):
    _fail(monkeypatch, smtplib.SMTPDataError(451, b"try later"))
    order = make.confirmed(("TEE-M", 1))
    row = Email.objects.get(subject_number=order.number)
    assert (row.state, row.attempts) == ("waiting", 1)
    monkeypatch.undo()
    outbox.retry(Delivery.objects.get(handler="orders.mail_confirmation"))
    outbox.drain()
    row.refresh_from_db()
    assert (row.state, row.attempts, len(mail.outbox)) == ("sent", 2, 1)


def test_an_address_that_does_not_exist_is_shown_at_once(shirts, monkeypatch):
    _fail(monkeypatch, smtplib.SMTPRecipientsRefused({"c-1@example.com": (550, b"no such user")}))
    order = make.confirmed(("TEE-M", 1))
    assert Email.objects.get(subject_number=order.number).state == "failed"
    assert Delivery.objects.get(handler="orders.mail_confirmation").parked_at
    monkeypatch.undo()
    Delivery.objects.update(parked_at=None, done_at="2026-01-01T00:00Z")


def test_an_attempt_whose_process_died_is_of_unknown_outcome(shirts):
    order = make.order(lines=[("TEE-M", 1)], confirmed=True)
    event = Event.objects.get(name="order.confirmed")
    Email.objects.create(
        key=f"event-{event.pk}",
        company=order.company,
        to="c-1@example.com",
        subject="x",
        text="x",
        subject_type="order",
        subject_number=order.number,
        state="sending",
        attempts=1,
    )
    outbox.drain()
    assert Email.objects.get().state == "unknown" and not mail.outbox


def _fail(monkeypatch, error):
    def send_messages(self, messages):
        raise error

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send_messages)
