"""The pages of the stations, their work as JSON, and the address that takes what was done."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from fulfillment.models import Shipment
from fulfillment.shipments import LIVE
from fulfillment.stations import actions, worklists
from inventory.models import BinStock, Count, Warehouse
from inventory.purchasing.models import PurchaseOrder
from oms.core import policy
from oms.core.errors import DomainError, Refused
from oms.core.models import User
from oms.printing import printout_revisions

STATIONS = {
    "receive": _("Receive"),
    "put-away": _("Put away"),
    "pick": _("Pick"),
    "pack": _("Pack and ship"),
    "count": _("Count"),
    "move": _("Move"),
    "look-up": _("Look up"),
}
RIGHTS: dict[
    str, tuple[str, Any]
] = {  # to do the work of a station; who has one may look things up
    "receive": ("receive", PurchaseOrder),
    "put-away": ("receive", PurchaseOrder),
    "pick": ("pick_all", Shipment),
    "pack": ("pack", Shipment),
    "count": ("record_counts", Count),
    "move": ("move", BinStock),
}
STATION_OF = {
    "short": "pick",
    "put_away": "put-away",
    "ship": "pack",
    "split": "pick",
}  # acts that are not called as their station
SCRIPTS = {
    "pick": "pick",
    "pack": "pack",
    "receive": "receive",
    "put-away": "receive",
    "count": "stock",
    "move": "stock",
    "look-up": "stock",
}
View = Callable[..., HttpResponse]


def may_work(user: Any, station: str) -> bool:
    """Whether a person may use a station."""
    if not (user.is_authenticated and user.is_staff and station in STATIONS):
        return False
    rights = [RIGHTS[station]] if station in RIGHTS else RIGHTS.values()
    return any(policy.may(user, right, kind) for right, kind in rights)


def warehouses_of(user: User, station: str) -> Any:
    """Where a person does the work of a station."""
    seen = policy.scope(Warehouse, user)
    if station in RIGHTS:
        seen = policy.scope(seen, user, *RIGHTS[station])
    open_there = Shipment.objects.filter(status__in=LIVE).values(
        "warehouse"
    )  # what is begun is finished
    return seen.filter(Q(is_active=True) | Q(pk__in=open_there), kind=Warehouse.Kind.OWN)


def _answered(view: View) -> View:
    """A view of JSON: who may not is a 403, what is refused a 409, each with a message."""

    @wraps(view)
    def answer(request: HttpRequest, station: str) -> HttpResponse:
        if not may_work(request.user, station):
            return JsonResponse(
                {"message": gettext("No access to this station. Log in again.")}, status=403
            )
        try:
            return view(request, station)
        except DomainError as refused:
            return JsonResponse({"message": refused.message, "code": refused.code}, status=409)

    return answer


@ensure_csrf_cookie
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The stations that are open to a person, as large buttons."""
    user: Any = request.user
    if not (user.is_authenticated and user.is_staff):
        return redirect_to_login(request.get_full_path())
    stations = [(name, title) for name, title in STATIONS.items() if may_work(user, name)]
    if not stations:
        raise Http404
    return render(request, "stations/home.html", {"stations": stations})


@ensure_csrf_cookie
@require_GET
def station_page(request: HttpRequest, station: str) -> HttpResponse:
    """A station: everything else it does by script."""
    user: Any = request.user
    if not (user.is_authenticated and user.is_staff):
        return redirect_to_login(request.get_full_path())
    if not may_work(user, station):
        raise Http404
    return render(
        request,
        "stations/station.html",
        {
            "station": station,
            "title": STATIONS[station],
            "scripts": [
                f"oms/stations/{name}.js"
                for name in ("asking", "server", "steps", SCRIPTS[station], "start")
            ],
            "setup": {
                "station": station,
                "todo_url": reverse("station_todo", args=[station]),
                "act_urls": {name: reverse("station_act", args=[name]) for name in STATIONS},
                "user": user.pk,
                "warehouses": list(
                    warehouses_of(user, station).order_by("code").values_list("code", flat=True)
                ),
            },
        },
    )


def _warehouse(request: HttpRequest, station: str, code: Any) -> Warehouse:
    user: Any = request.user
    warehouse: Warehouse | None = warehouses_of(user, station).filter(code=code).first()
    if warehouse is None:
        raise Refused(
            gettext("You aren't assigned to warehouse %(code)s.") % {"code": code}, code="unknown"
        )
    return warehouse


@require_GET
@_answered
def todo_view(request: HttpRequest, station: str) -> HttpResponse:
    """What there is to do: `?warehouse=` and, of one wave, order or shipment, `?name=`."""
    user: Any = request.user
    find = worklists.WORK["look-up" if "look" in request.GET or station == "move" else station]
    name, printed = printout_revisions.parse(request.GET.get("name", "").replace("\x00", ""))
    found = find(_warehouse(request, station, request.GET.get("warehouse")), user, name)
    if printed is not None:
        changes = worklists.changed_since(name, printed, user)
        found["changed"] = [*found.get("changed", []), *changes]
    return JsonResponse(found)


@require_POST
@_answered
def act_view(request: HttpRequest, station: str) -> HttpResponse:
    """Take what was done: {"id", "warehouse", "action", "body"}."""
    user: Any = request.user
    try:
        sent = json.loads(request.body)
        key, action, body = UUID(str(sent["id"])), str(sent["action"]), dict(sent["body"])
    except (ValueError, KeyError, TypeError) as error:
        return JsonResponse(
            {"message": (gettext("Can't read this scan: %(error)s.") % {"error": error})},
            status=400,
        )
    if STATION_OF.get(action, action) != station or action not in actions.ACTS:
        return JsonResponse(
            {
                "message": (
                    gettext("%(action)s isn't available at this station.") % {"action": action}
                )
            },
            status=400,
        )
    return JsonResponse(
        actions.perform(
            key, action, _warehouse(request, station, sent.get("warehouse")), body, by=user
        )
    )


urlpatterns = [
    path("", home, name="stations"),
    path("<slug:station>/", station_page, name="station"),
    path("<slug:station>/todo/", todo_view, name="station_todo"),
    path("<slug:station>/act/", act_view, name="station_act"),
]
