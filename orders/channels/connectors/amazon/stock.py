"""Quantities of listings: one by one for what must not wait, and by a feed for many."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from orders.channels.connectors import Account, ListingPage, RowVerdict, StockRow, Verdict
from orders.channels.connectors.amazon import feeds, limits, mapping
from orders.channels.connectors.amazon.client import Client, escaped
from orders.channels.connectors.amazon.feeds import Feeds
from orders.channels.connectors.errors import Invalid, NotFound

ROOT = "/listings/2021-08-01/items"
PAGE = 20  # listings of one answer, and of one question
ANY_TYPE = "PRODUCT"  # stands for a product type that isn't known
ATTRIBUTE = "/attributes/fulfillment_availability"
SHOWN = ["summaries", "fulfillmentAvailability"]


class Stock:
    """The listings of one seller."""

    def __init__(self, client: Client, account: Account, marketplaces: Sequence[str]) -> None:
        self._client, self._marketplaces = client, list(marketplaces)
        self._seller = account.credentials.get("seller_id", "")
        self._feeds = Feeds(client, marketplaces)

    def page(self, token: str | None) -> ListingPage:
        """A page of the listings."""
        found = self._search(pageToken=token)
        after = (found.get("pagination") or {}).get("nextToken")
        return ListingPage(
            [mapping.listing(row, self._marketplaces) for row in found["items"]], after or None
        )

    def quantities(self, rows: Sequence[StockRow]) -> dict[str, int]:
        """What is shown of some listings; those that are gone, or that Amazon ships, are left out."""
        found: dict[str, int] = {}
        for part in _parts(rows, PAGE):
            keys = [row.variant for row in part]
            answer = self._search(identifiers=keys, identifiersType="SKU")
            facts = [mapping.listing(row, self._marketplaces) for row in answer["items"]]
            found |= {each.variant: each.quantity for each in facts if each.quantity is not None}
        return found

    def _search(self, **asked: object) -> Any:
        return self._client.read(
            limits.SEARCH_LISTINGS,
            f"{ROOT}/{escaped(self._seller)}",
            marketplaceIds=self._marketplaces,
            includedData=SHOWN,
            pageSize=PAGE,
            **asked,
        )

    def set_one(self, row: StockRow) -> RowVerdict:
        """Set one quantity; Amazon accepts it now and applies it later, if at all."""
        body = {"productType": row.stock_id or ANY_TYPE, "patches": [_patch(row)]}
        path = f"{ROOT}/{escaped(self._seller)}/{escaped(row.variant)}"
        asked = {"marketplaceIds": self._marketplaces[:1], "includedData": ["issues"]}
        try:
            told = self._client.send("PATCH", limits.PATCH_LISTING, path, body, **asked)
        except NotFound as error:
            return RowVerdict(row.variant, Verdict.MISSING, error.message)
        except Invalid as error:
            return RowVerdict(row.variant, Verdict.INVALID, error.message)
        return _verdict(row.variant, told)

    def set_many(self, rows: Sequence[StockRow]) -> str:
        """Set many quantities by a feed; its id."""
        messages = [
            {
                "messageId": number,
                "sku": row.variant,
                "operationType": "PATCH",
                "productType": row.stock_id or ANY_TYPE,
                "patches": [_patch(row)],
            }
            for number, row in enumerate(rows, start=1)
        ]
        header = {"sellerId": self._seller, "version": "2.0", "issueLocale": "en_US"}
        text = json.dumps({"header": header, "messages": messages})
        return self._feeds.create(feeds.LISTINGS, feeds.JSON, text)

    def report(self, reference: str) -> dict[str, RowVerdict] | None:
        """The errors of a feed by listing; None while it is processed. Rows without one were applied."""
        feed = self._feeds.state(reference)
        if not feed.is_over:
            return None
        told = json.loads(self._feeds.report(feed))
        found: dict[str, RowVerdict] = {}
        for issue in told.get("issues", ()):
            if issue.get("severity") == "ERROR" and issue.get("sku"):
                key = str(issue["sku"])
                found[key] = RowVerdict(key, Verdict.INVALID, _text(issue))
        return found


def _patch(row: StockRow) -> dict[str, object]:
    value = [{"fulfillment_channel_code": mapping.DEFAULT, "quantity": row.quantity}]
    return {"op": "replace", "path": ATTRIBUTE, "value": value}


def _verdict(variant: str, told: Any) -> RowVerdict:
    """What a submission's answer means: its own status, not HTTP's."""
    status = told.get("status") if isinstance(told, Mapping) else None
    if status == "ACCEPTED":
        return RowVerdict(variant, Verdict.ACCEPTED)
    if status == "VALID":  # a preview: nothing was set
        return RowVerdict(variant, Verdict.LATER)
    if status != "INVALID":
        return RowVerdict(variant, Verdict.UNKNOWN)
    errors = [each for each in told.get("issues", ()) if each.get("severity") == "ERROR"]
    return RowVerdict(variant, Verdict.INVALID, "; ".join(_text(each) for each in errors))


def _text(issue: Mapping[str, Any]) -> str:
    return f"{issue.get('message', '')} ({issue.get('code', '')})"


def _parts(rows: Sequence[StockRow], size: int) -> Iterator[list[StockRow]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
