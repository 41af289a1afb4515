"""The side menu: by task, not by model, and only what the person may see."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext

from fulfillment.stations.views import STATIONS, may_work
from oms.core import policy

MENU = (  # titles of groups, and in them title, model (with a page of its own, if any), icon
    (
        "Orders",
        (
            ("New order", "orders.order:entry", "add_shopping_cart"),
            ("Orders", "orders.order", "shopping_cart"),
            ("Customers", "orders.customer", "storefront"),
            ("Returns", "returns.returnrequest", "assignment_return"),
        ),
    ),
    (
        "Warehouse",
        (
            ("Stations", "stations", "barcode_scanner"),
            ("Waves", "fulfillment.wave", "directions_walk"),
            ("Shipments", "fulfillment.shipment", "package_2"),
            ("Stock", "inventory.stock", "inventory_2"),
            ("Bins", "inventory.binstock", "shelves"),
            ("Counts", "inventory.count", "fact_check"),
            ("Transfers", "inventory.transfer", "swap_horiz"),
        ),
    ),
    (
        "Purchasing",
        (
            ("Purchase orders", "inventory.purchaseorder", "receipt_long"),
            ("Suppliers", "inventory.supplier", "factory"),
            ("Reorder rules", "inventory.reorderrule", "rule"),
        ),
    ),
    (
        "Finance",
        (
            ("Invoices", "orders.invoice", "request_quote"),
            ("Payments", "orders.payment", "payments"),
            ("Supplier invoices", "orders.supplierinvoice", "receipt"),
            ("Intercompany settings", "orders.intercompanyrule", "handshake"),
            ("Aged receivables", "orders.exportrun:receivables", "account_balance_wallet"),
            ("Accounting exports", "orders.exportrun", "ios_share"),
            ("Prices", "orders.price", "sell"),
            ("Discounts", "orders.discount", "percent"),
            ("Tax rates", "orders.taxrate", "account_balance"),
            ("Tax codes", "orders.taxcode", "tag"),
            ("Exchange rates", "core.exchangerate", "currency_exchange"),
            ("Payment terms", "orders.paymentterms", "event_available"),
        ),
    ),
    (
        "Catalog",
        (
            ("SKUs", "inventory.sku", "category"),
            ("Warehouses", "inventory.warehouse", "warehouse"),
            ("Channels", "orders.channel", "hub"),
            ("Carriers", "fulfillment.carrieraccount", "local_shipping"),
        ),
    ),
    (
        "Channels",
        (
            ("Overview", "orders.channelaccount:channels", "hub"),
            ("Accounts", "orders.channelaccount", "link"),
            ("Listings", "orders.listing", "sell"),
            ("Orders of channels", "orders.channelorder", "shopping_bag"),
            ("Told to channels", "orders.channelcall", "outbox"),
        ),
    ),
    (
        "System",
        (
            ("Notifications", "core.notice", "notifications"),
            ("Notification rules", "core.subscription", "campaign"),
            ("Needs attention", "core.delivery", "warning"),
            ("Emails", "core.email", "mail"),
            ("Events", "core.event", "history"),
            ("Jobs", "core.job", "hourglass_top"),
            ("Users", "core.user", "group"),
            ("Roles", "core.role", "badge"),
            ("API clients", "core.apiclient", "key"),
            ("Webhooks", "core.webhookendpoint", "webhook"),
            ("Webhook deliveries", "core.webhookdelivery", "call_made"),
            ("Companies", "core.company", "domain"),
        ),
    ),
)

OWN = {
    "entry": ("add", "orders.order"),
    "receivables": ("see_receivables", None),
    "channels": ("view", "orders.channelaccount"),
}  # the rights to pages of their own


def stylesheet(request: HttpRequest) -> str:
    """The project's own few styles."""
    return static("oms/admin.css")


def script(request: HttpRequest) -> str:
    """The project's own few lines of script."""
    return static("oms/admin.js")


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu for the person who asks; empty groups are left out."""
    groups = [
        {
            "title": gettext(title),
            "separator": True,
            "items": [
                {"title": gettext(name), "icon": icon, "link": link}
                for name, address, icon in items
                if (link := _link(address, request))
            ],
        }
        for title, items in MENU
    ]
    return [group for group in groups if group["items"]]


def _link(address: str, request: HttpRequest) -> str:
    """Where an entry leads; empty where the person may not go there."""
    if address == "stations":
        may = any(may_work(request.user, station) for station in STATIONS)
        return reverse("stations") if may else ""
    label, _, own = address.partition(":")
    right, kind = OWN.get(own, ("view", label))
    if not policy.may(request.user, right, apps.get_model(kind) if kind else None):
        return ""
    return reverse(f"admin:{label.replace('.', '_')}_{own or 'changelist'}")
