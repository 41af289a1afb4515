"""The one way to call addresses that users gave: bounded in time and size, no redirects, no private networks."""

import http.client
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError

# What may stand in an address that is called; letters beyond ASCII are written as xn--… in a host and %… in a path.
ADDRESS = r"^https?://[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*(:[0-9]{1,5})?(/[!-~]*)?$"
SECONDS = 10
MOST_BYTES = 4096
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Answer:
    """What an address answered; the text is cut."""

    status: int
    text: str


def require_callable(url: str) -> None:
    """Raise ValidationError for an address that could never be called, however often it is tried."""
    if not url.isascii():
        raise ValidationError(_("Write the address in plain letters: %(address)s") % {"address": _in_ascii(url)},
                              code="not_ascii")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port, parts = 0, urlsplit("")
    if not re.match(ADDRESS, url) or port == 0:
        raise ValidationError(_("Enter an address like https://example.com/path."), code="malformed")
    address = _as_number(parts.hostname or "")
    is_ours = address is not None and _is_allowed(address)
    if not is_ours and address is not None and not is_public(address):
        raise ValidationError(_("This address is in a private network. Enter a public one."), code="private")
    if not is_ours and parts.scheme != "https" and not settings.OUTGOING_ALLOWED_NETWORKS:
        raise ValidationError(_("The address must begin with https://."), code="not_https")


def _in_ascii(url: str) -> str:
    """An address with its host and path as they are called."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        place = host if parts.port is None else f"{host}:{parts.port}"
    except ValueError:  # an encoding error is one
        return "https://example.com/path"
    return urlunsplit((parts.scheme, place, quote(parts.path, safe="/%:@!$&'()*+,;=~-._"),
                       quote(parts.query, safe="/?%:@!$&'()*+,;=~-._"), ""))


def _as_number(host: str) -> Address | None:
    """The address that a host is, where it is none of a name; `127.1` and `0x7f000001` are numbers, too."""
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if re.fullmatch(r"[0-9a-fA-Fx.]+", host) else None
    except OSError:
        return None


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
        raise ConnectorError(_("%(hostname)s did not answer: %(error)s.")
                             % {"hostname": parts.hostname, "error": error}, permanent=False) from error
    finally:
        connection.close()


def _answer(response: http.client.HTTPResponse) -> Answer:
    """The status and the beginning of the text, within the time."""
    ends, text = time.monotonic() + SECONDS, b""
    while len(text) < MOST_BYTES and (chunk := response.read1(1024)):
        text += chunk
        if time.monotonic() > ends:
            raise OSError("the answer takes too long")
    return Answer(response.status, text[:MOST_BYTES].decode(errors="replace").replace("\x00", ""))


def _checked_address(parts: Any) -> Address:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _forbidden(str(error)) from error
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise _forbidden(_("It must look like https://example.com/path."))
    try:
        found = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectorError(_("%(host)s cannot be resolved: %(error)s.")
                             % {"host": host, "error": error}, permanent=False) from error
    addresses = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in found]
    if all(_is_allowed(address) for address in addresses):
        return addresses[0]
    if parts.scheme != "https" or not all(is_public(address) for address in addresses):
        raise _forbidden(_("It must be https to a public address."))
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also where one is hidden in another."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        hidden = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if address in NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _is_allowed(address: Address) -> bool:
    """Whether the installation allows an address by name of its network, for receivers of its own."""
    return any(address in network for network in map(ipaddress.ip_network, settings.OUTGOING_ALLOWED_NETWORKS))


def _forbidden(why: str) -> ConnectorError:
    return ConnectorError(_("This address may not be called. %(why)s")
                          % {"why": why}, code="forbidden_address", permanent=True)


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
