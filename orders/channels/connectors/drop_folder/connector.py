"""A folder of files as a channel, as the contract of connectors wants it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.files import notations
from oms.files.spreadsheets import csv_lines
from orders.channels.connectors import (
    Abilities,
    Account,
    Budget,
    Change,
    Done,
    Health,
    ListingFacts,
    ListingPage,
    Meaning,
    Page,
    Parcel,
    RefundRequest,
    RowVerdict,
    Signal,
    Sold,
    Stage,
    StockRow,
    Verdict,
)
from orders.channels.connectors.drop_folder import mapping, tables
from orders.channels.connectors.drop_folder.folder import Folder
from orders.channels.connectors.errors import BadSignature, Invalid

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
STOCK, LISTINGS = "kept/stock.json", "kept/listings.json"
ABILITIES = Abilities(
    meaning=Meaning.NET,
    batch=10_000,
    budget=Budget(per_second=100, burst=1000),
    stock_budget=Budget(per_second=10, burst=100),
    overlap_minutes=10,
    has_signals=False,
)


class DropFolder:
    """One folder."""

    abilities = ABILITIES

    def __init__(self, account: Account) -> None:
        name = account.credentials.get("folder", "")
        if not NAME.fullmatch(name):
            raise Invalid(
                _("“%(name)s” isn't a folder's name. Use letters, digits, “-” and “_”.")
                % {"name": name}
            )
        self._folder = Folder(Path(settings.DATA_FOLDER) / "channels" / name)
        self._writing = _writing(account)

    def check(self) -> Health:
        """Make the folder, and tell what was refused."""
        self._folder.make()
        return Health(name=str(self._folder.path), notes=self._notes())

    def _notes(self) -> list[str]:
        refused = self._folder.refused()
        if not refused:
            return []
        text = ngettext(
            "%(count)s file was refused: %(name)s. Correct it and put it into the folder “in” again.",
            "%(count)s files were refused, such as %(name)s. Correct them and put them into the folder “in” again.",
            len(refused),
        )
        return [text % {"count": len(refused), "name": refused[0]}]

    def changed(self, since: datetime, page: str | None = None) -> Page:
        """Take what came in; then all orders that changed since."""
        self._folder.make()
        with self._folder.alone():
            self._folder.take(self._read)
        until = datetime.now(UTC) + timedelta(seconds=1)
        found = [Change(key, at) for key, at in self._folder.noted("changed", since, until)]
        return Page(found, notes=self._notes())

    def _read(self, file: Path) -> None:
        """Keep the orders of a file, or its listings; all of it or, where something is wrong, nothing."""
        if file.stem.lower().startswith("listings") and file.suffix != ".json":
            self._folder.write(LISTINGS, json.dumps(tables.listings(file, self._writing)).encode())
            return
        orders = (
            _loaded(file) if file.suffix.lower() == ".json" else tables.orders(file, self._writing)
        )
        several = len(orders) > 1
        sold = [
            mapping.order(each, f"{each.get('id') or number}: " if several else "")
            for number, each in enumerate(orders, start=1)
        ]
        for each in sold:
            self._folder.keep(each.id, each.raw, each.placed_at)

    def placed(self, since: datetime, until: datetime, page: str | None = None) -> Page:
        return Page([Change(key, at) for key, at in self._folder.noted("placed", since, until)])

    def order(self, id: str) -> Sold:
        listed = self._folder.read(LISTINGS) or []
        variants = {row["sku"]: row["variant"] for row in listed if row.get("sku")}
        return mapping.order(self._folder.order(id), "", variants)

    def received(self, headers: Mapping[str, str], body: bytes) -> Sequence[Signal]:
        raise BadSignature(_("Files are left in the folder; no messages are taken."))

    def listings(self, page: str | None = None) -> ListingPage:
        shown = self._folder.read(STOCK) or {}
        rows = self._folder.read(LISTINGS) or []
        return ListingPage(
            [ListingFacts(**row, quantity=shown.get(row["variant"])) for row in rows]
        )

    def quantities(self, rows: Sequence[StockRow]) -> Mapping[str, int]:
        shown = self._folder.read(STOCK) or {}
        return {row.variant: shown[row.variant] for row in rows if row.variant in shown}

    def set_stock(self, rows: Sequence[StockRow], key: str) -> Sequence[RowVerdict]:
        """Write `out/stock.csv` anew, with all that is shown."""
        with self._folder.alone():
            shown = (self._folder.read(STOCK) or {}) | {row.variant: row.quantity for row in rows}
            names = {
                row["variant"]: row.get("sku", "") for row in self._folder.read(LISTINGS) or []
            }
            lines = [("variant", "sku", "quantity")]
            lines += [(key, names.get(key, ""), count) for key, count in sorted(shown.items())]
            self._folder.write("out/stock.csv", b"".join(csv_lines(lines)))
            self._folder.write(STOCK, json.dumps(shown).encode())
        return [RowVerdict(row.variant, Verdict.SET) for row in rows]

    def ship(self, order: Sold, parcel: Parcel) -> Done:
        return self._tell("shipments", parcel.number, {"order": order.id, **asdict(parcel)})

    def find_shipment(self, order: Sold, parcel: Parcel) -> Done | None:
        return self._known("shipments", parcel.number)

    def cancel(self, order: Sold, key: str, reason: str) -> Done:
        return self._tell("cancellations", order.id, {"order": order.id, "reason": reason})

    def refund(self, order: Sold, request: RefundRequest) -> Done:
        return self._tell(
            "refunds", f"{order.id} {request.key}", {"order": order.id, **asdict(request)}
        )

    def find_refund(self, order: Sold, request: RefundRequest) -> Done | None:
        return self._known("refunds", f"{order.id} {request.key}")

    def _tell(self, kind: str, key: str, content: Mapping[str, Any]) -> Done:
        """Write a file of its own; the same once more is the same file."""
        self._folder.make()
        text = json.dumps(content, default=_plain, ensure_ascii=False, indent=2)
        self._folder.write(f"out/{kind}/{quote(key, safe='')}.json", text.encode())
        return Done(key)

    def _known(self, kind: str, key: str) -> Done | None:
        return Done(key) if self._folder.has(f"out/{kind}/{quote(key, safe='')}.json") else None

    def subscribe(self, address: str, secret: str) -> Sequence[str]:
        return ()

    def refresh(self) -> None:
        return


def _writing(account: Account) -> tables.Writing:
    comma = account.settings.get("decimal_comma") is True
    zone = account.settings.get("time_zone")
    return tables.Writing(
        notations.COMMA if comma else notations.POINT, ZoneInfo(zone) if zone else None
    )


def _loaded(file: Path) -> list[Mapping[str, Any]]:
    """An order or a list of them. Raises Invalid."""
    try:
        found = json.loads(file.read_text("utf-8-sig"), parse_float=str)
    except ValueError as error:
        raise Invalid(_("This isn't JSON in UTF-8: %(error)s.") % {"error": error}) from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise Invalid(_("The file must hold an order, or a list of orders."))
    return rows


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


class Provider:
    """A folder, as the registry of providers knows it."""

    def open(self, account: Account) -> DropFolder:
        return DropFolder(account)

    def fields(self) -> Mapping[str, str]:
        return {"folder": _("Name of the folder")}

    def stages(self) -> Mapping[str, Stage]:
        return mapping.STAGES


def connect() -> Provider:
    return Provider()
