"""Telling a WooCommerce shop of parcels, in the way that the account's setting `shipments` names."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from orders.channels.connectors import Account, Done, Parcel, Sold, SoldShipment
from orders.channels.connectors.woocommerce.client import Client
from orders.channels.connectors.woocommerce.mapping import SHIPMENT_MARK, TRACKING_PLUGIN, metas

STATUS, FULFILLMENTS, TRACKING = "status", "fulfillments", "tracking"
COMPLETED = "completed"
Row = dict[str, Any]


class Shipping:
    """How a shop is told of parcels. Each step is done only if the shop doesn't show it yet.

    `status`: the order is completed with its last parcel, and a note tells the buyer. `fulfillments`: the shop's own
    feature of that name. `tracking`: as the plug-ins Shipment Tracking and Advanced Shipment Tracking keep it.
    """

    def __init__(self, client: Client, account: Account) -> None:
        self._client = client
        self._notifies = account.notifies_buyer
        self._language = str(account.settings.get("language", "")) or None
        self.way = str(account.settings.get("shipments", STATUS))

    def tell(self, order: Sold, parcel: Parcel) -> Done:
        """Tell of a parcel what the shop doesn't know yet."""
        told = find(order, parcel)
        completes = order.state != COMPLETED and is_last(order, parcel)
        if told is None and self.way == FULFILLMENTS:
            self._fulfill(order, parcel)
        changes: Row = {}
        if told is None and self.way != FULFILLMENTS:
            changes["meta_data"] = self._marks(order, parcel)
        if completes:
            changes["status"] = COMPLETED
        if changes:
            self._client.send("PUT", f"orders/{order.id}", changes)
        if self.way == STATUS and (told is None or not self._has_note(order, parcel)):
            self._note(order, parcel)
        return Done(parcel.number)

    def known(self, order: Sold, parcel: Parcel) -> Done | None:
        """The parcel, if all was told of it."""
        if find(order, parcel) is None or (order.state != COMPLETED and is_last(order, parcel)):
            return None
        if self.way == STATUS and not self._has_note(order, parcel):
            return None
        return Done(parcel.number)

    def _marks(self, order: Sold, parcel: Parcel) -> list[Row]:
        """The marks of all parcels, ours and a plug-in's: each is one value, which is written whole."""
        meta = metas(order.raw["order"])
        marks = [*_list(meta.get(SHIPMENT_MARK)), _mark(parcel)]
        found: list[Row] = [{"key": SHIPMENT_MARK, "value": marks}]
        if self.way == TRACKING and parcel.tracking:
            plugged = [*_list(meta.get(TRACKING_PLUGIN)), _plugged(parcel)]
            found.append({"key": TRACKING_PLUGIN, "value": plugged})
        return found

    def _fulfill(self, order: Sold, parcel: Parcel) -> None:
        items = [{"item_id": int(key), "qty": count} for key, count in parcel.units.items()]
        meta = {
            "_items": items,
            "_tracking_number": parcel.tracking,
            "_tracking_url": parcel.tracking_url,
            "_shipment_provider": slugify(parcel.carrier) or "other",
            SHIPMENT_MARK: parcel.number,
        }
        body = {
            "status": "fulfilled",
            "is_fulfilled": True,
            "notify_customer": self._notifies,
            "meta_data": [{"key": key, "value": value} for key, value in meta.items() if value],
        }
        self._client.send("POST", f"orders/{order.id}/fulfillments", body)

    def _note(self, order: Sold, parcel: Parcel) -> None:
        with translation.override(order.language or self._language):
            body = {"note": note_of(parcel), "customer_note": self._notifies}
        self._client.send("POST", f"orders/{order.id}/notes", body)

    def _has_note(self, order: Sold, parcel: Parcel) -> bool:
        notes = self._client.page(f"orders/{order.id}/notes").data
        return any(parcel.number in str(each.get("note")) for each in notes)


def find(order: Sold, parcel: Parcel) -> SoldShipment | None:
    """The parcel as the shop shows it: by our number, else by its tracking number."""
    for shipment in order.shipments:
        if shipment.reference == parcel.number:
            return shipment
        if not shipment.reference and parcel.tracking and parcel.tracking in shipment.tracking:
            return shipment
    return None


def is_last(order: Sold, parcel: Parcel) -> bool:
    """Whether nothing of an order is left to ship after a parcel, refunded units aside."""
    gone: dict[str, int] = {}
    told = find(order, parcel)
    parts = [each.units for each in order.shipments] + ([] if told else [parcel.units])
    for units in parts:
        for key, count in units.items():
            gone[key] = gone.get(key, 0) + count
    return all(
        gone.get(line.id, 0) + line.refunded >= line.quantity
        for line in order.lines
        if line.needs_shipping
    )


def note_of(parcel: Parcel) -> str:
    """What the buyer reads of a parcel; our number at the end tells it from others."""
    sent = _("Shipped with %(carrier)s:") % {"carrier": parcel.carrier} if parcel.carrier else ""
    parts = [sent, parcel.tracking, parcel.tracking_url, f"({parcel.number})"]
    return " ".join(text for text in parts if text)


def _list(value: Any) -> list[Row]:
    return list(value) if isinstance(value, list) else []


def _at(parcel: Parcel) -> datetime:
    return parcel.shipped_at or datetime.now(UTC)


def _mark(parcel: Parcel) -> Row:
    return {
        "number": parcel.number,
        "carrier": parcel.carrier,
        "tracking": parcel.tracking,
        "url": parcel.tracking_url,
        "units": dict(parcel.units),
        "at": _at(parcel).isoformat(),
    }


def _plugged(parcel: Parcel) -> Row:
    """A parcel as the plug-ins keep it; their own ID is a hash, too."""
    return {
        "tracking_provider": "",
        "custom_tracking_provider": parcel.carrier,
        "custom_tracking_link": parcel.tracking_url,
        "tracking_number": parcel.tracking,
        "date_shipped": str(int(_at(parcel).timestamp())),
        "tracking_id": hashlib.md5(parcel.number.encode(), usedforsecurity=False).hexdigest(),
    }
