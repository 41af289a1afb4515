"""Who sees and edits shipments, waves and carriers."""

from fulfillment.models import (
    Cancellation,
    CancellationLine,
    CarrierAccount,
    CarrierService,
    Carton,
    Label,
    Package,
    PackageContent,
    PickTask,
    Rate,
    Scan,
    Shipment,
    ShipmentLine,
    SSCCSeries,
    TrackingEvent,
    Wave,
)
from oms.core.policy import declare, every_row, part_of, rows

FLOOR = "picker packer manager"

declare(Shipment, rows(customer="order__customer", warehouse="warehouse"), view=f"{FLOOR} rep accountant buyer")
declare(ShipmentLine, part_of("shipment", Shipment))
declare(Cancellation, rows(customer="shipment__order__customer", warehouse="shipment__warehouse"),
        view=f"{FLOOR} rep accountant buyer")
declare(CancellationLine, part_of("cancellation", Cancellation))
for part in (Package, Label, TrackingEvent):
    declare(part, part_of("shipment", Shipment), view="manager")
declare(PackageContent, part_of("package", Package))
declare(Wave, rows(warehouse="warehouse"), view=FLOOR)
declare(PickTask, part_of("wave", Wave))
declare(Scan, rows(own="by"), view="manager")

declare(CarrierAccount, every_row, edit="manager")
declare(CarrierService, every_row, edit="manager")
declare(Rate, every_row)
declare(Carton, every_row, view="picker packer", edit="manager")
declare(SSCCSeries, every_row, view="manager")
