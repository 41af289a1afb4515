"""A server of a shop's API with faults on demand: throttled, failing before or after the work, dripping, away."""

import json
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    """A request as it came in; `body` is its JSON."""

    method: str
    path: str
    query: dict
    headers: dict
    body: object = None
    raw: bytes = b""
    given: list = field(default_factory=list)  # the query as it was sent, in pairs


@dataclass
class Reply:
    """An answer; `body` is JSON unless it is bytes."""

    body: object
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass
class Fault:
    """What goes wrong with the next requests that match: see `Server.fail`."""

    kind: str
    method: str
    path: str
    times: int
    options: dict

    def fits(self, asked):
        return (
            self.times > 0
            and self.method in ("", asked.method)
            and re.search(self.path, asked.path) is not None
        )


MAINTENANCE = (
    b"<!DOCTYPE html><html><body>Briefly unavailable for scheduled maintenance.</body></html>"
)
HTML = {"Content-Type": "text/html; charset=UTF-8"}


class Server:
    """Serves `answer(asked)` of a subclass on a port of its own; all requests are noted in `requests`."""

    def __init__(self, tls=None):
        self.lock = threading.RLock()
        self.requests, self.faults = [], []
        self.stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._http.daemon_threads = True
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.is_secure, self.host = tls is not None, f"127.0.0.1:{self._http.server_port}"
        self.address = f"{'https' if self.is_secure else 'http'}://{self.host}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()

    def fail(self, kind, method="", path="", times=1, **options):
        """Let the next requests fail.

        `throttled` (after=…), `broken` (a 500, nothing done), `broken_after` (a 500, all done), `lost` (done, and the
        connection ends without an answer), `drip`, `maintenance` (status=…), `redirect`, `denied` (a firewall's 403),
        `garbage` (half of the JSON), `warned` (PHP's warnings before the JSON), `reply` (body=…, status=…).
        """
        self.faults.append(Fault(kind, method, path, times, options))

    def answer(self, asked):
        raise NotImplementedError

    def asked_for(self, method, path):
        """The bodies of the requests of a kind so far."""
        return [
            each.body
            for each in self.requests
            if each.method == method and re.search(path, each.path)
        ]

    def serve(self, asked):
        """What becomes of a request: an answer, or None where the connection just ends."""
        self.requests.append(asked)
        fault = next((each for each in self.faults if each.fits(asked)), None)
        if fault is None:
            return self.answer(asked)
        fault.times -= 1
        return getattr(self, f"_{fault.kind}")(asked, **fault.options)

    def _throttled(self, asked, after=None):
        headers = {} if after is None else {"Retry-After": str(after)}
        return Reply({"code": "too_many_requests", "message": "Slow down"}, 429, headers)

    def _broken(self, asked, status=500):
        return Reply({"code": "internal_server_error", "message": "A critical error"}, status)

    def _broken_after(self, asked, status=500):
        self.answer(asked)
        return self._broken(asked, status)

    def _lost(self, asked):
        self.answer(asked)

    def _maintenance(self, asked, status=200):
        return Reply(MAINTENANCE, status, HTML)

    def _denied(self, asked):
        return Reply(b"<html><body>Request blocked</body></html>", 403, HTML)

    def _redirect(self, asked, to="https://elsewhere.example/", status=301):
        return Reply(b"", status, {"Location": to, **HTML})

    def _garbage(self, asked):
        text = json.dumps(self.answer(asked).body).encode()
        return Reply(text[: len(text) // 2], 200, {"Content-Type": "application/json"})

    def _warned(self, asked):
        done = self.answer(asked)
        text = b"<br />\n<b>Warning</b>: Undefined index in plugin.php\n"
        return Reply(text + json.dumps(done.body).encode(), done.status, HTML)

    def _reply(self, asked, body=None, status=200, headers=None):
        return Reply(body, status, headers or {})

    def _drip(self, asked):
        return _Dripping(self.answer(asked))


@dataclass
class _Dripping:
    reply: Reply


def _json(raw):
    """A body's JSON; None for a form or a document."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _handler_of(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self):
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = parse_qsl(parts.query, keep_blank_values=True)
            body = _json(raw)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(given), headers, body, raw, given)
            self.close_connection = True
            reply = server.serve(asked)
            with suppress(OSError):
                self._send(reply)

        def _send(self, reply):
            if reply is None:
                return
            is_dripping = isinstance(reply, _Dripping)
            reply = reply.reply if is_dripping else reply
            is_raw = isinstance(reply.body, bytes)
            text = reply.body if is_raw else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if not is_dripping:
                self.wfile.write(text)
                return
            for byte in text:
                if server.stopped.is_set():
                    return
                self.wfile.write(bytes([byte]))
                time.sleep(0.1)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *arguments):
            """Quiet."""

    return Handler
