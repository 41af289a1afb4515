"""What people and programs can ask of shipments and waves."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import F
from django.utils.translation import gettext
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
    redirecting,
    rerouting,
    shipments,
    shipping,
    waves,
)
from fulfillment.models import CarrierService, Package, PackageContent, Shipment, ShipmentLine, Wave
from inventory import sharing
from inventory.models import Bin, BinStock, Warehouse
from oms.core.errors import Conflict
from oms.core.models import User
from oms.core.operations import declare
from orders.models import Address, Order

S = Shipment.Status


def _is(*statuses: str) -> Any:
    return lambda document: document.status in statuses


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


def _report_short(
    shipment: Shipment, *, line: ShipmentLine, found: int = 0, by: User | None = None
) -> Shipment:
    line.shipment = shipment
    return picking.report_short(line, found, by=by)


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


def _change_lot(
    shipment: Shipment, *, line: ShipmentLine, to: BinStock | None = None, by: User | None = None
) -> Shipment:
    own = shipment.lines.filter(pk=line.pk).first()
    if own is None:
        raise Conflict(
            gettext("This line is no longer on shipment %(shipment)s. Reload to see what changed.")
            % {"shipment": shipment},
            code="gone",
        )
    return picking.change_lot(own, to, by=by)


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


def _put_back(
    shipment: Shipment, *, line: ShipmentLine, to: Bin, by: User | None = None
) -> Shipment:
    line.shipment = shipment
    return picking.put_back(line, to, by=by)


@dataclass(frozen=True)
class ScannedRow:
    line: ShipmentLine
    scanned: int = 0
    parcel: int = field(default=1, metadata={"fixed": True, "label": _("Package")})


@dataclass(frozen=True)
class VerifyInput:
    lines: list[ScannedRow]


def _verify(shipment: Shipment, *, lines: list[ScannedRow], by: User | None = None) -> Shipment:
    for package in Package.objects.filter(shipment=shipment).order_by("position"):
        scanned: dict[str, int] = {}
        for row in lines:
            if row.parcel == package.position:
                code = row.line.reservation.sku.code
                scanned[code] = scanned.get(code, 0) + row.scanned
        packing.verify(package, scanned, by=by)
    return shipment


def _to_scan(shipment: Shipment) -> VerifyInput:
    contents = PackageContent.objects.filter(package__shipment=shipment).order_by(
        "package__position", "line"
    )
    return VerifyInput(
        [
            ScannedRow(each.line, parcel=each.package.position)
            for each in contents.select_related(
                "package", "line__reservation__sku", "line__reservation__warehouse"
            )
        ]
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


def _order_of(document: Order | Shipment) -> Order:
    return document if isinstance(document, Order) else document.order


@dataclass(frozen=True)
class RerouteInput:
    to: Warehouse | None = field(
        default=None,
        metadata={
            "help": _("Empty: the best by cost, distance, days and punctuality."),
            "among": lambda rows, document: rows.filter(
                is_active=True, company__in=sharing.serving(_order_of(document).company)
            ),
        },
    )


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
    _report_short,
    label=_("Report short pick"),
    input=ShortInput,
    available=_has("allocated"),
)
declare("change_lot", Shipment, _change_lot, input=ChangeLotInput, available=_has_allocated_lots)
declare(
    "put_back",
    Shipment,
    _put_back,
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
    _verify,
    input=VerifyInput,
    available=_is(S.PACKED),
    example={"lines": [{"line": 1042, "scanned": 5, "parcel": 1}]},
    initial=_to_scan,
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
declare("unpack", Shipment, packing.unpack, inverse="pack", available=_is(S.PACKED))
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
    available=_is(S.SHIPPED),
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


@dataclass(frozen=True)
class AddressInput:
    address: Address | None = field(
        default=None,
        metadata={
            "among": lambda rows, order: rows.filter(
                customer=order.customer_id, is_shipping=True
            ).order_by("pk"),
            "help": _("One of the customer's addresses, or enter another one below."),
        },
    )
    name: str = field(default="", metadata={"most": 120})
    street: str = field(default="", metadata={"most": 120})
    postal_code: str = field(default="", metadata={"most": 12})
    city: str = field(default="", metadata={"most": 60})
    region: str = field(default="", metadata={"most": 40})
    country: str = field(
        default="", metadata={"most": 40, "help": _("Two letters, for example GB.")}
    )


declare(
    "change_address",
    Order,
    redirecting.change_address,
    label=_("Change address"),
    input=AddressInput,
    preview=redirecting.preview,
    available=redirecting.can_redirect,
    example={
        "name": "Example Depot",
        "street": "2 Quay Street",
        "postal_code": "M3 3EB",
        "city": "Manchester",
        "country": "GB",
    },
)
declare(
    "reroute",
    Order,
    rerouting.reroute,
    label=_("Re-route"),
    input=RerouteInput,
    preview=rerouting.preview,
    available=rerouting.can_move,
)

declare(
    "release",
    Wave,
    waves.release,
    label=_("Release wave"),
    many=True,
    available=_is(Wave.Status.DRAFT),
)
declare("close", Wave, waves.close, label=_("Close wave"), many=True, available=waves.is_done)
