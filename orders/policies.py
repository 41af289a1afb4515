"""Who sees and edits customers, orders, prices, invoices and payments."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU, Stock
from oms.core.actors import Actor
from oms.core.models.role import OutsideReach, Reach
from oms.core.policy import allow, declare, declare_parts, entrust, hide, made_of, need, offer
from oms.core.reaching import each_of, every_row, master, rows
from orders.models import (
    Address,
    Channel,
    Contact,
    Customer,
    CustomerSKU,
    Discount,
    ExposureEntry,
    FraudRule,
    Order,
    OrderCharge,
    OrderHold,
    OrderLine,
    PaymentTerms,
    Price,
    PriceList,
    Promise,
    TaxRate,
    TermsPart,
)

SALES = "rep manager"
ACCOUNTS = "accountant manager"


def _agreed(person: Actor, reach: str) -> Q | None:
    """Prices for everybody, and those agreed with one's own customers."""
    is_limited = reach not in (Reach.EVERYTHING, Reach.COMPANIES)
    return Q(customer=None) | Q(customer__rep=person.pk) if is_limited else Q()


declare(
    Customer,
    rows(customer="", company="company", is_shared=True),
    view="accountant",
    edit=SALES,
    is_kept=True,
)
offer("set_terms", Customer, _("Set sales rep, credit limit, tax exemption and terms"), "manager")
offer("bill", Customer, _("Bill what was shipped"), ACCOUNTS)
offer("import", Customer, _("Import"), "manager")
offer("import", Address, _("Import"), SALES)
declare_parts(Customer, "customer", Contact, Address, CustomerSKU, ExposureEntry)
declare(Channel, master("company"), view="rep accountant", edit="manager")
declare(FraudRule, master("channel__company", is_shared=True), view="accountant", edit="manager")

declare(
    Order,
    rows(customer="customer", company="company", order="", channel="channel"),
    view="accountant",
    edit=SALES,
)
offer("import", Order, _("Import"), SALES)
allow(
    SALES,
    Order,
    "place",
    "quote",
    "update_prices",
    "reopen_as_draft",
    "confirm",
    "amend",
    "ship_complete",
    "reschedule",
    "cancel_lines",
    "cancel",
)
allow(f"rep {ACCOUNTS}", Order, "hold", "authorize")
allow(ACCOUNTS, Order, "release_hold", "record_prepayment", "invoice_deposit", "invoice_shipped")
declare_parts(Order, "order", OrderLine, OrderCharge)
declare_parts(Order, "order", OrderHold, is_internal=True)
declare_parts(OrderLine, "line", Promise, is_internal=True)
entrust(OutsideReach.ORDER, Order, "view", "cancel_lines", "cancel")
entrust(
    OutsideReach.CHANNEL,
    Order,
    "view",
    "add",
    "place",
    "confirm",
    "hold",
    "amend",
    "reschedule",
    "cancel_lines",
    "cancel",
)

declare(PriceList, master("company", is_shared=True), view="rep accountant", edit="manager")
declare(
    Price,
    each_of(
        _agreed,
        master("price_list__company", is_shared=True),
        master("customer__company", is_shared=True),
    ),
    view="rep accountant",
    edit="manager",
)
offer("import", Price, _("Import"), "manager")
declare(
    Discount,
    each_of(
        master("customer__company", is_shared=True), master("channel__company", is_shared=True)
    ),
    view="accountant",
    edit="manager",
)
declare(TaxRate, every_row, view="rep", edit=ACCOUNTS)
declare(PaymentTerms, every_row, view="rep", edit=ACCOUNTS)
declare_parts(PaymentTerms, "terms", TermsPart)


need("see_money", ExposureEntry)
hide("see_money", Customer, "statement", "credit")
hide("see_money", SKU, "price")
hide("see_money", Order, "total", "is_paid", "bridge")
hide("see_money", OrderLine)
made_of(Stock, OrderLine, "available")
hide("see_money", OrderCharge)
hide("see_money", OrderHold, "reason")  # may name what is owed
hide("see_money", FraudRule)
need("see_money", Customer, "set_terms", "bill")
need(
    "see_money",
    Order,
    "add",
    "change",
    "place",
    "quote",
    "update_prices",
    "amend",
    "authorize",
    "record_prepayment",
    "invoice_deposit",
    "bill",
)
need("see_money", FraudRule, "add", "change")
need("see_money", Price)
