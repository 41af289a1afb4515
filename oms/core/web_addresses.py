"""Addresses on the web that may be called: how they are written, and which networks they may lead to."""

import ipaddress
import re
import socket
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What may stand in an address that is called; letters beyond ASCII are written as xn--… in a host and %… in a path.
ADDRESS = r"^https?://[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*(:[0-9]{1,5})?(/[!-~]*)?$"
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def require_callable(url: str) -> None:
    """Raise ValidationError for an address that could never be called, however often it is tried."""
    if not url.isascii():
        raise ValidationError(
            _("Write the address in plain letters: %(address)s") % {"address": _in_ascii(url)},
            code="not_ascii",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        port, parts = 0, urlsplit("")
    if not re.match(ADDRESS, url) or port == 0:
        raise ValidationError(
            _("Enter an address like https://example.com/path."), code="malformed"
        )
    address = _as_number(parts.hostname or "")
    is_ours = address is not None and is_allowed(address)
    if not is_ours and address is not None and not is_public(address):
        raise ValidationError(
            _("This address is in a private network. Enter a public one."), code="private"
        )
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
    return urlunsplit(
        (
            parts.scheme,
            place,
            quote(parts.path, safe="/%:@!$&'()*+,;=~-._"),
            quote(parts.query, safe="/?%:@!$&'()*+,;=~-._"),
            "",
        )
    )


def _as_number(host: str) -> Address | None:
    """The address that a host is, where it is none of a name; `127.1` and `0x7f000001` are numbers, too."""
    try:
        return (
            ipaddress.IPv4Address(socket.inet_aton(host))
            if re.fullmatch(r"[0-9a-fA-Fx.]+", host)
            else None
        )
    except OSError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also where one is hidden in another."""
    if isinstance(address, ipaddress.IPv6Address):
        teredo = address.teredo
        hidden = address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
        if address in NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )


def is_allowed(address: Address) -> bool:
    """Whether the installation allows an address by name of its network, for receivers of its own."""
    return any(
        address in network
        for network in map(ipaddress.ip_network, settings.OUTGOING_ALLOWED_NETWORKS)
    )
