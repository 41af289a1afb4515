"""The one way to call addresses that users gave: bounded in time and size, no redirects, no private networks."""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.core.web_addresses import Address, is_allowed, is_public

SECONDS = 10
MOST_BYTES = 4096


@dataclass(frozen=True)
class Answer:
    """What an address answered; the text is cut."""

    status: int
    text: str


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST to an address. Raises ConnectorError where it may not be called, or does not answer in time.

    The host is resolved here, every address of it is checked, and the connection goes to the checked one: a name that
    points elsewhere a moment later gains nothing.
    """
    parts = urlsplit(url)
    address = _checked_address(parts)
    kind = _Secure if parts.scheme == "https" else _Plain
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    connection.address = str(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, dict(headers))
        return _answer(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConnectorError(
            _("No response from %(hostname)s: %(error)s.")
            % {"hostname": parts.hostname, "error": error},
            permanent=False,
        ) from error
    finally:
        connection.close()


def _answer(response: http.client.HTTPResponse) -> Answer:
    """The status and the beginning of the text, within the time."""
    ends, text = time.monotonic() + SECONDS, b""
    while len(text) < MOST_BYTES and (chunk := response.read1(1024)):
        text += chunk
        if time.monotonic() > ends:
            raise OSError("the response timed out")
    return Answer(response.status, text[:MOST_BYTES].decode(errors="replace").replace("\x00", ""))


def _checked_address(parts: Any) -> Address:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _forbidden(str(error)) from error
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise _forbidden(_("Use a URL like https://example.com/path."))
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectorError(
            _("%(host)s can't be resolved: %(error)s.") % {"host": host, "error": error},
            permanent=False,
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


class _Plain(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name says by now."""

    address = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.address, self.port), timeout=self.timeout)


class _Secure(http.client.HTTPSConnection):
    address = ""

    def connect(self) -> None:
        plain = socket.create_connection((self.address, self.port), timeout=self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
