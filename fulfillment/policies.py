"""Who sees and edits shipments, waves and carriers."""

from django.utils.translation import gettext_lazy as _

from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from fulfillment.models import (
    Cancellation,
    CancellationLine,
    Carton,
    Label,
    Package,
    PackageContent,
    PickTask,
    Scan,
    Shipment,
    ShipmentLine,
    SSCCSeries,
    TrackingEvent,
    Wave,
)
from oms.core.policy import allow, declare, every_row, hide, need, offer, part_of, rows
from orders.models import Order

FLOOR = "picker packer manager"

declare(
    Shipment,
    rows(customer="order__customer", warehouse="warehouse"),
    view=f"{FLOOR} rep accountant buyer",
)
allow(
    FLOOR,
    Shipment,
    "start_picking",
    "pick_all",
    "split_unpicked",
    "stop_picking",
    "report_short",
    "change_lot",
    "put_back",
    "pack",
    "unpack",
    "choose_parcels",
    "choose_service",
    "verify",
    "buy_labels",
    "void_labels",
    "ship",
    "send_to_partner",
    "record_partner_shipment",
)
offer("expect", Shipment, _("Home page: packages to ship"), "packer manager")
allow(f"rep {FLOOR}", Shipment, "agree_to_cancel", "decline_to_cancel", "mark_delivered")
allow("rep manager", Shipment, "reroute")
allow("rep manager", Order, "change_address", "reroute")
declare(ShipmentLine, part_of("shipment", Shipment))
declare(
    Cancellation,
    rows(customer="shipment__order__customer", warehouse="shipment__warehouse"),
    view=f"{FLOOR} rep accountant buyer",
)
declare(CancellationLine, part_of("cancellation", Cancellation))
for part in (Package, Label, TrackingEvent):
    declare(part, part_of("shipment", Shipment), view="manager")
declare(PackageContent, part_of("package", Package))
declare(Wave, rows(warehouse="warehouse"), view=FLOOR)
allow(FLOOR, Wave, "release", "close")
offer("plan", Wave, _("Plan waves"), FLOOR)
offer("expect", Wave, _("Home page: waves to pick"), "picker manager")
declare(PickTask, part_of("wave", Wave))
declare(Scan, rows(own="by"), view="manager")

declare(CarrierAccount, every_row, edit="manager")
declare(CarrierService, every_row, edit="manager")
declare(Rate, every_row)
declare(Carton, every_row, view="picker packer", edit="manager")
declare(SSCCSeries, every_row, view="manager")

need("see_cost", Rate)
hide("see_cost", Label, "cost")
