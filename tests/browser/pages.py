"""The main pages of the back office, as (name, role, path): what the accessibility check and the pictures look at."""

from fulfillment.models import Shipment, Wave
from inventory.models import SKU, BinStock
from inventory.purchasing.models import PurchaseOrder
from oms.core.models import Company, Job, Role
from orders.accounting.models import ExportRun, Invoice
from orders.models import Customer, Order
from returns.models import ReturnRequest


def _of(model, role, name, **conditions):
    """The page of the first record that is so, where there is one."""
    row = model.objects.filter(**conditions).order_by("pk").first()
    opts = model._meta
    return (
        [(name, role, f"/admin/{opts.app_label}/{opts.model_name}/{row.pk}/change/")] if row else []
    )


def main_pages():
    """Every main page that there is with the records that there are."""
    order = Order.objects.filter(status="placed").order_by("pk").first()
    customer = Customer.objects.filter(invoices__isnull=False).order_by("pk").first()
    wave = Wave.objects.filter(status="released").order_by("pk").first()
    return [
        ("home of a manager", "manager", "/admin/"),
        ("home of a picker", "picker", "/admin/"),
        ("orders", "manager", "/admin/orders/order/"),
        ("order entry", "rep", "/admin/orders/order/entry/"),
        *_of(Order, "manager", "an order", status="confirmed"),
        *([("a form", "manager", f"/admin/orders/order/{order.pk}/do/cancel/")] if order else []),
        ("customers", "manager", "/admin/orders/customer/"),
        *_of(Customer, "manager", "a customer"),
        ("invoices", "accountant", "/admin/orders/invoice/"),
        *_of(Invoice, "accountant", "an invoice"),
        ("receivables", "accountant", "/admin/orders/exportrun/receivables/"),
        *(
            [("a statement", "accountant", f"/admin/orders/customer/statement/{customer.code}/")]
            if customer
            else []
        ),
        ("exports", "accountant", "/admin/orders/exportrun/"),
        *_of(ExportRun, "accountant", "an export"),
        ("a new export", "accountant", "/admin/orders/exportrun/new/"),
        ("events for webhooks", "accountant", "/admin/core/webhookendpoint/events/"),
        ("exchange rates", "accountant", "/admin/core/exchangerate/"),
        *_of(Company, "accountant", "a company"),
        ("shipments", "packer", "/admin/fulfillment/shipment/"),
        *_of(Shipment, "packer", "a shipment", status="packed"),
        *_of(Wave, "picker", "a wave"),
        *_of(ReturnRequest, "manager", "a return"),
        ("stock", "picker", "/admin/inventory/stock/"),
        *_of(BinStock, "picker", "stock in a bin"),
        *_of(PurchaseOrder, "buyer", "a purchase order"),
        *_of(SKU, "buyer", "a SKU"),
        ("import", "buyer", "/admin/inventory/sku/import/skus/"),
        *_of(Job, "manager", "a job"),
        ("who is told what", "manager", "/admin/core/subscription/"),
        ("notices", "rep", "/admin/core/notice/"),
        ("stations", "picker", "/stations/"),
        (
            "picking",
            "picker",
            f"/stations/pick/{f'#{wave.warehouse.code}/{wave.number}' if wave else ''}",
        ),
        ("packing", "packer", "/stations/pack/"),
        ("receiving", "buyer", "/stations/receive/"),
    ]


def role_pages():
    """The pages where superusers make roles."""
    preview = f"/admin/core/role/{Role.objects.get(name='rep').pk}/preview/"
    return [
        ("roles", "root", "/admin/core/role/"),
        ("a new role", "root", "/admin/core/role/add/"),
        *_of(Role, "root", "a built-in role", is_built_in=True),
        *_of(Role, "root", "a role", is_built_in=False),
        ("what a role sees", "root", preview),
    ]
