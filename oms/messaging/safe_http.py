"""The one way to call addresses that users gave: bounded in time and size, no redirects, no private networks."""

import http.client
import ipaddress
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.core.web_addresses import Address, is_allowed, is_public

SECONDS = 10
MOST_BYTES = 4096  # of an answer to `post`, which is cut
MOST_OF_RESPONSE = 5 * 1024 * 1024
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What an address answered; the text is cut."""

    status: int
    text: str


@dataclass(frozen=True)
class Response:
    """What an address answered, whole. Names of headers are in lowercase; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type, in lowercase and without parameters; empty where none was named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def location(self) -> str:
        """Where a redirect leads; empty where nothing was named."""
        return self.headers.get("location", "")

    @property
    def text(self) -> str:
        """The body as text that a database can store."""
        return self.body.decode(errors="replace").replace("\x00", "")


class NoResponse(ConnectorError):
    """No whole answer. `was_sent`: the request may have arrived, so that what it asked for may be done."""

    code = "no_response"

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(message, permanent=False)
        self.was_sent = was_sent


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST to an address and read the beginning of its answer. Raises ConnectorError like `request`."""
    response = _call("POST", url, dict(headers), body, SECONDS, MOST_BYTES, is_cut=True)
    return Answer(response.status, response.text)


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    json_body: Any = None,
    seconds: float = SECONDS,
    most_bytes: int = MOST_OF_RESPONSE,
) -> Response:
    """Call an address and read its whole answer, within `seconds` in all. Redirects aren't followed.

    The body is `body`, or `json_body` as JSON. Raises NoResponse where no answer came in time, or one of more than
    `most_bytes`, and ConnectorError where the address may not be called.

    The host is resolved here, every address of it is checked, and the connection goes to the checked one: a name that
    points elsewhere a moment later gains nothing.
    """
    sent = dict(headers or {})
    if json_body is not None:
        body = json.dumps(json_body).encode()
        sent.setdefault("Content-Type", "application/json")
    return _call(method, url, sent, body, seconds, most_bytes)


def _call(
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes | None,
    seconds: float,
    most_bytes: int,
    *,
    is_cut: bool = False,
) -> Response:
    parts = _split(url)
    ends = time.monotonic() + seconds
    address = _checked_address(parts)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    was_sent = False
    try:
        plain = socket.create_connection((str(address), connection.port), timeout=seconds)
        connection.sock = plain
        with _cut_off(plain, ends):
            if parts.scheme == "https":
                connection.sock = _secured(plain, connection.host)
            was_sent = True
            connection.request(method, path, body, headers)
            return _read(connection.getresponse(), ends, most_bytes, is_cut=is_cut)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoResponse(
            _("No response from %(hostname)s: %(error)s.")
            % {"hostname": parts.hostname, "error": error},
            was_sent=was_sent,
        ) from error
    finally:
        connection.close()


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


@contextmanager
def _cut_off(connected: socket.socket, ends: float) -> Iterator[None]:
    """End a connection at a time: a socket's own time-out begins again with each byte that drips in."""
    watched = socket.socket(fileno=os.dup(connected.fileno()))
    timer = threading.Timer(max(0, ends - time.monotonic()), _end, [watched])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        watched.close()


def _end(connected: socket.socket) -> None:
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended already


def _read(
    response: http.client.HTTPResponse, ends: float, most_bytes: int, *, is_cut: bool
) -> Response:
    """The answer within the time. Raises OSError for one that is too late, or too large unless it is to be cut."""
    text = bytearray()
    while len(text) <= most_bytes and (chunk := response.read1(CHUNK)):
        text += chunk
    if time.monotonic() >= ends:
        raise OSError(_("the response timed out"))
    if not is_cut and len(text) > most_bytes:
        raise OSError(_("the response is larger than %(most)s bytes") % {"most": most_bytes})
    if not is_cut and response.length:
        raise OSError(_("the response ended early"))
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Response(response.status, headers, bytes(text[:most_bytes]))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _forbidden(str(error)) from error


def _checked_address(parts: SplitResult) -> Address:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _forbidden(str(error)) from error
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise _forbidden(_("Use a URL like https://example.com/path."))
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoResponse(
            _("%(host)s can't be resolved: %(error)s.") % {"host": host, "error": error},
            was_sent=False,
        ) from error
    addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    if all(is_allowed(address) for address in addresses):
        return addresses[0]
    if parts.scheme != "https" or not all(is_public(address) for address in addresses):
        raise _forbidden(_("Use HTTPS and a public address."))
    return addresses[0]


def _forbidden(why: str) -> ConnectorError:
    return ConnectorError(
        _("This URL isn't allowed. %(why)s") % {"why": why},
        code="forbidden_address",
        permanent=True,
    )
