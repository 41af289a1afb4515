"""Two processes that deliver events: each invoice's mail goes out once, with its PDF."""

import pytest
from django.core import mail

from oms.core import outbox
from oms.core.models import Email
from orders.accounting import billing
from orders.accounting.models import Invoice
from tests import builders as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("verified")]
ORDERS = 12


def test_two_processes_send_each_invoice_once_with_its_files(race):
    make.sku("TEE-M", stock={"LON": 100})
    make.service()
    make.customer("C-1", einvoice="")
    for _ in range(ORDERS):
        order = make.order(lines=[("TEE-M", 1)], confirmed=True)
        billing.bill_order(order)
    outbox.number_events()

    race(*[lambda: [outbox.drain() for _ in range(6)]] * 2)
    outbox.drain()
    sent = [message for message in mail.outbox if message.subject.startswith("Invoice")]
    assert sorted(message.subject for message in sent) == sorted(
        f"Invoice {document.number}" for document in Invoice.objects.all()
    )
    assert all(
        [name for name, *_rest in message.attachments] == [f"{message.subject[8:]}.pdf"]
        for message in sent
    )
    assert set(Email.objects.values_list("state", "attempts")) == {("sent", 1)}
