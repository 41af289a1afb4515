"""Telling a Shopify shop of parcels: by the lines of its fulfillment orders, which it may hold, move and split."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from orders.channels.connectors import Account, Done, Parcel, Sold, SoldShipment
from orders.channels.connectors.errors import AlreadyDone, Invalid
from orders.channels.connectors.shopify import documents, reading
from orders.channels.connectors.shopify.client import Client, Row, require_done, tail

READY = ("OPEN", "IN_PROGRESS")
WAITING = {"ON_HOLD", "SCHEDULED"}


class Shipping:
    """How one shop is told of parcels."""

    def __init__(self, client: Client, account: Account) -> None:
        self._client = client
        self._notifies = account.notifies_buyer
        self._carriers: Mapping[str, str] = account.settings.get("carriers") or {}

    def tell(self, order: Sold, parcel: Parcel) -> Done:
        """Tell of a parcel what the shop doesn't know yet: a fulfillment for each location that its units are at.

        Raises Invalid for units that the shop holds or has no more, AlreadyDone where others fulfilled all of them.
        """
        told = find(order, parcel)
        missing = _missing(parcel, told)
        if told and not missing:
            return Done(told[0].id)
        rows = reading.fulfillment_orders(self._client, order.id)
        parts = allocated(rows, missing)
        made = [self._fulfill(part, parcel) for part in parts.values()]
        return Done(told[0].id if told else made[0])

    def _fulfill(self, part: Sequence[tuple[str, str, int]], parcel: Parcel) -> str:
        """All lines are listed, since an order without any is fulfilled whole."""
        by_order: dict[str, list[dict[str, object]]] = {}
        for key, line, count in part:
            by_order.setdefault(key, []).append({"id": line, "quantity": count})
        fulfillment = {
            "notifyCustomer": self._notifies,
            "trackingInfo": self._tracking(parcel),
            "lineItemsByFulfillmentOrder": [
                {"fulfillmentOrderId": key, "fulfillmentOrderLineItems": lines}
                for key, lines in by_order.items()
            ],
        }
        answer = self._client.tell(documents.FULFILL, fulfillment=fulfillment)["fulfillmentCreate"]
        return tail(require_done(answer)["fulfillment"]["id"])

    def _tracking(self, parcel: Parcel) -> dict[str, Any]:
        carrier = self._carriers.get(parcel.carrier, parcel.carrier)
        told = {"number": number_of(parcel), "company": carrier, "url": parcel.tracking_url}
        return {name: value for name, value in told.items() if value}


def number_of(parcel: Parcel) -> str:
    """The number by which a shop shows a parcel, and we know it again: the carrier's, else ours."""
    return parcel.tracking or parcel.number


def find(order: Sold, parcel: Parcel) -> list[SoldShipment]:
    """What the shop shows of a parcel: one with units at two locations is two fulfillments there."""
    return [each for each in order.shipments if number_of(parcel) in each.tracking]


def is_told(order: Sold, parcel: Parcel) -> Done | None:
    """The parcel, if the shop shows all of its units."""
    told = find(order, parcel)
    return Done(told[0].id) if told and not _missing(parcel, told) else None


def _missing(parcel: Parcel, told: Sequence[SoldShipment]) -> dict[str, int]:
    left = {
        key: count - sum(each.units.get(key, 0) for each in told)
        for key, count in parcel.units.items()
    }
    return {key: count for key, count in left.items() if count > 0}


def allocated(
    rows: Sequence[Row], units: Mapping[str, int]
) -> dict[str, list[tuple[str, str, int]]]:
    """Units of an order's lines by location: fulfillment order, its line, and how many.

    Raises Invalid where fulfillment orders that may be fulfilled now have too few, AlreadyDone where none has any.
    """
    left, found = dict(units), dict[str, list[tuple[str, str, int]]]()
    for row in rows:
        if row["status"] not in READY:
            continue
        place = tail((row["assignedLocation"]["location"] or {}).get("id"))
        for line in row["lineItems"]:
            key = tail(line["lineItem"]["id"])
            count = min(left.get(key, 0), int(line["remainingQuantity"]))
            if count:
                left[key] -= count
                found.setdefault(place, []).append((row["id"], line["id"], count))
    if any(left.values()):
        _refuse(rows, {key: count for key, count in left.items() if count}, bool(found))
    return found


def _refuse(rows: Sequence[Row], left: Mapping[str, int], has_some: bool) -> None:
    held = [
        row["status"]
        for row in rows
        if row["status"] in WAITING
        and any(tail(each["lineItem"]["id"]) in left for each in row["lineItems"])
    ]
    if held:
        raise Invalid(
            _("The shop holds these items (%(status)s). Release them there, then send this again.")
            % {"status": held[0]}
        )
    if has_some:
        raise Invalid(
            _("The shop has fewer of these items to fulfill. Check the order there: %(lines)s")
            % {"lines": ", ".join(f"{count} × {key}" for key, count in left.items())}
        )
    raise AlreadyDone(_("All of these items are fulfilled in the shop."))
