"""Who sees and edits stock, places, goods and purchases."""

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
    StockChange,
    StockShare,
    Transfer,
    TransferLine,
    Warehouse,
    Zone,
)
from oms.core.actors import Actor
from oms.core.models.role import Reach
from oms.core.policy import allow, declare, hide, need, offer
from oms.core.reaching import ALL, PartOf, companies_of, every_row, master, rows

EVERYBODY = "rep picker packer buyer accountant manager"
FLOOR = "picker packer"
PLACED = rows(customer=ALL, warehouse="warehouse", company="warehouse__company")


def _transfers(person: Actor, reach: str) -> Q | None:
    """What leaves one's warehouses, or those of one's companies, or comes to them."""
    if reach == Reach.EVERYTHING:
        return Q()
    ties = {
        Reach.WAREHOUSES: Q(staff=person.pk),
        Reach.COMPANIES: Q(company__in=companies_of(person)),
    }
    if reach not in ties:
        return None
    places = Warehouse.objects.filter(ties[Reach(reach)])
    return Q(source__in=places) | Q(target__in=places)


declare(
    Warehouse,
    rows(customer=ALL, warehouse="", company="company"),
    view=f"{FLOOR} buyer rep accountant",
    edit="manager",
)
declare(Zone, PLACED)
declare(Bin, PLACED, view=f"{FLOOR} buyer rep accountant", edit="manager")
declare(Stock, PLACED, view=EVERYBODY)
offer("see_alerts", Stock, _("See alerts of low stock"), "picker packer buyer accountant manager")
declare(
    BinStock,
    rows(customer=ALL, warehouse="bin__warehouse", company="bin__warehouse__company"),
    view=EVERYBODY,
)
offer("import", BinStock, _("Import"), "manager")
allow(f"{FLOOR} manager", BinStock, "move")
allow("manager", BinStock, "adjust")
declare(
    Reservation,
    rows(warehouse="warehouse", company=("warehouse__company", "demand__company")),
    view=f"{FLOOR} buyer manager",
)
declare(Demand, rows(company="company"), view="buyer manager")
declare(StockShare, rows(company=("selling", "supplying")))
declare(
    Move,
    rows(company=("source__warehouse__company", "target__warehouse__company")),
    view="buyer accountant manager",
)
declare(Lane, master("warehouse__company"), view="rep buyer", edit="manager")
declare(PostalCode, every_row, view="buyer", edit="manager")

declare(SKU, every_row, view=EVERYBODY, edit="buyer manager")
offer("import", SKU, _("Import"), "buyer manager")
declare(Barcode, PartOf("sku", SKU))
offer("import", Barcode, _("Import"), "buyer manager")
declare(KitComponent, PartOf("kit", SKU))
declare(Category, every_row, view=EVERYBODY, edit="buyer manager")
declare(Lot, every_row, view=EVERYBODY, edit="manager")

declare(Transfer, _transfers, edit=f"{FLOOR} buyer manager")
allow(f"{FLOOR} buyer manager", Transfer, "send", "receive", "cancel")
allow("buyer manager", Transfer, "recall")
allow("manager", Transfer, "write_off")
declare(TransferLine, PartOf("transfer", Transfer))
declare(Count, rows(warehouse="warehouse", company="warehouse__company"), edit=f"{FLOOR} manager")
allow(f"{FLOOR} manager", Count, "add_bin", "record_counts", "recount")
allow("manager", Count, "reconcile", "cancel")
declare(CountLine, PartOf("count", Count))

for costed in (Stock, Move):
    hide("see_cost", costed)
hide("see_cost", TransferLine, "unit_cost")
hide("see_cost", BinStock, "unit_cost")
hide("see_cost", Lane, "base_cost", "cost_per_kg")
need("see_cost", Lane, "add", "change")  # forms with costs
declare(StockChange, rows())
