"""Who sees and edits returns."""

from oms.core.policy import declare, every_row, part_of, rows
from returns.models import Inspection, ReturnedLot, ReturnLine, ReturnPolicy, ReturnRequest, Settlement, Unexpected

FLOOR = "picker packer manager"

declare(ReturnRequest, rows(customer="order__customer", warehouse="warehouse"), view=f"{FLOOR} rep accountant")
declare(ReturnLine, part_of("request", ReturnRequest))
declare(ReturnedLot, part_of("line__request", ReturnRequest), view=f"{FLOOR} rep")
declare(Unexpected, part_of("request", ReturnRequest), view=f"{FLOOR} rep")
declare(Inspection, part_of("line__request", ReturnRequest), view="manager")
declare(Settlement, part_of("request", ReturnRequest), view="accountant manager")
declare(ReturnPolicy, every_row, view="rep accountant", edit="manager")
