import os

import pytest

from oms.core import clients, outbox
from oms.core.models import ApiClient, User
from oms.insights import verification
from orders.models import Order
from tests import builders as make
from tests.races.resend import Server, send_all

COUNT = int(os.environ.get("RESENT_ORDERS", "60"))


@pytest.mark.django_db(transaction=True)
def test_each_order_sent_five_times_at_once_through_three_kills_is_there_once():
    """RESENT_ORDERS=2000 runs it at full size."""
    make.taxes()
    make.channel()
    make.sku("TEE-M", stock={"LON": 3 * COUNT})
    make.priced("TEE-M")
    customer, rep = make.customer(), make.user("rep", "rep")
    User.objects.update(is_staff=True)
    customer.rep = rep
    customer.save()
    token = clients.issue_token(
        ApiClient.objects.create(name="shop", user=rep, calls_per_minute=10**6)
    )
    order = {"customer": "C-1", "channel": "reps", "lines": [{"sku": "TEE-M", "quantity": 1}]}
    server = Server()

    try:
        answered = send_all(server, token, {f"WEB-{number}": order for number in range(COUNT)})
    finally:
        server.stop()

    assert {len(numbers) for numbers in answered.values()} == {1}
    assert Order.objects.count() == COUNT
    assert {row.external_id: {row.number} for row in Order.objects.all()} == answered
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []
