"""Quantities of inventory items and of the offers that sell them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors import ListingPage, RowVerdict, StockRow, Verdict
from orders.channels.connectors.ebay import mapping
from orders.channels.connectors.ebay.client import MISSING, Client
from orders.channels.connectors.errors import NotFound, SchemaChanged

ROOT = "/sell/inventory/v1"
BATCH = 25  # rows of one request; 26 are refused
PAGE = 25  # items of one answer, for each of which its offers are read


class Stock:
    """The inventory items of one seller. A row's `stock_id` holds the IDs of its offers, so that they are set, too."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def page(self, token: str | None) -> ListingPage:
        """A page of the inventory items, each with the offers that sell it."""
        offset = int(token or 0)
        found = self._client.read(f"{ROOT}/inventory_item", limit=PAGE, offset=offset)
        rows = found.get("inventoryItems") or ()
        after = offset + len(rows)
        more = bool(rows) and after < int(found.get("total", 0))
        facts = [mapping.listing(row, self._offers(str(row["sku"]))) for row in rows]
        return ListingPage(facts, str(after) if more else None)

    def quantities(self, rows: Sequence[StockRow]) -> dict[str, int]:
        """What is shown of some items, by variant; those that are gone are left out."""
        found: dict[str, int] = {}
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            asked = {"requests": [{"sku": row.variant} for row in part]}
            answer = self._client.send(f"{ROOT}/bulk_get_inventory_item", asked).data
            for each in _responses(answer):
                if each.get("statusCode") == 200:
                    facts = mapping.listing({"sku": each["sku"], **each["inventoryItem"]})
                    if facts.quantity is not None:
                        found[facts.variant] = facts.quantity
        return found

    def set(self, rows: Sequence[StockRow]) -> list[RowVerdict]:
        """Set quantities; each row has a verdict of its own. What an offer shows is set with its item."""
        body = {
            "requests": [
                {
                    "sku": row.variant,
                    "shipToLocationAvailability": {"quantity": row.quantity},
                    "offers": [
                        {"offerId": key, "availableQuantity": row.quantity}
                        for key in row.stock_id.split(",")
                        if key
                    ],
                }
                for row in rows
            ]
        }
        answer = self._client.send(f"{ROOT}/bulk_update_price_quantity", body).data
        told: dict[str, list[Mapping[str, Any]]] = {}
        for each in _responses(answer):
            told.setdefault(str(each.get("sku")), []).append(each)
        return [_verdict(row.variant, told.get(row.variant, [])) for row in rows]

    def _offers(self, sku: str) -> list[str]:
        """The IDs of an item's offers that are published."""
        try:
            found = self._client.read(f"{ROOT}/offer", sku=sku)
        except NotFound:
            return []
        return [
            str(each["offerId"])
            for each in found.get("offers") or ()
            if each.get("status", "PUBLISHED") == "PUBLISHED"
        ]


def _responses(answer: Any) -> Sequence[Mapping[str, Any]]:
    if not isinstance(answer, dict) or not isinstance(answer.get("responses"), list):
        raise SchemaChanged(
            _("eBay's answer isn't as expected: %(error)s.") % {"error": "responses"},
            raw=str(answer)[:500],
        )
    found: Sequence[Mapping[str, Any]] = answer["responses"]
    return found


def _verdict(variant: str, told: Sequence[Mapping[str, Any]]) -> RowVerdict:
    """What became of a row: the item's verdict, and those of its offers; the worst counts."""
    if not told:
        return RowVerdict(variant, Verdict.UNKNOWN)
    for each in told:
        status, errors = int(each.get("statusCode", 0)), each.get("errors") or ()
        if 200 <= status < 300:
            continue
        first = errors[0] if errors else {}
        text = str(first.get("longMessage") or first.get("message") or f"HTTP {status}")
        if status >= 500:
            return RowVerdict(variant, Verdict.UNKNOWN, text)
        is_gone = status == 404 or first.get("errorId") in MISSING
        return RowVerdict(variant, Verdict.MISSING if is_gone else Verdict.INVALID, text)
    return RowVerdict(variant, Verdict.SET)
