"""Lists of orders as people think of them."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inventory.models import Demand
from oms.core.models import User
from oms.core.models.company import today_of
from oms.core.wording import Words
from orders.models import Order, OrderHold, Promise

WANTED = F("units") - F("canceled")
CONFIRMED = Q(status=Order.Status.CONFIRMED)
Narrow = Callable[[QuerySet[Order], User], QuerySet[Order]]


def _mine(orders: QuerySet[Order], user: User) -> QuerySet[Order]:
    return orders.filter(customer__rep=user)


def _late(orders: QuerySet[Order], user: User) -> QuerySet[Order]:
    return orders.filter(CONFIRMED, today_of("requested_on__lt"), shipped__lt=WANTED)


def _short(orders: QuerySet[Order], user: User) -> QuerySet[Order]:
    """Not those that reserve their stock on a later day."""
    later = Demand.objects.filter(today_of("reserve_from__gt"), unreserved__gt=0)
    waits = Promise.objects.filter(demand__in=later)
    return orders.filter(CONFIRMED, reserved__lt=WANTED).exclude(pk__in=waits.values("line__order"))


def _on_hold(orders: QuerySet[Order], user: User) -> QuerySet[Order]:
    return orders.filter(
        pk__in=OrderHold.objects.filter(released_at=None).values("order"),
        status__in=[Order.Status.PLACED, Order.Status.CONFIRMED],
    )


def _ready(orders: QuerySet[Order], user: User) -> QuerySet[Order]:
    today = Q(requested_on=None) | today_of("requested_on__lte")
    return orders.filter(CONFIRMED, today, reserved__gte=WANTED, shipped__lt=WANTED)


VIEWS: dict[str, tuple[Words, Narrow]] = {
    "mine": (_("My customers"), _mine),
    "late": (_("Overdue to ship"), _late),
    "short": (_("Backordered"), _short),
    "hold": (_("On hold"), _on_hold),
    "ready": (_("Ready to ship today"), _ready),
}


class View(SimpleListFilter):
    """Orders of one's customers, late ones, short ones, those on hold, those ready to ship today."""

    title = _("view")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return [(name, title) for name, (title, _narrow) in VIEWS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        user: Any = request.user
        chosen = VIEWS.get(self.value() or "")
        return chosen[1](queryset, user) if chosen else queryset
