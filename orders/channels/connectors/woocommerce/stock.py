"""Quantities of a WooCommerce shop: simple products by themselves, variations by their parent."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orders.channels.connectors import RowVerdict, StockRow, Verdict
from orders.channels.connectors.errors import Invalid, NotFound, Throttled, Unavailable, Unknown
from orders.channels.connectors.woocommerce.client import Client

BATCH = 100  # rows of one request; 101 are refused
FIELDS = "id,stock_quantity,manage_stock"
GONE = ("woocommerce_rest_product_invalid_id", "woocommerce_rest_product_variation_invalid_id")


def variations(client: Client, parent: str) -> Iterator[Any]:
    """All variations of a product."""
    number = pages = 1
    while number <= pages:
        reply = client.page(f"products/{parent}/variations", per_page=BATCH, page=number)
        yield from reply.data
        number, pages = number + 1, reply.pages


def quantities(client: Client, rows: Sequence[StockRow]) -> dict[str, int]:
    """What is shown of some listings, by variant."""
    found: dict[str, int] = {}
    for parent, part in by_parent(rows).items():
        keys = [row.variant for row in part]
        try:
            shown = client.page(_path(parent), include=keys, per_page=BATCH, _fields=FIELDS).data
        except NotFound:
            continue  # the parent is gone, and its variations with it
        found |= {
            str(each["id"]): int(each["stock_quantity"])
            for each in shown
            if each.get("stock_quantity") is not None
        }
    return found


def set_quantities(
    client: Client, rows: Sequence[StockRow], *, sets_tracking: bool
) -> list[RowVerdict]:
    """Set quantities, a request for each parent; what isn't tried after a request that failed waits for its turn.

    Raises the error of the first request, where nothing was set.
    """
    found: list[RowVerdict] = []
    for parent, part in by_parent(rows).items():
        try:
            found += _set(client, parent, part, sets_tracking=sets_tracking)
        except (Unknown, Unavailable, Throttled) as error:
            if not found:
                raise
            verdict = Verdict.UNKNOWN if isinstance(error, Unknown) else Verdict.LATER
            found += [RowVerdict(row.variant, verdict, error.message) for row in part]
            break
        except NotFound as error:
            found += [RowVerdict(row.variant, Verdict.MISSING, error.message) for row in part]
        except Invalid as error:
            found += [RowVerdict(row.variant, Verdict.INVALID, error.message) for row in part]
    told = {each.variant for each in found}
    return found + [
        RowVerdict(row.variant, Verdict.LATER) for row in rows if row.variant not in told
    ]


def by_parent(rows: Sequence[StockRow]) -> Mapping[str, list[StockRow]]:
    """Rows by the product that they are variations of; "" for those that are products themselves."""
    found: dict[str, list[StockRow]] = {}
    for row in rows:
        found.setdefault(row.parent, []).append(row)
    return found


def _path(parent: str) -> str:
    return f"products/{parent}/variations" if parent else "products"


def _set(
    client: Client, parent: str, rows: Sequence[StockRow], *, sets_tracking: bool
) -> list[RowVerdict]:
    also = {"manage_stock": True} if sets_tracking else {}
    body = [{"id": int(row.variant), "stock_quantity": row.quantity, **also} for row in rows]
    answer = client.send("POST", f"{_path(parent)}/batch", {"update": body})
    told = {str(each.get("id")): each for each in answer.get("update", ())}
    return [_verdict(row, told.get(row.variant)) for row in rows]


def _verdict(row: StockRow, told: Mapping[str, Any] | None) -> RowVerdict:
    """What became of a row: its own verdict, not the request's."""
    if told is None:
        return RowVerdict(row.variant, Verdict.UNKNOWN)
    error = told.get("error")
    if error:
        gone = str(error.get("code")) in GONE
        verdict = Verdict.MISSING if gone else Verdict.INVALID
        return RowVerdict(row.variant, verdict, str(error.get("message", "")))
    if told.get("stock_quantity") != row.quantity:
        return RowVerdict(row.variant, Verdict.INVALID, NOT_COUNTED)
    return RowVerdict(row.variant, Verdict.SET)


NOT_COUNTED = "The shop doesn't count this item's stock."
