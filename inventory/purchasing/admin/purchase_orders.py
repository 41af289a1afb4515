"""Purchase orders in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from inventory.models import Warehouse
from inventory.purchasing import alerts, replenishment
from inventory.purchasing.models import PurchaseLine, PurchaseOrder
from oms.backoffice.access import Lines
from oms.backoffice.documents import DocumentAdmin
from oms.core import policy

MOST_SAID = 10  # of what a reorder check could not serve; notices name the rest


class PurchaseLines(Lines):
    model = PurchaseLine
    is_editable = True
    fields = ["sku", "quantity", "unit_cost", "received", "damaged", "returned", "replacing"]
    readonly_fields = ["received", "damaged", "returned", "replacing"]
    autocomplete_fields = ["sku"]
    reads_with = ("order__supplier",)


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(DocumentAdmin):
    editable_statuses = ("proposed",)
    list_display = ["number", "supplier", "warehouse", "status", "expected_on"]
    list_filter = ["status", "warehouse"]
    list_select_related = ["supplier", "warehouse"]
    search_fields = exact_search_fields = ["number"]
    fields = ["company", "supplier", "warehouse", "currency", "expected_on", "note"]
    inlines = [PurchaseLines]

    def get_urls(self) -> Any:
        return [
            path("check/", self.admin_site.admin_view(self.check_view), name="reorder_check"),
            *super().get_urls(),
        ]

    def check_view(self, request: HttpRequest) -> HttpResponseRedirect:
        """The button that runs the reorder check now."""
        user: Any = request.user
        if request.method == "POST" and self.has_add_permission(request):
            within = policy.scope(Warehouse, user, "add", PurchaseOrder)
            self._say(request, replenishment.reorder_check(within=within, by=user))
            alerts.watch_all()
        return HttpResponseRedirect(reverse("admin:inventory_purchaseorder_changelist"))

    def _say(self, request: HttpRequest, check: replenishment.Check) -> None:
        numbers = ", ".join(document.number for document in [*check.orders, *check.transfers])
        messages.success(
            request, _("Reorder check: %(numbers)s.") % {"numbers": numbers or _("nothing to buy")}
        )
        for each in check.unserved[:MOST_SAID]:
            messages.warning(
                request,
                _("Nothing could be proposed for %(sku)s in %(warehouse)s: %(reason)s.")
                % {"sku": each.sku, "warehouse": each.warehouse, "reason": each.reason},
            )
        if len(check.unserved) > MOST_SAID:
            messages.warning(
                request,
                _("%(count)s more could not be served.")
                % {"count": len(check.unserved) - MOST_SAID},
            )

    list_tools_template, list_tools_rights = "admin/oms/reorder_button.html", ("add",)
