"""Who sees and edits returns."""

from django.utils.translation import gettext_lazy as _

from oms.core.models.role import OutsideReach
from oms.core.policy import allow, declare, entrust, need, offer
from oms.core.reaching import PartOf, master, rows
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
    rows(
        customer="order__customer",
        warehouse="warehouse",
        company=("order__company", "warehouse__company"),
        order="order",
    ),
    view=f"{FLOOR} rep accountant",
)
allow("rep manager", Order, "return")
entrust(OutsideReach.ORDER, Order, "return")
entrust(OutsideReach.ORDER, ReturnRequest, "view", "cancel")
allow("rep manager", ReturnRequest, "approve", "reject", "decide", "cancel")
allow(FLOOR, ReturnRequest, "receive", "inspect")
offer("expect", ReturnRequest, _("Home page: returns to inspect"), "packer manager")
declare(ReturnLine, PartOf("request", ReturnRequest))
declare(ReturnedLot, PartOf("line__request", ReturnRequest, is_internal=True), view=f"{FLOOR} rep")
declare(Unexpected, PartOf("request", ReturnRequest, is_internal=True), view=f"{FLOOR} rep")
declare(Inspection, PartOf("line__request", ReturnRequest, is_internal=True), view="manager")
declare(Settlement, PartOf("request", ReturnRequest, is_internal=True), view="accountant manager")
declare(
    ReturnPolicy, master("channel__company", is_shared=True), view="rep accountant", edit="manager"
)

need("see_money", Settlement)
