"""The API's addresses, and its description."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny
from rest_framework.routers import SimpleRouter

from fulfillment.api.views import ShipmentViewSet
from inventory.api.views import StockViewSet, WarehouseViewSet
from oms.rest import problems
from oms.rest import schema as description
from oms.rest.events import EventViewSet
from oms.rest.requests import RequestViewSet
from oms.rest.webhooks import WebhookDeliveryViewSet, WebhookViewSet
from orders.accounting.api.views import InvoiceViewSet
from orders.api.catalog import SKUViewSet
from orders.api.views import CustomerViewSet, OrderViewSet, QuoteViewSet
from returns.api.views import ReturnViewSet

router = SimpleRouter()
router.register("customers", CustomerViewSet, "customer")
router.register("skus", SKUViewSet, "sku")
router.register("stock", StockViewSet, "stock")
router.register("warehouses", WarehouseViewSet, "warehouse")
router.register("quotes", QuoteViewSet, "quote")
router.register("orders", OrderViewSet, "order")
router.register("shipments", ShipmentViewSet, "shipment")
router.register("invoices", InvoiceViewSet, "invoice")
router.register("returns", ReturnViewSet, "return")
router.register("events", EventViewSet, "event")
router.register("webhooks", WebhookViewSet, "webhook")
router.register("webhook-deliveries", WebhookDeliveryViewSet, "webhook-delivery")
router.register("requests", RequestViewSet, "request")


@csrf_exempt
def no_such_address(request: HttpRequest, **values: Any) -> JsonResponse:
    """An address that the API does not have, as a problem."""
    problem = problems.describe(Http404()) or {}
    return JsonResponse(problem, status=404, content_type="application/problem+json")


schema = SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[AllowAny])
page = SpectacularSwaggerView.as_view(
    url_name="api-schema", authentication_classes=[], permission_classes=[AllowAny]
)
DESCRIBERS = (
    description.DecimalDescription,
    description.TextDescription,
)  # loaded before it is first made

urlpatterns = [
    path("v1/schema/", schema, name="api-schema"),
    path("docs/", page, name="api-docs"),
    path("v1/", include(router.urls)),
    re_path("", no_such_address),
]


class TokenScheme(OpenApiAuthenticationExtension):
    """How the description names the two ways to log in."""

    target_class = "oms.rest.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "API token, starting with oms_."}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "oms.rest.authentication.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
