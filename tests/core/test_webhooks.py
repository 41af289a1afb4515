"""Webhooks: told in order, signed, tried again, and never to a private address."""

import importlib.util
import json
import socket
import threading
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from oms.core import outbox
from oms.core.errors import ConnectorError
from oms.core.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from oms.messaging import safe_http, webhooks
from orders import lifecycle
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@cache
def example(name):
    """A program that the documentation shows."""
    spec = importlib.util.spec_from_file_location(
        name, Path(__file__).resolve().parents[2] / "docs" / f"{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Receiver:
    """A receiver of calls in memory, which can be down."""

    def __init__(self):
        self.calls, self.status = [], 200

    def __call__(self, url, body, headers):
        if self.status is None:
            raise ConnectorError("down", permanent=False)
        if self.status == 200:
            self.calls.append((headers, body))
        return safe_http.Answer(self.status, "ok")

    @property
    def told(self):
        return [
            (json.loads(body)["type"], json.loads(body)["subject"]["number"])
            for _, body in self.calls
        ]


@pytest.fixture
def receiver():
    return Receiver()


def boss():
    person = make.user("boss", "manager")
    person.is_staff = True
    person.save()
    return person


@pytest.fixture
def endpoint():
    return webhooks.subscribe(
        WebhookEndpoint(
            company=make.company(), user=boss(), url="https://example.com/hook", events=["order.*"]
        )
    )


def happen():
    order = make.order(lines=[("TEE-M", 1)])
    lifecycle.cancel(order)
    outbox.drain()
    return order.number


def tell(receiver, after=timedelta(0)):
    webhooks.fan_out()
    return webhooks.send_due(now=timezone.now() + after, post=receiver)


def test_chosen_events_are_told_once_in_order(endpoint, receiver):
    number = happen()

    tell(receiver)
    tell(receiver)

    assert receiver.told == [
        ("order.placed", number),
        ("order.cancel_requested", number),
        ("order.canceled", number),
    ]


def test_what_was_before_is_not_told(receiver):
    happen()
    endpoint = webhooks.subscribe(
        WebhookEndpoint(company=make.company(), user=boss(), url="https://x.y")
    )

    assert (tell(receiver), endpoint.position > 0) == (0, True)


def test_the_library_accepts_our_signature_and_tells_tampering_and_age(endpoint, receiver):
    happen()
    tell(receiver)
    headers, body = receiver.calls[0]
    library = Webhook(endpoint.secret)

    assert library.verify(body.decode(), headers)["type"] == "order.placed"
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        library.verify(body.decode().replace("placed", "pleased"), headers)
    with pytest.raises(WebhookVerificationError, match="too old"):
        library.verify(body.decode(), {**headers, "webhook-timestamp": "1600000000"})


def test_the_example_receiver_tells_forged_stale_and_repeated_apart(endpoint, receiver):
    happen()
    tell(receiver)
    headers, body = receiver.calls[0]
    verdicts = example("receive_webhooks").Verdict
    theirs = example("receive_webhooks").Receiver(endpoint.secret)
    sent_at = int(headers["webhook-timestamp"])

    answers = [
        theirs.take(headers, body, now).name for now in (sent_at + 301, sent_at, sent_at + 5)
    ]

    assert answers == ["STALE", "NEW", "REPEATED"]
    assert theirs.take(headers, body + b" ", sent_at).name == "FORGED"
    assert {
        verdict.value // 100 for verdict in verdicts if verdict.name in ("NEW", "REPEATED")
    } == {2}


def test_a_rotated_secret_loses_nothing(endpoint, receiver):
    new = webhooks.rotate_secret(endpoint)
    happen()
    tell(receiver)
    headers, body = receiver.calls[0]

    assert Webhook(endpoint.secret).verify(body.decode(), headers) == Webhook(new).verify(
        body.decode(), headers
    )


def test_a_receiver_that_is_down_for_a_day_loses_nothing_and_keeps_the_order(endpoint, receiver):
    receiver.status = None
    first, second = happen(), happen()
    for hour in range(24):
        tell(receiver, timedelta(hours=hour))
    receiver.status = 200
    for hour in range(24, 48):
        tell(receiver, timedelta(hours=hour))

    for number in (first, second):
        assert [name for name, subject in receiver.told if subject == number] == [
            "order.placed",
            "order.cancel_requested",
            "order.canceled",
        ]
    assert WebhookDelivery.objects.exclude(delivered_at=None).count() == len(receiver.calls) == 6


def test_a_call_is_given_up_after_three_days_and_can_be_sent_again(endpoint, receiver):
    receiver.status = 500
    happen()
    for hour in range(90):
        tell(receiver, timedelta(hours=hour))
    oldest = WebhookDelivery.objects.order_by("event__position").first()
    assert oldest.given_up_at - oldest.log.order_by("pk").first().at >= timedelta(days=3)
    assert oldest.log.count() == len(webhooks.WORLD_PAUSES) + 1

    receiver.status = 200
    webhooks.replay(oldest)
    tell(receiver, timedelta(hours=90))

    assert receiver.told[0][0] == "order.placed"


def test_gone_disables_and_enabling_tells_what_was_missed(endpoint, receiver):
    receiver.status = 410
    happen()
    tell(receiver)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (
        False,
        "The endpoint returned 410 Gone.",
    )

    receiver.status = 200
    happen()
    tell(receiver, timedelta(hours=1))
    assert receiver.calls == []
    webhooks.enable(endpoint)
    tell(receiver, timedelta(hours=1))

    assert len(receiver.calls) == 6


def test_an_endpoint_is_told_what_its_person_may_see(receiver):
    mine, theirs = make.customer("C-1"), make.customer("C-2")
    mine.rep = make.user("rep", "rep")
    mine.rep.is_staff = True
    mine.rep.save()
    mine.save()
    webhooks.subscribe(
        WebhookEndpoint(company=make.company(), user=mine.rep, url="https://example.com/rep")
    )
    order, _ = (
        make.order(lines=[("TEE-M", 1)]),
        make.order(lines=[("TEE-M", 1)], customer_code=theirs.code),
    )
    outbox.drain()

    tell(receiver)

    assert receiver.told == [("order.placed", order.number)]


def test_events_of_another_company_are_not_told(receiver):
    webhooks.subscribe(
        WebhookEndpoint(company=make.company("other"), user=boss(), url="https://x.y")
    )
    happen()

    assert tell(receiver) == 0


def test_each_call_is_in_the_log_with_its_answer_and_time(endpoint, receiver):
    happen()
    tell(receiver)

    assert {(row.status, row.response) for row in WebhookAttempt.objects.all()} == {(200, "ok")}


HOSTILE = [
    "http://127.0.0.1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25lo]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.1/",
    "https://192.168.0.1/",
    "https://192.168.1.254:8443/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.0.1/",
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://user:secret@127.0.0.1/",
    "https://example.com@127.0.0.1/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "https:///nohost",
    "https://127.0.0.1:99999/",
    "https://rebind.example/",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_never_connected_to(url, monkeypatch):
    """`rebind.example` answers with a public address and a private one."""
    lookup = socket.getaddrinfo

    def resolve(host, *arguments, **options):
        if host == "rebind.example":
            return lookup("8.8.8.8", *arguments, **options) + lookup(
                "127.0.0.1", *arguments, **options
            )
        return lookup(host, *arguments, **options)

    def refuse(*arguments, **options):
        raise AssertionError(f"connected to {arguments}")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", refuse)

    with pytest.raises(ConnectorError):
        safe_http.post(url, b"{}", {})


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """The name points to a public address when it is looked up first, and to a private one ever after."""
    answers = iter(["8.8.8.8"])
    lookup, connected = socket.getaddrinfo, []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **o: lookup(next(answers, "127.0.0.1"), *a, **o)
    )

    def connect(address, **options):
        connected.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectorError, match="no network"):
        safe_http.post("https://rebind.example/", b"{}", {})

    assert connected == [("8.8.8.8", 443)]


@pytest.fixture
def own_receiver(settings):
    """A real server of the company's own, in a network that the installation allows."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(302 if self.path == "/moved" else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(b"thanks")

        def log_message(self, *arguments):
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_an_allowed_network_is_called_for_real_and_redirects_are_not_followed(own_receiver):
    address, seen = own_receiver

    assert safe_http.post(f"{address}/hook?x=1", b"{}", {}) == safe_http.Answer(200, "thanks")
    assert safe_http.post(f"{address}/moved", b"{}", {}).status == 302
    assert [path for path, _ in seen] == ["/hook?x=1", "/moved"]
