"""Calling addresses that users gave: any method, some megabytes, and never longer than allowed, whatever drips in."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from oms.core.errors import ConnectorError
from oms.messaging import safe_http
from oms.messaging.safe_http import NoResponse

MEGABYTE = 1024 * 1024


@pytest.fixture
def receiver(settings):
    """A server in a network that the installation allows, which answers with what it was asked."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            told = {
                "method": self.command,
                "path": self.path,
                "type": self.headers.get("Content-Type"),
                "mark": self.headers.get("X-Mark"),
                "body": self.rfile.read(length).decode(),
            }
            body = b"x" * MEGABYTE * 3 if self.path == "/large" else json.dumps(told).encode()
            self.send_response(301 if self.path == "/moved" else 200)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("Content-Type", "Application/JSON; charset=utf-8")
            if self.path != "/open-ended":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *arguments):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def dripping(settings):
    """A server that sends what it is given, then a byte each twentieth of a second for as long as somebody listens."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    listening = socket.create_server(("127.0.0.1", 0))
    begins, is_over = [b""], threading.Event()

    def serve():
        while not is_over.is_set():
            try:
                other, _address = listening.accept()
            except OSError:
                return
            try:
                other.recv(65536)
                other.sendall(begins[0])
                while not is_over.wait(0.05):
                    other.sendall(b"x")
            except OSError:
                pass
            finally:
                other.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/", begins
    is_over.set()
    listening.close()
    thread.join(2)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_each_method_takes_headers_and_json_there(receiver, method):
    response = safe_http.request(
        method, f"{receiver}/a?b=1", headers={"X-Mark": "m"}, json_body={"n": 1}
    )

    assert response.status == 200
    assert response.content_type == "application/json"
    assert json.loads(response.body) == {
        "method": method,
        "path": "/a?b=1",
        "type": "application/json",
        "mark": "m",
        "body": '{"n": 1}',
    }


def test_bytes_go_as_they_are(receiver):
    response = safe_http.request("POST", receiver, body=b"a=1")

    assert json.loads(response.body)["body"] == "a=1"


def test_a_redirect_is_an_answer_that_says_where_to(receiver):
    response = safe_http.request("GET", f"{receiver}/moved")

    assert (response.status, response.location) == (301, "https://elsewhere.example/")


def test_some_megabytes_are_read_whole_and_more_than_allowed_is_said(receiver):
    assert len(safe_http.request("GET", f"{receiver}/large").body) == 3 * MEGABYTE
    with pytest.raises(NoResponse, match=r"larger than 2097152 bytes") as failed:
        safe_http.request("GET", f"{receiver}/large", most_bytes=2 * MEGABYTE)
    assert failed.value.was_sent


def test_an_answer_without_a_length_is_read_to_its_end(receiver):
    assert safe_http.request("GET", f"{receiver}/open-ended").status == 200


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n",
    ],
)
def test_what_drips_in_ends_in_time(dripping, begins):
    address, first = dripping
    first[0] = begins
    started = time.monotonic()

    with pytest.raises(NoResponse) as failed:
        safe_http.request("POST", address, body=b"{}", seconds=0.6)

    assert time.monotonic() - started < 3
    assert failed.value.was_sent


def test_an_answer_that_ends_early_is_none(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        other, _address = listening.accept()
        other.recv(65536)
        other.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        other.close()

    threading.Thread(target=serve, daemon=True).start()

    with pytest.raises(NoResponse, match="ended early"):
        safe_http.request("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/")
    listening.close()


def test_where_nobody_listens_nothing_was_sent(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(NoResponse) as failed:
        safe_http.request("POST", f"http://127.0.0.1:{port}/", body=b"{}")
    assert not failed.value.was_sent


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "https://10.0.0.1/wp-json/", "http://[::1", "https://u@a.example/"]
)
def test_private_and_malformed_addresses_are_not_called(url):
    with pytest.raises(ConnectorError) as failed:
        safe_http.request("GET", url)
    assert failed.value.code == "forbidden_address"
