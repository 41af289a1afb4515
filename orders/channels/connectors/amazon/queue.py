"""The queue in which Amazon's notifications wait: Amazon SQS, by its JSON protocol and Signature Version 4.

Sources: "Signature Version 4 signing process" and "Amazon SQS API Reference" of the AWS documentation.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.messaging import safe_http
from orders.channels.connectors import Account, Signal, Waiting
from orders.channels.connectors.errors import AuthEnded, Invalid, Unavailable

ALGORITHM = "AWS4-HMAC-SHA256"
BATCH = 10  # messages of one answer
HIDDEN = 120  # seconds for which others don't get what we took
SECONDS = 20
DENIED = ("AccessDenied", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch")
ORDER, QUANTITY, ISSUES = (
    "ORDER_CHANGE",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE",
    "LISTINGS_ITEM_ISSUES_CHANGE",
)


class Queue:
    """One queue, by its URL such as https://sqs.eu-west-1.amazonaws.com/123456789012/orders."""

    def __init__(self, account: Account) -> None:
        self.url = str(account.settings.get("queue", ""))
        self._key = account.credentials.get("aws_key", "")
        self._secret = account.credentials.get("aws_secret", "")
        parts = (urlsplit(self.url).hostname or "").split(".")
        self._region = str(account.settings.get("queue_region", "")) or (
            parts[1] if len(parts) > 2 and parts[0] == "sqs" else "eu-west-1"
        )

    def receive(self) -> list[Waiting]:
        """The next messages; what can't be read is taken for nothing, and taken off with the others."""
        asked = {"MaxNumberOfMessages": BATCH, "VisibilityTimeout": HIDDEN, "WaitTimeSeconds": 0}
        told = self._call("ReceiveMessage", {"QueueUrl": self.url, **asked})
        return [
            Waiting(signals(str(each.get("Body", ""))), str(each["ReceiptHandle"]))
            for each in told.get("Messages", ())
        ]

    def delete(self, receipts: Sequence[str]) -> None:
        """Take messages off the queue."""
        for start in range(0, len(receipts), BATCH):
            part = receipts[start : start + BATCH]
            entries = [
                {"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(part)
            ]
            self._call("DeleteMessageBatch", {"QueueUrl": self.url, "Entries": entries})

    def _call(self, action: str, asked: Mapping[str, Any]) -> Any:
        parts = urlsplit(self.url)
        body = json.dumps(asked).encode()
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "host": parts.netloc,
            "x-amz-target": f"AmazonSQS.{action}",
        }
        url = f"{parts.scheme}://{parts.netloc}/"
        headers |= signed("POST", url, headers, body, self._key, self._secret, self._region, "sqs")
        try:
            response = safe_http.request("POST", url, headers=headers, body=body, seconds=SECONDS)
        except ConnectorError as error:
            raise Unavailable(error.message) from error
        try:
            data = json.loads(response.body) if response.body else {}
        except ValueError:
            data = {}
        if response.status == 200:
            return data
        kind = str(data.get("__type", "")).rpartition("#")[2]
        text = _("The queue refused: %(text)s") % {
            "text": data.get("message") or kind or f"HTTP {response.status}"
        }
        if kind.startswith(DENIED):
            raise AuthEnded(text)
        raise (Unavailable if response.status >= 500 else Invalid)(text)


def signals(body: str) -> list[Signal]:
    """What a notification tells: the id of the order, or of the listing. Nothing else in it is believed."""
    try:
        told = json.loads(body)
        told = told.get("detail", told)  # by way of EventBridge
        kind = str(told.get("NotificationType") or told.get("notificationType") or "")
        meta = told.get("NotificationMetadata") or told.get("notificationMetadata") or {}
        key = str(meta.get("NotificationId") or meta.get("notificationId") or "")
        payload = told.get("Payload") or told.get("payload") or {}
        if kind == ORDER:
            return [Signal("order", str(payload["OrderChangeNotification"]["AmazonOrderId"]), key)]
        if kind in (QUANTITY, ISSUES):
            found = payload.get("Sku") or payload.get("SKU") or payload.get("sku")
            return [Signal("listing", str(found), key)] if found else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return []


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    key: str,
    secret: str,
    region: str,
    service: str,
    at: datetime | None = None,
) -> dict[str, str]:
    """The headers that sign a request: its date, and the signature over it, the given headers and the body."""
    stamp = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    known = {name.lower(): value.strip() for name, value in headers.items()}
    known["x-amz-date"] = stamp
    names = ";".join(sorted(known))
    parts = urlsplit(url)
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    canonical = "\n".join(
        [
            method,
            parts.path or "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{known[name]}" for name in sorted(known)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    made = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    text = "\n".join([ALGORITHM, stamp, scope, digest])
    signature = hmac.new(made, text.encode(), hashlib.sha256).hexdigest()
    told = f"Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {"x-amz-date": stamp, "authorization": f"{ALGORITHM} {told}"}
