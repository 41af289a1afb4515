"""Who sees and edits stock, places, goods and purchases."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import (
    SKU,
    Barcode,
    Bin,
    BinStock,
    Category,
    Count,
    CountLine,
    Demand,
    KitComponent,
    Lane,
    Lot,
    Move,
    PostalCode,
    Reservation,
    Stock,
    StockShare,
    Transfer,
    TransferLine,
    Warehouse,
    Zone,
)
from oms.core.models.role import Reach
from oms.core.policy import ALL, allow, declare, every_row, hide, need, offer, part_of, rows

EVERYBODY = "rep picker packer buyer accountant manager"
FLOOR = "picker packer"


def _transfers(person: Any, reach: str) -> Q | None:
    """What leaves one's warehouses or comes to them."""
    places = Warehouse.objects.filter(staff=person.pk)
    limited = Q(source__in=places) | Q(target__in=places) if reach == Reach.WAREHOUSES else None
    return Q() if reach == Reach.EVERYTHING else limited


declare(
    Warehouse,
    rows(customer=ALL, warehouse=""),
    view=f"{FLOOR} buyer rep accountant",
    edit="manager",
)
declare(Zone, rows(customer=ALL, warehouse="warehouse"))
declare(
    Bin,
    rows(customer=ALL, warehouse="warehouse"),
    view=f"{FLOOR} buyer rep accountant",
    edit="manager",
)
declare(Stock, rows(customer=ALL, warehouse="warehouse"), view=EVERYBODY)
offer("see_alerts", Stock, _("See alerts of low stock"), "picker packer buyer accountant manager")
declare(BinStock, rows(customer=ALL, warehouse="bin__warehouse"), view=EVERYBODY)
offer("import", BinStock, _("Import"), "manager")
allow(f"{FLOOR} manager", BinStock, "move")
allow("manager", BinStock, "adjust")
declare(Reservation, rows(warehouse="warehouse"), view=f"{FLOOR} buyer manager")
declare(Demand, rows(), view="buyer manager")
declare(StockShare, rows())
declare(Move, rows(), view="buyer accountant manager")
declare(Lane, every_row, view="rep buyer", edit="manager")
declare(PostalCode, every_row, view="buyer", edit="manager")

declare(SKU, every_row, view=EVERYBODY, edit="buyer manager")
offer("import", SKU, _("Import"), "buyer manager")
declare(Barcode, every_row)
offer("import", Barcode, _("Import"), "buyer manager")
declare(KitComponent, every_row)
declare(Category, every_row, view=EVERYBODY, edit="buyer manager")
declare(Lot, every_row, view=EVERYBODY, edit="manager")

declare(Transfer, _transfers, edit=f"{FLOOR} buyer manager")
allow(f"{FLOOR} buyer manager", Transfer, "send", "receive", "cancel")
allow("buyer manager", Transfer, "recall")
allow("manager", Transfer, "write_off")
declare(TransferLine, part_of("transfer", Transfer))
declare(Count, rows(warehouse="warehouse"), edit=f"{FLOOR} manager")
allow(f"{FLOOR} manager", Count, "add_bin", "record_counts", "recount")
allow("manager", Count, "reconcile", "cancel")
declare(CountLine, part_of("count", Count))

for costed in (Stock, Move):
    hide("see_cost", costed)
hide("see_cost", TransferLine, "unit_cost")
hide("see_cost", BinStock, "unit_cost")
hide("see_cost", Lane, "base_cost", "cost_per_kg")
need("see_cost", Lane, "add", "change")  # forms with costs
