"""Quantities of a Shopify shop: what is available of an inventory item at a location, set only where it still is what
we saw."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from orders.channels.connectors import RowVerdict, StockRow, Verdict
from orders.channels.connectors.errors import SchemaChanged, Throttled, Unavailable, Unknown
from orders.channels.connectors.shopify import documents, reading
from orders.channels.connectors.shopify.client import Client, Row, gid, tail

BATCH = 250  # rows of one request
CHUNK = 50  # items that are read at once
BUSY = 2.0  # seconds until a request with the same key is over
CONCURRENT = "IDEMPOTENCY_CONCURRENT_REQUEST"
USED_KEYS = {"IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"}
VERDICTS = {
    "CHANGE_FROM_QUANTITY_STALE": Verdict.STALE,
    "COMPARE_QUANTITY_STALE": Verdict.STALE,
    "INVALID_INVENTORY_ITEM": Verdict.MISSING,
}


class Stock:
    """The quantities of one shop. `location` is where rows without one of their own are set."""

    def __init__(self, client: Client, location: str) -> None:
        self._client = client
        self._location = location

    def location(self) -> str:
        """The location of a shop with a single one, unless the company named one; empty where it isn't known."""
        if not self._location:
            active = [each for each in locations(self._client) if each["isActive"]]
            self._location = tail(active[0]["id"]) if len(active) == 1 else ""
        return self._location

    def quantities(self, rows: Sequence[StockRow]) -> dict[str, int]:
        """What is available of some listings at the locations of their rows, by variant."""
        items = self._items(rows)
        levels = self._levels([items[row.variant] for row in rows if row.variant in items])
        found: dict[str, int] = {}
        for row in rows:
            known = levels.get(items.get(row.variant, ""))
            if known is not None:
                place = row.location or self.location()
                found[row.variant] = found.get(row.variant, 0) + known.get(place, 0)
        return found

    def _items(self, rows: Sequence[StockRow]) -> dict[str, str]:
        """The inventory item of each variant; those that are gone are left out."""
        known = {row.variant: row.stock_id for row in rows if row.stock_id}
        unknown = list(dict.fromkeys(row.variant for row in rows if not row.stock_id))
        for ids in _chunks([each for each in unknown if each.isdigit()]):
            asked = [gid("ProductVariant", each) for each in ids]
            for node in self._client.ask(documents.ITEMS, ids=asked)["nodes"]:
                if node:
                    known[tail(node["id"])] = tail(node["inventoryItem"]["id"])
        return known

    def _levels(self, items: Sequence[str]) -> dict[str, dict[str, int]]:
        found = {}
        for ids in _chunks(list(dict.fromkeys(items))):
            asked = [gid("InventoryItem", each) for each in ids]
            for node in self._client.ask(documents.LEVELS, ids=asked)["nodes"]:
                if node:
                    found[tail(node["id"])] = by_location(self._client, node)
        return found

    def set(self, rows: Sequence[StockRow], key: str) -> list[RowVerdict]:
        """Set quantities. The shop takes a request as a whole or not at all: rows that it refuses are left out of a
        second one. Items that a location doesn't stock yet are stocked there."""
        items = self._items(rows)
        placed, verdicts = self._placed(rows, items)
        for _attempt in range(2):
            if not placed:
                return verdicts
            refused, absent = self._send(placed, key)
            if refused is None:
                return verdicts + [RowVerdict(row.variant, Verdict.SET) for row, _given in placed]
            verdicts += refused.values()
            gone = {*refused, *(row for row, _given in absent)}
            placed = [(row, given) for row, given in placed if row not in gone]
            verdicts += [self._activate(row, given, key) for row, given in absent]
        return verdicts + [RowVerdict(row.variant, Verdict.LATER) for row, _given in placed]

    def _placed(
        self, rows: Sequence[StockRow], items: Mapping[str, str]
    ) -> tuple[list[tuple[StockRow, Row]], list[RowVerdict]]:
        """What is sent for each row, and the verdicts of those that can't be."""
        placed: list[tuple[StockRow, Row]] = []
        verdicts: list[RowVerdict] = []
        for row in rows:
            place = row.location or self.location()
            if row.variant not in items:
                verdicts.append(RowVerdict(row.variant, Verdict.MISSING))
            elif not place:
                text = _("The shop has several locations. Assign warehouses to them.")
                verdicts.append(RowVerdict(row.variant, Verdict.INVALID, text))
            else:
                given = {
                    "inventoryItemId": gid("InventoryItem", items[row.variant]),
                    "locationId": gid("Location", place),
                    "quantity": row.quantity,
                    "changeFromQuantity": row.seen,
                }
                placed.append((row, given))
        return placed, verdicts

    def _send(
        self, placed: Sequence[tuple[StockRow, Row]], key: str
    ) -> tuple[dict[StockRow, RowVerdict] | None, list[tuple[StockRow, Row]]]:
        """Send rows: None where all are set, else the verdicts of those that stand in the way, and rows whose items
        the location doesn't stock. Raises Throttled while a request with this key is at work."""
        given = [each for _row, each in placed]
        errors = self._errors(given, _key(key, given))
        codes = {str(each.get("code") or "") for each in errors}
        if codes & USED_KEYS:  # nothing was done under that key
            errors = self._errors(given, _key(f"{key} again", given))
            codes = {str(each.get("code") or "") for each in errors}
        if CONCURRENT in codes:
            raise Throttled(_("The shop is still at work on the same request."), BUSY)
        if not errors:
            return None, []
        refused: dict[StockRow, RowVerdict] = {}
        unclear: list[tuple[StockRow, Row, str]] = []
        for error in errors:
            row, sent = placed[_index(error, len(placed))]
            if error.get("code"):
                verdict = VERDICTS.get(str(error["code"]), Verdict.INVALID)
                refused[row] = RowVerdict(row.variant, verdict, str(error.get("message", "")))
            else:
                unclear.append((row, sent, str(error.get("message", ""))))
        return self._cleared(refused, unclear)

    def _cleared(
        self, refused: dict[StockRow, RowVerdict], unclear: Sequence[tuple[StockRow, Row, str]]
    ) -> tuple[dict[StockRow, RowVerdict], list[tuple[StockRow, Row]]]:
        """What errors without a code mean: that a location doesn't stock the item, or that the row is wrong."""
        levels = self._levels([tail(sent["inventoryItemId"]) for _row, sent, _text in unclear])
        absent = []
        for row, sent, text in unclear:
            if tail(sent["locationId"]) in levels.get(tail(sent["inventoryItemId"]), {}):
                refused[row] = RowVerdict(row.variant, Verdict.INVALID, text)
            else:
                absent.append((row, sent))
        return refused, absent

    def _errors(self, given: Sequence[Row], key: str) -> Sequence[Row]:
        asked = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"gid://oms/StockPush/{key}",
            "quantities": given,
        }
        answer = self._client.tell(documents.SET_STOCK, input=asked, key=key)
        result = answer["inventorySetQuantities"]
        if result is None:
            raise SchemaChanged(_("The shop's answer has no data."))
        errors: Sequence[Row] = result["userErrors"]
        return errors

    def _activate(self, row: StockRow, given: Row, key: str) -> RowVerdict:
        """Have a location stock an item, with its quantity."""
        asked = {
            "item": given["inventoryItemId"],
            "location": given["locationId"],
            "available": row.quantity,
        }
        try:
            answer = self._client.tell(documents.ACTIVATE, **asked, key=_key(key, [asked]))
        except (Unknown, Unavailable, Throttled) as error:
            verdict = Verdict.UNKNOWN if isinstance(error, Unknown) else Verdict.LATER
            return RowVerdict(row.variant, verdict, error.message)
        errors = (answer["inventoryActivate"] or {}).get("userErrors") or ()
        if errors:
            return RowVerdict(row.variant, Verdict.INVALID, str(errors[0].get("message", "")))
        return RowVerdict(row.variant, Verdict.SET)


def locations(client: Client) -> list[Row]:
    """All active and inactive places of the shop."""
    found: list[Row] = []
    after = None
    while True:
        page = client.ask(documents.LOCATIONS, after=after)["locations"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def by_location(client: Client, item: Row) -> dict[str, int]:
    """What is available of an inventory item, by location; below zero where it is oversold."""
    levels = reading.whole(client, item["id"], item["inventoryLevels"], documents.MORE_LEVELS)
    return {
        tail(each["location"]["id"]): sum(int(part["quantity"]) for part in each["quantities"])
        for each in levels
    }


def _key(key: str, given: Sequence[Row]) -> str:
    """A key that stands for what is sent under it, so that none is used for two things."""
    return hashlib.sha256(f"{key} {[sorted(each.items()) for each in given]}".encode()).hexdigest()[
        :36
    ]


def _index(error: Row, most: int) -> int:
    """Which row an error is about: its path is like input.quantities.3.quantity."""
    for part in error.get("field") or ():
        if str(part).isdigit() and int(part) < most:
            return int(part)
    if most == 1:
        return 0
    raise SchemaChanged(
        _("The shop refused: %(text)s") % {"text": error.get("message", "")}, raw=str(error)
    )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
