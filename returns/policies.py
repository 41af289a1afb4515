"""Who sees and edits returns."""

from django.utils.translation import gettext_lazy as _

from oms.core.policy import allow, declare, every_row, need, offer, part_of, rows
from orders.models import Order
from returns.models import (
    Inspection,
    ReturnedLot,
    ReturnLine,
    ReturnPolicy,
    ReturnRequest,
    Settlement,
    Unexpected,
)

FLOOR = "picker packer manager"

declare(
    ReturnRequest,
    rows(customer="order__customer", warehouse="warehouse"),
    view=f"{FLOOR} rep accountant",
)
allow("rep manager", Order, "return")
allow("rep manager", ReturnRequest, "approve", "reject", "decide", "cancel")
allow(FLOOR, ReturnRequest, "receive", "inspect")
offer("expect", ReturnRequest, _("Home page: returns to inspect"), "packer manager")
declare(ReturnLine, part_of("request", ReturnRequest))
declare(ReturnedLot, part_of("line__request", ReturnRequest), view=f"{FLOOR} rep")
declare(Unexpected, part_of("request", ReturnRequest), view=f"{FLOOR} rep")
declare(Inspection, part_of("line__request", ReturnRequest), view="manager")
declare(Settlement, part_of("request", ReturnRequest), view="accountant manager")
declare(ReturnPolicy, every_row, view="rep accountant", edit="manager")

need("see_money", Settlement)
