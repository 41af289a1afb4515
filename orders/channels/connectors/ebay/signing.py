"""Signatures: ours on requests that move money, and eBay's on what it tells.

Sources: RFC 9421 and eBay's "Digital Signatures for APIs"; eBay's Notification API for X-EBAY-SIGNATURE.
"""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_public_key
from django.utils.translation import gettext as _

from orders.channels.connectors.errors import AuthEnded, BadSignature

COMPONENTS = ("content-digest", "x-ebay-signature-key", "@method", "@path", "@authority")
HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "SHA1": hashes.SHA1,  # what eBay signs with
    "SHA256": hashes.SHA256,
}


def signed(
    method: str, url: str, body: bytes, key: str, private: str, created: int | None = None
) -> dict[str, str]:
    """The headers that sign a request with our key pair: `key` names it (a JWE), `private` is Ed25519 in base64 DER.

    Raises AuthEnded for a private key that can't be read.
    """
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    parts = urlsplit(url)
    values = {
        "content-digest": f"sha-256=:{digest}:",
        "x-ebay-signature-key": key,
        "@method": method,
        "@path": parts.path,
        "@authority": parts.netloc,
    }
    names = " ".join(f'"{name}"' for name in COMPONENTS)
    params = f"({names});created={created or int(time.time())}"
    lines = [f'"{name}": {values[name]}' for name in COMPONENTS]
    text = "\n".join([*lines, f'"@signature-params": {params}'])
    made = base64.b64encode(_private(private).sign(text.encode())).decode()
    return {
        "Content-Digest": values["content-digest"],
        "x-ebay-signature-key": key,
        "Signature-Input": f"sig1={params}",
        "Signature": f"sig1=:{made}:",
        "x-ebay-enforce-signature": "true",
    }


def _private(text: str) -> ed25519.Ed25519PrivateKey:
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    try:
        found = load_der_private_key(base64.b64decode("".join(lines)), None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AuthEnded(_("The private key for eBay's signatures can't be read.")) from error
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise AuthEnded(_("The private key for eBay's signatures isn't of the kind Ed25519."))
    return found


def require_signed(header: str, body: bytes, public_key: Callable[[str], str]) -> None:
    """Raise BadSignature unless eBay signed a body: `public_key` gives the PEM of a key by its id."""
    refused = BadSignature(_("This isn't signed by eBay."))
    try:
        told: Any = json.loads(base64.b64decode(header, validate=True))
        kid, signature = str(told["kid"]), base64.b64decode(told["signature"], validate=True)
        is_known = str(told.get("alg", "")).lower() == "ecdsa"
        algorithm = HASHES[str(told.get("digest", "SHA1")).upper()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refused from error
    if not is_known or not kid.replace("-", "").isalnum():
        raise refused
    try:
        found = load_pem_public_key(_pem(public_key(kid)))
        if not isinstance(found, ec.EllipticCurvePublicKey):
            raise refused
        found.verify(signature, body, ec.ECDSA(algorithm()))
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise refused from error


def _pem(text: str) -> bytes:
    """A key as PEM wants it: eBay sends it on one line."""
    inner = text.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "")
    return f"-----BEGIN PUBLIC KEY-----\n{inner.strip()}\n-----END PUBLIC KEY-----\n".encode()


def answer_of(challenge: str, token: str, address: str) -> str:
    """The answer by which we show that an address is ours."""
    return hashlib.sha256(f"{challenge}{token}{address}".encode()).hexdigest()
