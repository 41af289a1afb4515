"""The home page: what is to be done now, by right, each number a link to exactly those rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from fulfillment.models import Shipment, Wave
from inventory.models import Count
from inventory.purchasing.models import PurchaseOrder
from oms.background import jobs
from oms.core import attention, outbox, policy
from oms.core.models import Delivery, Job, Notice, User
from oms.core.models.company import latest_day
from oms.core.wording import Words
from oms.insights import charts
from oms.insights.models import DailySales, DailyShipping, StockOutlook
from orders.accounting.models import Invoice
from orders.models import Order
from returns.models import ReturnRequest

MOST = 1000


@dataclass(frozen=True)
class ToDo:
    """A kind of work: by which right it is somebody's, which rows, and the list that shows them."""

    title: Words
    right: tuple[str, Any]
    rows: Callable[[User], QuerySet[Any]]
    page: str
    query: str = ""
    more: Callable[[User], int] = lambda user: 0  # what its page says above its rows, each counted

    @property
    def kind(self) -> type[Model]:
        """The kind of record that its page lists."""
        return apps.get_model(self.page.replace("_", "."))


def _of(model: Any, **conditions: Any) -> Callable[[User], QuerySet[Any]]:
    return lambda user: policy.scope(model, user).filter(**conditions)


def _sees_alarms(user: User) -> bool:
    """Whether somebody is told what is wrong anywhere."""
    return policy.has_everywhere(user, "view", Delivery)


TO_DO = (
    ToDo(
        _("Drafts and open quotes"),
        ("place", Order),
        _of(Order, status__in=["draft", "quoted"]),
        "orders_order",
        "status__in=draft,quoted",
    ),
    ToDo(
        _("Orders to confirm"),
        ("confirm", Order),
        _of(Order, status="placed"),
        "orders_order",
        "status__exact=placed",
    ),
    ToDo(
        _("Shipments to pick"),
        ("release", Wave),
        _of(Shipment, status="open"),
        "fulfillment_shipment",
        "status__exact=open",
    ),
    ToDo(
        _("Waves to pick"),
        ("expect", Wave),
        _of(Wave, status="released"),
        "fulfillment_wave",
        "status__exact=released",
    ),
    ToDo(
        _("Shipments being picked"),
        ("pick_all", Shipment),
        _of(Shipment, status="picking"),
        "fulfillment_shipment",
        "status__exact=picking",
    ),
    ToDo(
        _("Packed shipments"),
        ("expect", Shipment),
        _of(Shipment, status="packed"),
        "fulfillment_shipment",
        "status__exact=packed",
    ),
    ToDo(
        _("Returns to approve"),
        ("approve", ReturnRequest),
        _of(ReturnRequest, status="requested"),
        "returns_returnrequest",
        "status__exact=requested",
    ),
    ToDo(
        _("Returns to receive"),
        ("receive", ReturnRequest),
        _of(ReturnRequest, status="approved"),
        "returns_returnrequest",
        "status__exact=approved",
    ),
    ToDo(
        _("Returns to inspect"),
        ("expect", ReturnRequest),
        _of(ReturnRequest, status="received"),
        "returns_returnrequest",
        "status__exact=received",
    ),
    ToDo(
        _("Purchase orders to approve"),
        ("approve", PurchaseOrder),
        _of(PurchaseOrder, status="proposed"),
        "inventory_purchaseorder",
        "status__exact=proposed",
    ),
    ToDo(
        _("Purchase orders to receive"),
        ("send", PurchaseOrder),
        _of(PurchaseOrder, status="sent"),
        "inventory_purchaseorder",
        "status__exact=sent",
    ),
    ToDo(
        _("Overdue invoices"),
        ("record_payment", Invoice),
        lambda user: policy.scope(Invoice.objects, user).open().overdue(),
        "orders_invoice",
        "due=overdue",
    ),
    ToDo(
        _("Open invoices"),
        ("record_payment", Invoice),
        lambda user: policy.scope(Invoice.objects, user).open().exclude(kind="credit"),
        "orders_invoice",
        "due=open",
    ),
    ToDo(
        _("Counts to reconcile"),
        ("reconcile", Count),
        _of(Count, status="counted"),
        "inventory_count",
        "status__exact=counted",
    ),
    ToDo(
        _("Needs attention"),
        ("view", Delivery),
        lambda user: policy.scope(outbox.standing(), user),
        "core_delivery",
        more=lambda user: attention.others() if _sees_alarms(user) else 0,
    ),
    ToDo(
        _("Waiting for a worker"),
        ("oversee", Job),
        lambda user: policy.scope(jobs.late(), user),
        "core_job",
        "waits=1",
    ),
    ToDo(
        _("Unread notifications"),
        ("view", Notice),
        _of(Notice, read_at=None),
        "core_notice",
        "read_at__isempty=1",
    ),
)


def mine(user: User) -> list[ToDo]:
    """What is somebody's work, as far as they may view its records."""
    return [
        todo
        for todo in TO_DO
        if policy.may(user, *todo.right) and policy.may(user, "view", todo.kind)
    ]


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Count what is to be done, each to a thousand at the most."""
    user: Any = request.user
    context["to_do"] = [(todo.title, _count(todo, user), _link(todo)) for todo in mine(user)]
    context["alarms"] = attention.alarms() if _sees_alarms(user) else []
    today = latest_day()
    offered: tuple[tuple[str, type[Model], Callable[[], Any]], ...] = (
        ("view", DailySales, lambda: charts.sales(policy.scope(DailySales, user), today)),
        (
            "pick_all",
            Shipment,
            lambda: charts.order_to_ship(policy.scope(DailyShipping, user), today),
        ),
        ("view", StockOutlook, lambda: charts.stock_outs_ahead(policy.scope(StockOutlook, user))),
    )
    drawn = [
        chart()
        for right, kind, chart in offered
        if policy.may(user, right, kind) and policy.may(user, "view", kind)
    ]
    context["charts"] = [chart for chart in drawn if chart is not None]
    return context


def _count(todo: ToDo, user: User) -> str:
    count = todo.rows(user).order_by().values("pk")[: MOST + 1].count() + todo.more(user)
    return f"{MOST}+" if count > MOST else str(count)


def _link(todo: ToDo) -> str:
    return reverse(f"admin:{todo.page}_changelist") + (f"?{todo.query}" if todo.query else "")
