"""What people and programs can ask of shipments."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from fulfillment import (
    answers,
    cancellations,
    choosing,
    labels,
    packing,
    partial,
    partners,
    picking,
    rating,
    rerouting,
    shipments,
    shipping,
    waves,
)
from fulfillment.carriers.models import CarrierService
from fulfillment.models import Shipment, ShipmentLine
from fulfillment.operations import verifying
from fulfillment.operations.rerouting import RerouteInput
from inventory.models import Bin, BinStock, Warehouse
from oms.core.operations import declare, in_status

S = Shipment.Status


def _own(shipment: Shipment) -> bool:
    return bool(shipment.warehouse.kind == Warehouse.Kind.OWN)


def _has(state: str) -> Any:
    return lambda shipment: (
        shipment.status == S.PICKING and shipment.lines.filter(reservation__state=state).exists()
    )


@dataclass(frozen=True)
class ShortInput:
    line: ShipmentLine = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(
                shipment=shipment, reservation__state="allocated"
            )
        }
    )
    found: int = 0


@dataclass(frozen=True)
class ChangeLotInput:
    line: ShipmentLine = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(
                shipment=shipment, reservation__state="allocated", reservation__lot__isnull=False
            )
        }
    )
    to: BinStock | None = field(
        default=None,
        metadata={
            "among": lambda rows, shipment: rows.filter(
                bin__warehouse=shipment.warehouse,
                bin__is_sellable=True,
                on_hand__gt=F("allocated"),
                lot__isnull=False,
                sku__in=shipment.lines.filter(reservation__state="allocated").values(
                    "reservation__sku"
                ),
            ).select_related("sku", "lot", "bin"),
            "help": _(
                "Empty: the lot that expires next. Without another lot, the units wait again."
            ),
        },
    )


def _has_allocated_lots(shipment: Shipment) -> bool:
    return (
        shipment.status == S.PICKING
        and shipment.lines.filter(
            reservation__state="allocated", reservation__lot__isnull=False
        ).exists()
    )


@dataclass(frozen=True)
class PutBackInput:
    line: ShipmentLine = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(
                shipment=shipment, reservation__state="picked"
            )
        }
    )
    to: Bin = field(
        metadata={
            "among": lambda rows, shipment: rows.filter(
                warehouse=shipment.warehouse, is_sellable=True
            )
        }
    )


def _can_choose_parcels(shipment: Shipment) -> bool:
    if shipment.status == S.PACKED:
        return not shipment.labels.filter(status__in=["requested", "bought"]).exists()
    return _has("picked")(shipment) and not _has("allocated")(shipment)


@dataclass(frozen=True)
class ServiceInput:
    service: CarrierService | None = None


@dataclass(frozen=True)
class HandOverInput:
    external_id: str = field(metadata={"help": _("The partner's reference number."), "most": 80})


@dataclass(frozen=True)
class AgreedInput:
    answer: str = field(default="", metadata={"help": _("What they said, if anything.")})


@dataclass(frozen=True)
class DeclinedInput:
    answer: str = field(metadata={"help": _("What they said, for example: it left an hour ago.")})


def _is_asked(shipment: Shipment) -> bool:
    return shipment.status == S.OPEN and cancellations.asked_of(shipment) is not None


declare(
    "start_picking",
    Shipment,
    waves.start_picking,
    many=True,
    available=lambda shipment: (
        shipment.status == S.OPEN and shipment.wave_id is None and _own(shipment)
    ),
)
declare(
    "pick_all",
    Shipment,
    picking.pick_all,
    many=True,
    label=_("Mark all as picked"),
    available=_has("allocated"),
)
declare(
    "split_unpicked",
    Shipment,
    partial.split_unpicked,
    label=_("Move unpicked to new shipment"),
    available=lambda shipment: _has("allocated")(shipment) and _has("picked")(shipment),
)
declare(
    "stop_picking",
    Shipment,
    partial.stop_picking,
    label=_("Stop picking"),
    available=lambda shipment: shipment.status == S.PICKING and not _has("picked")(shipment),
)
declare(
    "pack",
    Shipment,
    packing.pack,
    many=True,
    inverse="unpack",
    available=lambda shipment: _has("picked")(shipment) and not _has("allocated")(shipment),
)
declare(
    "report_short",
    Shipment,
    picking.report_short,
    acts_on="line",
    label=_("Report short pick"),
    input=ShortInput,
    available=_has("allocated"),
)
declare(
    "change_lot",
    Shipment,
    picking.change_lot,
    acts_on="line",
    input=ChangeLotInput,
    available=_has_allocated_lots,
)
declare(
    "put_back",
    Shipment,
    picking.put_back,
    acts_on="line",
    label=_("Return to bin"),
    input=PutBackInput,
    available=_has("picked"),
)
declare(
    "buy_labels",
    Shipment,
    labels.buy,
    many=True,
    inverse="void_labels",
    available=lambda shipment: (
        shipment.status == S.PACKED
        and shipment.packages.exclude(labels__status__in=["requested", "bought"]).exists()
    ),
)
declare(
    "ship",
    Shipment,
    shipping.ship,
    label=_("Mark as shipped"),
    many=True,
    available=lambda shipment: (
        shipment.status == S.PACKED
        and not shipment.packages.exclude(labels__status="bought").exists()
    ),
)
declare(
    "verify",
    Shipment,
    verifying.verify,
    input=verifying.VerifyInput,
    available=in_status(S.PACKED),
    example={"lines": [{"line": 1042, "scanned": 5, "parcel": 1}]},
    initial=verifying.to_scan,
)
declare(
    "choose_parcels",
    Shipment,
    choosing.choose_parcels,
    input=choosing.ParcelsInput,
    label=_("Choose packages"),
    available=_can_choose_parcels,
    initial=choosing.offered,
    example={
        "lines": [{"line": 1042, "quantity": 25, "parcel": 1, "carton": "BOX-L", "weight_g": 25600}]
    },
)
declare(
    "choose_service",
    Shipment,
    rating.choose,
    label=_("Change shipping service"),
    input=ServiceInput,
    example={"service": "standard"},
    available=lambda shipment: (
        shipment.status == S.PACKED
        and not shipment.labels.filter(status__in=["requested", "bought"]).exists()
    ),
)
declare(
    "void_labels",
    Shipment,
    labels.void,
    danger=True,
    available=lambda shipment: (
        shipment.status == S.PACKED
        and shipment.labels.filter(status__in=["requested", "bought"]).exists()
    ),
)
declare("unpack", Shipment, packing.unpack, inverse="pack", available=in_status(S.PACKED))
declare(
    "send_to_partner",
    Shipment,
    shipments.hand_over,
    label=_("Send to partner"),
    input=HandOverInput,
    example={"external_id": "3PL-17"},
    available=lambda shipment: shipment.status == S.OPEN and not _own(shipment),
    comes_last=lambda shipment: bool(shipment.external_id),
)
declare(
    "record_partner_shipment",
    Shipment,
    partners.record_outside,
    label=_("Mark as shipped by partner"),
    input=partners.SentInput,
    initial=partners.everything,
    example={
        "carrier": "DPD",
        "tracking_numbers": "1Z999, 1Z998",
        "lines": [{"line": 1042, "quantity": 2, "parcel": 1}],
    },
    available=lambda shipment: shipment.status == S.OPEN and not _own(shipment),
    comes_last=_is_asked,
)
declare(
    "agree_to_cancel",
    Shipment,
    answers.agree_to_cancel,
    label=_("Partner agreed to cancel"),
    input=AgreedInput,
    example={"answer": "Stopped, back on the shelf."},
    available=_is_asked,
)
declare(
    "decline_to_cancel",
    Shipment,
    answers.decline_to_cancel,
    label=_("Partner declined to cancel"),
    input=DeclinedInput,
    example={"answer": "It left an hour ago."},
    available=_is_asked,
)
declare(
    "mark_delivered",
    Shipment,
    shipping.deliver,
    many=True,
    label=_("Mark as delivered"),
    available=in_status(S.SHIPPED),
)

declare(
    "reroute",
    Shipment,
    rerouting.reroute_shipment,
    label=_("Re-route"),
    input=RerouteInput,
    preview=rerouting.preview_shipment,
    available=lambda shipment: (
        shipment.status == S.OPEN and bool(rerouting.movable(shipment.order, shipment))
    ),
)
