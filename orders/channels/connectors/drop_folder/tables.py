"""Orders and listings of a spreadsheet: a row for each line, joined to orders whether they stand together or not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.files import cells, notations, reading
from orders.channels.connectors.drop_folder.mapping import ADDRESS, LINE
from orders.channels.connectors.errors import Invalid

OF_ORDER = (
    "order", "number", "placed_at", "currency", "prices_include_tax", "state", "email", "phone", "buyer_id", "language",
    "vat_number", "note", "gift_message", "ship_by", "deliver_by", "source", "campaign", "partner", "link",
    "shipping_net", "shipping_tax", "paid",
)  # fmt: skip
OF_LINE = tuple(
    "line" if name == "id" else f"line_{name}" if name == "note" else name for name in LINE
)
OF_ADDRESS = tuple(f"{kind}_{name}" for kind in ("ship", "bill") for name in ADDRESS)
COLUMNS = (*OF_ORDER, *OF_LINE, *OF_ADDRESS)
LISTING = ("variant", "sku", "barcode", "title")
AMOUNTS = {
    "net",
    "tax",
    "tax_percent",
    "tax_remitted",
    "unit_price",
    "shipping_net",
    "shipping_tax",
    "paid",
}
TIMES = {"placed_at", "ship_by", "deliver_by"}
FLAGS = {"prices_include_tax", "gift_card", "needs_shipping"}
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Writing:
    """How a channel's spreadsheets are written: decimal point or comma, and the zone of times that name none."""

    notation: str = notations.POINT
    zone: ZoneInfo | None = None


def orders(path: Path, writing: Writing) -> list[dict[str, Any]]:
    """The orders of a file, as their JSON. Raises Invalid, which names row and column."""
    found: dict[str, dict[str, Any]] = {}
    for number, row in _rows(path, COLUMNS, writing):
        key = row.get("order", "")
        if not key:
            raise _wrong(number, "order", _("is missing"))
        order = found.setdefault(key, {"id": key, "lines": []})
        for name, value in _order_fields(row).items():
            if order.setdefault(name, value) != value:
                raise _wrong(
                    number,
                    name,
                    _("differs from an earlier row of order %(order)s") % {"order": key},
                )
        line = {
            name: row[column] for name, column in zip(LINE, OF_LINE, strict=True) if column in row
        }
        order["lines"].append({"id": str(len(order["lines"]) + 1), **line})
    return list(found.values())


def listings(path: Path, writing: Writing) -> list[dict[str, str]]:
    """The articles that a channel lists. Raises Invalid."""
    found = []
    for number, row in _rows(path, LISTING, writing):
        if not row.get("variant") and not row.get("sku"):
            raise _wrong(number, "variant", _("is missing"))
        found.append({"variant": row.get("sku", ""), **row})
    return found


def _order_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: row[name] for name in OF_ORDER if name in row and name not in _SPECIAL}
    for kind in ("ship", "bill"):
        address = {name: row[f"{kind}_{name}"] for name in ADDRESS if f"{kind}_{name}" in row}
        if address:
            plain[f"{kind}_to"] = address
    if "shipping_net" in row:
        shipping = {
            "kind": "shipping",
            "net": row["shipping_net"],
            "tax": row.get("shipping_tax", "0"),
        }
        plain["charges"] = [shipping]
    if "paid" in row:
        plain["payments"] = [{"id": f"order {row['order']}", "amount": row["paid"]}]
    return plain


_SPECIAL = ("order", "shipping_net", "shipping_tax", "paid")


def _rows(
    path: Path, columns: tuple[str, ...], writing: Writing
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row's number and its cells by column, without empty ones."""
    known = {reading.plain(name): name for name in columns}
    try:
        with path.open("rb") as file:
            how = reading.recognize(file, path.name)
            if not how.is_complete:
                raise Invalid(_("The workbook has several sheets. Keep one of them."))
            names = reading.heading_of(file, path.name, how)
            file.seek(0)
            unknown = [name for name in names if name and reading.plain(name) not in known]
            if unknown:
                raise Invalid(
                    _("The column “%(name)s” is unknown. Use these: %(names)s.")
                    % {"name": unknown[0], "names": ", ".join(columns)}
                )
            order = [known.get(reading.plain(name), "") for name in names]
            for number, row in list(reading.read(file, path.name, how))[1:]:
                yield (
                    number,
                    {
                        name: _cell(number, name, value, writing)
                        for name, value in zip(order, row, strict=False)
                        if name and value not in ("", None)
                    },
                )
    except Refused as refused:
        raise Invalid(refused.message) from refused


def _cell(number: int, name: str, value: Any, writing: Writing) -> Any:
    """A cell as the JSON has it: amounts with a point, true and false, all else as text."""
    if isinstance(value, cells.Unreadable):
        raise _wrong(number, name, value.message)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
    if name in FLAGS:
        if text.lower() not in WORDS:
            raise _wrong(number, name, _("“%(value)s” isn't yes or no") % {"value": text})
        return WORDS[text.lower()]
    if name in TIMES:
        return _moment(number, name, text, writing.zone)
    if name not in AMOUNTS or isinstance(value, int | Decimal):
        return text
    amount = notations.number(
        text, notations.POINT if isinstance(value, float) else writing.notation
    )
    if amount is None:
        raise _wrong(
            number,
            name,
            _("“%(value)s” isn't an amount, such as %(example)s")
            % {
                "value": text,
                "example": "12.50" if writing.notation == notations.POINT else "12,50",
            },
        )
    return str(amount)


def _moment(number: int, name: str, text: str, zone: ZoneInfo | None) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong(
            number, name, _("“%(value)s” isn't a time, such as 2026-11-02 14:05") % {"value": text}
        ) from error
    if moment.tzinfo is None and zone is None:
        raise _wrong(
            number,
            name,
            _("“%(value)s” has no zone. Add one, such as +01:00, or set the account's time_zone")
            % {"value": text},
        )
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _wrong(number: int, name: str, problem: str) -> Invalid:
    facts = {"row": number, "column": name, "problem": problem.rstrip(".")}
    return Invalid(_("Row %(row)s, %(column)s: %(problem)s.") % facts)
