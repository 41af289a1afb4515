"""Who sees and edits shipments, waves and carriers."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from fulfillment.models import (
    Cancellation,
    CancellationLine,
    Carton,
    Package,
    PackageContent,
    PickTask,
    Shipment,
    ShipmentLine,
    ShippingLabel,
    SSCCSeries,
    StationAction,
    TrackingEvent,
    Wave,
)
from oms.core.actors import Actor
from oms.core.models.role import OutsideReach, Reach
from oms.core.policy import allow, declare, entrust, hide, made_of, need, offer
from oms.core.reaching import PartOf, companies_of, every_row, master, rows
from orders.models import Order

FLOOR = "picker packer manager"


def _series(person: Actor, reach: str) -> Q | None:
    """The numbers of every GS1 prefix; to those who reach own companies, of these."""
    prefixes = companies_of(person).values("gs1_prefix")
    return Q(prefix__in=prefixes) if reach == Reach.COMPANIES else Q()


declare(
    Shipment,
    rows(
        customer="order__customer",
        warehouse="warehouse",
        company=("order__company", "warehouse__company"),
        order="order",
    ),
    view=f"{FLOOR} rep accountant buyer",
)
entrust(OutsideReach.ORDER, Shipment, "view")
entrust(OutsideReach.CHANNEL, Order, "change_address")
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
declare(ShipmentLine, PartOf("shipment", Shipment))
declare(
    Cancellation,
    rows(
        customer="shipment__order__customer",
        warehouse="shipment__warehouse",
        company=("shipment__order__company", "shipment__warehouse__company"),
    ),
    view=f"{FLOOR} rep accountant buyer",
)
declare(CancellationLine, PartOf("cancellation", Cancellation))
for part in (Package, TrackingEvent):
    declare(part, PartOf("shipment", Shipment), view="manager")
declare(ShippingLabel, PartOf("shipment", Shipment, is_internal=True), view="manager")
declare(PackageContent, PartOf("package", Package))
declare(Wave, rows(warehouse="warehouse", company="warehouse__company"), view=FLOOR)
allow(FLOOR, Wave, "release", "close")
offer("plan", Wave, _("Plan waves"), FLOOR)
offer("expect", Wave, _("Home page: waves to pick"), "picker manager")
declare(PickTask, PartOf("wave", Wave))
declare(StationAction, rows(own="by"), view="manager")

declare(CarrierAccount, master("company"), edit="manager")
declare(CarrierService, master("account__company"), edit="manager")
declare(Rate, PartOf("service", CarrierService))
declare(Carton, every_row, view="picker packer", edit="manager")
declare(SSCCSeries, _series, view="manager")

need("see_cost", Rate)
hide("see_cost", ShippingLabel, "cost")
made_of(Cancellation, Shipment, "cancellation")
made_of(Shipment, Wave, "shipments_in_it", "on_hold")
