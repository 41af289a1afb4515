"""Goods that arrive at a station: of a purchase order, or of a transfer, line by line and lot by lot."""

from django.utils.translation import gettext as _

from fulfillment.stations import scans
from fulfillment.stations.scans import Body
from inventory import lots, transfers
from inventory.models import SKU, Transfer, TransferLine, Warehouse
from inventory.purchasing import receiving
from inventory.purchasing.models import PurchaseOrder
from inventory.purchasing.receiving import Received
from inventory.transfers import Arrived
from oms.core.errors import Refused
from oms.core.models import User


def receive(warehouse: Warehouse, body: Body, by: User) -> str:
    """Goods of a purchase order or a transfer that came."""
    good, damaged = scans.number(body, "good"), scans.number(body, "damaged")
    transfer = Transfer.objects.filter(number=body.get("order"), target=warehouse).first()
    sku = (
        _transfer_came(transfer, body, good, damaged, by)
        if transfer
        else _purchase_came(warehouse, body, good, damaged, by)
    )
    text = (
        _("%(good)s × %(sku)s received, %(damaged)s damaged.")
        if damaged
        else _("%(good)s × %(sku)s received.")
    )
    return text % {"good": good, "sku": sku, "damaged": damaged}


def _purchase_came(warehouse: Warehouse, body: Body, good: int, damaged: int, by: User) -> SKU:
    order = PurchaseOrder.objects.filter(number=body.get("order"), warehouse=warehouse).first()
    line = (
        order.lines.filter(sku__code=body.get("sku")).select_related("sku").first()
        if order
        else None
    )
    if order is None or line is None:
        raise Refused(
            _("%(sku)s isn't on %(order)s for %(warehouse)s.")
            % {"order": body.get("order"), "sku": body.get("sku"), "warehouse": warehouse},
            code="unknown",
        )
    receiving.receive(
        order,
        [Received(line, good, damaged, str(body.get("lot", "")), expires_on=scans.day_of(body))],
        accept_more=body.get("accept_more") is True,
        by=by,
    )
    return line.sku


def _transfer_came(transfer: Transfer, body: Body, good: int, damaged: int, by: User) -> SKU:
    """One product of a transfer may be on several lines: they are filled one after the other."""
    on_way = [
        line
        for line in transfer.lines.select_related("sku", "lot").order_by("pk")
        if line.in_transit and line.sku.code == body.get("sku")
    ]
    if not on_way:
        raise Refused(
            _("%(order)s has no %(sku)s in transit.") % {"order": transfer, "sku": body.get("sku")},
            code="unknown",
        )
    transfers.receive(
        transfer, _arrived(transfer, on_way, str(body.get("lot", "")), good, damaged), by=by
    )
    return on_way[0].sku


def _arrived(
    transfer: Transfer, on_way: list[TransferLine], text: str, good: int, damaged: int
) -> list[Arrived]:
    """What arrived of one product, of one lot or of several: the first of them are the good ones."""
    sku = on_way[0].sku
    named = lots.parse(sku, text) if sku.tracking != SKU.Tracking.NONE else []
    counts = (
        {each.code: each.quantity or 0 for each in named}
        if len(named) > 1
        else {named[0].code if named else "": good + damaged}
    )
    if sum(counts.values()) != good + damaged:
        raise Refused(
            _("The lots named for %(sku)s add up to %(named)s, not %(quantity)s.")
            % {"sku": sku, "named": sum(counts.values()), "quantity": good + damaged},
            code="lots_do_not_add_up",
        )
    arrived = []
    for code, count in counts.items():
        lines = [line for line in on_way if (line.lot.code if line.lot else "") == code]
        if not lines:
            raise Refused(
                _("%(order)s has no %(sku)s %(lot)s in transit.")
                % {"order": transfer, "sku": sku, "lot": code},
                code="unknown",
            )
        of_good = min(good, count)
        arrived += transfers.spread(lines, of_good, count - of_good)
        good -= of_good
    return arrived
