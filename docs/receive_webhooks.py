"""Receive our webhooks safely: what is forged, stale or repeated is told apart, and nothing is taken twice.

    OMS_SECRET=whsec_… python receive_webhooks.py 9000

Needs nothing but Python. Any library of the Standard Webhooks scheme does the same checks.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Mapping
from enum import Enum
from http.server import BaseHTTPRequestHandler, HTTPServer

TOLERANCE = 300  # seconds


class Verdict(Enum):
    """What a call is, and the status that answers it: 2xx for all that need not be sent again."""

    NEW = 204
    REPEATED = 200
    STALE = 400
    FORGED = 401


class Receiver:
    """Remembers the ids that it took; keep them in your database, in the transaction that takes effect."""

    def __init__(self, secret: str) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.taken: set[str] = set()

    def judge(self, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Verdict:
        """What a call is. The signature covers id, time and the raw body, so it is checked before anything is read."""
        name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        digest = hmac.new(self.key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        own = base64.b64encode(digest).decode()
        given = [text.partition(",")[2] for text in headers.get("webhook-signature", "").split()]
        if not any(hmac.compare_digest(own, each) for each in given):
            return Verdict.FORGED
        if abs((now or time.time()) - int(stamp)) > TOLERANCE:
            return Verdict.STALE
        return Verdict.REPEATED if name in self.taken else Verdict.NEW

    def take(self, headers: Mapping[str, str], body: bytes, now: float | None = None) -> Verdict:
        """Judge a call and, where it is new, do what is to be done once."""
        verdict = self.judge(headers, body, now)
        if verdict is Verdict.NEW:
            event = json.loads(body)
            print(event["position"], event["type"], event["subject"]["number"])
            self.taken.add(headers["webhook-id"])
        return verdict


def serve(port: int, receiver: Receiver) -> None:
    """Answer calls on this machine until interrupted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(receiver.take(self.headers, body).value)
            self.end_headers()

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Receiver(os.environ["OMS_SECRET"]))
