"""Customers, orders, quotes and invoices."""

from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from inventory.models import SKU
from oms.core import idempotency, operations, policy
from oms.core.errors import DomainError
from oms.core.locking import atomic
from oms.core.money import round_amount
from oms.rest import problems
from oms.rest.authentication import client_of
from oms.rest.documents import (
    IDEMPOTENCY_KEY,
    DocumentViewSet,
    ScopedViewSet,
    create_once,
    key_of_request,
    with_operations,
)
from orders import exposure, lifecycle, order_entry, part_numbers
from orders.api.entry import entry_of
from orders.api.filters import CustomerFilter, OrderFilter
from orders.api.serializers import (
    BulkOrdersRequest,
    BulkOrdersResponse,
    CreditResponse,
    CustomerSerializer,
    OrderRequest,
    OrderSerializer,
    OrderSummarySerializer,
    PartNumberRequest,
    QuoteRequest,
)
from orders.models import Customer, Order, OrderCharge, OrderHold

WHOLE = (
    lifecycle.LINES,
    Prefetch("charges", OrderCharge.objects.order_by("pk")),
    Prefetch("holds", OrderHold.objects.order_by("pk")),
)


class CustomerViewSet(ScopedViewSet):
    """Manage customers. Sales reps see only their own."""

    area = "customers"
    rights = {"part_numbers": "change"}
    queryset = Customer.objects.select_related("company").prefetch_related("addresses")
    serializer_class = CustomerSerializer
    lookup_field = "code"
    filterset_class = CustomerFilter

    @extend_schema(responses=CreditResponse)
    @action(detail=True, methods=["get"])
    def credit(self, request: Request, code: str) -> Response:
        """Returns the customer's credit limit, exposure and available credit. `null` means no limit."""
        customer = self.get_object()
        if not policy.shows(request.user, Customer, "credit"):
            raise PermissionDenied(_("None of your roles may see amounts."))
        used, limit = exposure.of(customer), customer.credit_limit
        amounts = {"limit": limit, "used": used, "left": None if limit is None else limit - used}
        return Response(
            {"currency": customer.currency}
            | {
                name: None if amount is None else str(round_amount(amount, customer.currency))
                for name, amount in amounts.items()
            }
        )

    @extend_schema(request=PartNumberRequest, responses=PartNumberRequest)
    @action(detail=True, methods=["put"], url_path="part-numbers")
    def part_numbers(self, request: Request, code: str) -> Response:
        """Sets the customer's part number for a SKU. Overwrites any existing one."""
        form = PartNumberRequest(data=request.data)
        form.is_valid(raise_exception=True)
        sku = SKU.objects.filter(code=form.validated_data["sku"]).first()
        if sku is None:
            raise problems.Unknown(
                {"sku": [_("SKU %(sku)r not found.") % {"sku": form.validated_data["sku"]}]}
            )
        kept = part_numbers.remember(self.get_object(), form.validated_data["code"], sku)
        return Response({"code": kept.code, "sku": sku.code})


class _OrdersInput(DocumentViewSet):
    """What orders and quotes have in common."""

    area = "orders"
    queryset = Order.objects.select_related("customer", "channel")
    serializer_class = OrderSerializer
    filterset_class = OrderFilter

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "list" else rows.prefetch_related(*WHOLE)

    def get_serializer_class(self) -> Any:
        return OrderSummarySerializer if self.action == "list" else OrderSerializer

    def shown(self, order: Order) -> tuple[dict[str, Any], str]:
        """An order's representation and address."""
        prefetch_related_objects([order], *WHOLE)
        return dict(self.get_serializer(order).data), reverse(
            "order-detail", args=[order.number], request=self.request
        )


@with_operations
class OrderViewSet(_OrdersInput):
    """Create, list and retrieve orders and run operations."""

    rights = {"bulk": "add"}

    @extend_schema(
        request=OrderRequest, responses={201: OrderSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def create(self, request: Request) -> Response:
        """Places an order and confirms it (unless `confirm` is `false`) in one transaction."""
        form = OrderRequest(data=request.data)
        form.is_valid(raise_exception=True)
        return create_once(request, self, lambda: self.shown(self.enter(form.validated_data)))

    def enter(self, data: dict[str, Any]) -> Order:
        """Place and confirm what a valid request asks for."""
        user: Any = self.request.user
        if data["confirm"]:
            operations.of(Order)["confirm"].require(user)
        with atomic():
            order = order_entry.enter(entry_of(data, user), by=user)
            return lifecycle.confirm(order, by=user) if data["confirm"] else order

    @extend_schema(
        request=BulkOrdersRequest, responses=BulkOrdersResponse, parameters=[IDEMPOTENCY_KEY]
    )
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Create up to 100 orders, each in its own transaction, and return one result per order.

        Sent again with the same key and the same orders, those that were entered are replayed, and those that were
        refused are tried again.
        """
        form = BulkOrdersRequest(data=request.data)
        form.is_valid(raise_exception=True)
        key = key_of_request(request)
        sent: Any = request.data
        results = [
            self._one_of_many(index, data, raw, key)
            for index, (data, raw) in enumerate(
                zip(form.validated_data["orders"], sent["orders"], strict=True)
            )
        ]
        done = sum(result["problem"] is None for result in results)
        return Response({"done": done, "failed": len(results) - done, "results": results})

    def _one_of_many(self, index: int, data: dict[str, Any], raw: Any, key: str) -> dict[str, Any]:
        def answer() -> dict[str, Any]:
            body, location = self.shown(self.enter(data))
            return {"status": 201, "body": body, "location": location}

        try:
            made = idempotency.once(client_of(self.request), f"{key}/{index}", raw, answer)
        except Exception as error:
            problem = problems.describe(error)
            if problem is None:
                raise
            return {"index": index, "status": problem["status"], "number": None, "problem": problem}
        return {"index": index, "status": 201, "number": made["body"]["number"], "problem": None}


class QuoteViewSet(_OrdersInput):
    """Create and list quotes. To turn a quote into an order, call `POST /orders/{number}/place/`."""

    queryset = Order.objects.select_related("customer", "channel").filter(
        status=Order.Status.QUOTED
    )

    @extend_schema(
        request=QuoteRequest, responses={201: OrderSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def create(self, request: Request) -> Response:
        """Creates a quote at today's prices."""
        form = QuoteRequest(data=request.data)
        form.is_valid(raise_exception=True)
        return create_once(request, self, lambda: self.shown(self.offer(form.validated_data)))

    def offer(self, data: dict[str, Any]) -> Order:
        user: Any = self.request.user
        operations.of(Order)["quote"].require(user)
        with atomic():
            order = order_entry.draft(entry_of(data, user), by=user)
            return order_entry.quote(order, valid_until=data["valid_until"], by=user)


__all__ = ["CustomerViewSet", "DomainError", "OrderViewSet", "QuoteViewSet"]
