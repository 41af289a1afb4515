"""Feeds: documents that Amazon processes later, and its reports of what became of each message."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors.amazon import limits
from orders.channels.connectors.amazon.client import Client, escaped
from orders.channels.connectors.errors import Invalid, SchemaChanged, Unavailable, Unknown

ROOT = "/feeds/2021-06-30"
XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
ACKNOWLEDGE = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
ADJUST = "POST_PAYMENT_ADJUSTMENT_DATA"
LISTINGS = "JSON_LISTINGS_FEED"
MOST_OF_LIST = 100


@dataclass(frozen=True)
class Feed:
    """How far a feed is: IN_QUEUE, IN_PROGRESS, DONE, CANCELLED or FATAL; its report, if there is one."""

    id: str
    status: str
    report: str = ""

    @property
    def is_over(self) -> bool:
        return self.status in ("DONE", "CANCELLED", "FATAL")


class Feeds:
    """The feeds of one seller."""

    def __init__(self, client: Client, marketplaces: Sequence[str]) -> None:
        self._client, self._marketplaces = client, list(marketplaces)

    def create(self, kind: str, content_type: str, text: str) -> str:
        """Upload a document and have it processed; the feed's id. Raises Unknown where that may have begun."""
        asked = {"contentType": content_type}
        try:
            document = self._client.send("POST", limits.CREATE_DOCUMENT, f"{ROOT}/documents", asked)
        except Unknown as error:  # a document by itself does nothing
            raise Unavailable(error.message) from error
        self._client.upload(_field(document, "url"), content_type, text.encode())
        body = {
            "feedType": kind,
            "marketplaceIds": self._marketplaces,
            "inputFeedDocumentId": _field(document, "feedDocumentId"),
        }
        made = self._client.send("POST", limits.CREATE_FEED, f"{ROOT}/feeds", body)
        return _field(made, "feedId")

    def state(self, feed: str) -> Feed:
        """How far a feed is."""
        return _feed(self._client.read(limits.GET_FEED, f"{ROOT}/feeds/{escaped(feed)}"))

    def since(self, kind: str, moment: datetime) -> list[Feed]:
        """The feeds of a kind that were created since a moment; ours, since Amazon shows no others."""
        found = self._client.read(
            limits.GET_FEEDS,
            f"{ROOT}/feeds",
            feedTypes=[kind],
            createdSince=moment,
            pageSize=MOST_OF_LIST,
        )
        if found.get("nextToken"):
            raise Unavailable(_("Amazon lists too many feeds to look through."))
        return [_feed(row) for row in found.get("feeds", ())]

    def report(self, feed: Feed) -> bytes:
        """What Amazon says of each message. Raises Invalid for a feed that it didn't process at all."""
        if not feed.report:
            raise Invalid(
                _("Amazon didn't process feed %(feed)s: %(status)s.")
                % {"feed": feed.id, "status": feed.status}
            )
        path = f"{ROOT}/documents/{escaped(feed.report)}"
        document = self._client.read(limits.GET_DOCUMENT, path)
        text = self._client.download(_field(document, "url"))
        return gzip.decompress(text) if document.get("compressionAlgorithm") == "GZIP" else text


def _feed(row: Any) -> Feed:
    return Feed(
        _field(row, "feedId"),
        _field(row, "processingStatus"),
        str(row.get("resultFeedDocumentId") or ""),
    )


def _field(row: Any, name: str) -> str:
    if not isinstance(row, dict) or not row.get(name):
        raise SchemaChanged(
            _("Amazon's answer isn't as expected: %(error)s.") % {"error": name},
            raw=json.dumps(row, default=str)[:500],
        )
    return str(row[name])
