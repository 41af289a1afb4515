"""What is stocked, where it lies, and who wants it."""

from inventory.models.count import Count, CountLine
from inventory.models.demand import Demand, Reservation
from inventory.models.lane import Lane, PostalCode
from inventory.models.share import StockShare
from inventory.models.sku import SKU, Barcode, Category, KitComponent, Lot
from inventory.models.stock import BinStock, Move, Stock
from inventory.models.stock_change import StockChange
from inventory.models.transfer import Transfer, TransferLine
from inventory.models.warehouse import Bin, Warehouse, Zone

__all__ = [
    "SKU",
    "Barcode",
    "Bin",
    "BinStock",
    "Category",
    "Count",
    "CountLine",
    "Demand",
    "KitComponent",
    "Lane",
    "Lot",
    "Move",
    "PostalCode",
    "Reservation",
    "Stock",
    "StockChange",
    "StockShare",
    "Transfer",
    "TransferLine",
    "Warehouse",
    "Zone",
]
