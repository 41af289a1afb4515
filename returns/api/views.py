"""Returns: asked for, followed, and moved on by their operations."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from inventory.models import SKU
from oms.core import operations, policy
from oms.core.models import User
from oms.rest.documents import IDEMPOTENCY_KEY, DocumentViewSet, create_once, with_operations
from oms.rest.fields import AmountField, DecimalField, TextField, WholeField
from oms.rest.problems import Unknown
from oms.rest.records import RecordSerializer
from orders.models import Order
from returns import requests
from returns.models import ReturnLine, ReturnRequest, Settlement
from returns.requests import Asked


class ReturnLineSerializer(RecordSerializer[ReturnLine]):
    order_line = serializers.IntegerField(source="order_line.position")
    sku = serializers.CharField(source="order_line.sku.code")
    exchange_for = serializers.CharField(source="exchange_for.code", default=None, allow_null=True)
    component = serializers.CharField(source="component.code", default=None, allow_null=True)

    class Meta:
        model = ReturnLine
        fields = (
            "id",
            "order_line",
            "sku",
            "component",
            "share_percent",
            "quantity",
            "reason",
            "exchange_for",
            "good",
            "damaged",
            "missing",
        )


class SettlementSerializer(RecordSerializer[Settlement]):
    """Amounts credited, applied to open invoices and to be refunded."""

    credited, cleared, to_refund, difference_due = (
        AmountField(),
        AmountField(),
        AmountField(),
        AmountField(),
    )
    exchange = serializers.CharField(source="exchange.number", default=None, allow_null=True)

    class Meta:
        model = Settlement
        fields = ("credited", "cleared", "to_refund", "difference_due", "exchange")


class ReturnSerializer(RecordSerializer[ReturnRequest]):
    """A return. `settlement` is omitted for users who can't view prices."""

    order = serializers.CharField(source="order.number")
    warehouse = serializers.CharField(source="warehouse.code")
    lines = ReturnLineSerializer(many=True, read_only=True)
    settlement = serializers.SerializerMethodField()

    class Meta:
        model = ReturnRequest
        fields = (
            "number",
            "status",
            "version",
            "order",
            "warehouse",
            "resolution",
            "note",
            "created_at",
            "lines",
            "settlement",
        )

    @extend_schema(responses=SettlementSerializer)
    def get_settlement(self, request: ReturnRequest) -> dict[str, Any] | None:
        settlement = getattr(request, "settlement", None)
        if settlement is None or policy.lacks(self.context["request"].user, "view", Settlement):
            return None
        return dict(SettlementSerializer(settlement, context=self.context).data)


class AskedRequest(serializers.Serializer[Any]):
    order_line = WholeField(min_value=1, max_value=100_000, help_text=_("Order line position."))
    quantity = WholeField(min_value=1, max_value=1_000_000)
    reason = serializers.ChoiceField(
        choices=ReturnLine.Reason.choices, default=ReturnLine.Reason.UNWANTED
    )
    exchange_for = TextField(max_length=40, required=False, help_text=_("Replacement SKU."))
    component = TextField(
        max_length=40,
        required=False,
        help_text=_(
            "SKU of a kit's component, where pieces of it come back instead of whole kits."
        ),
    )
    share_percent = DecimalField(
        max_digits=5,
        decimal_places=2,
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("What one piece is worth, in percent of the kit's price."),
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One damaged piece",
            {
                "order": "SO-1042",
                "resolution": "refund",
                "lines": [{"order_line": 1, "quantity": 1, "reason": "damaged"}],
            },
            request_only=True,
        )
    ]
)
class ReturnRequestRequest(serializers.Serializer[Any]):
    """Items to return and the resolution the customer wants."""

    order = TextField(max_length=40)
    resolution = serializers.ChoiceField(
        choices=ReturnRequest.Resolution.choices, default=ReturnRequest.Resolution.REFUND
    )
    note = TextField(max_length=5000, required=False, allow_blank=True, default="")
    lines = serializers.ListField(child=AskedRequest(), min_length=1, max_length=1000)


class ReturnFilter(filters.FilterSet):
    order = filters.CharFilter(field_name="order__number")
    status = filters.MultipleChoiceFilter(choices=ReturnRequest.Status.choices)

    class Meta:
        model = ReturnRequest
        fields = ("order", "status", "resolution")


@with_operations
class ReturnViewSet(DocumentViewSet):
    """Create, list and retrieve returns."""

    area = "returns"
    rights = {"create": "view"}  # asks for the right to the operation on orders
    queryset = ReturnRequest.objects.select_related(
        "order", "warehouse", "settlement__exchange", "settlement__request__order"
    )
    serializer_class = ReturnSerializer
    filterset_class = ReturnFilter

    def get_queryset(self) -> QuerySet[Any]:
        return (
            super()
            .get_queryset()
            .prefetch_related("lines__order_line__sku", "lines__exchange_for", "lines__component")
        )

    @extend_schema(
        request=ReturnRequestRequest,
        responses={201: ReturnSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Creates a return. It's approved automatically if the return policy allows it."""
        user: Any = request.user
        operations.of(Order)["return"].require(user)
        form = ReturnRequestRequest(data=request.data)
        form.is_valid(raise_exception=True)
        return create_once(request, self, lambda: self.shown(self.ask(form.validated_data, user)))

    def ask(self, data: dict[str, Any], user: User) -> ReturnRequest:
        order = policy.scope(Order, user).filter(number=data["order"]).first()
        if order is None:
            raise Unknown(
                {
                    "order": [
                        (
                            gettext("Order %(order)r not found, or you don't have access.")
                            % {"order": data["order"]}
                        )
                    ]
                }
            )
        operations.of(Order)["return"].require(user, order)
        return requests.open_request(
            order,
            _asked(order, data["lines"]),
            resolution=data["resolution"],
            note=data["note"],
            by=user,
        )

    def shown(self, made: ReturnRequest) -> tuple[dict[str, Any], str]:
        row = self.get_queryset().get(pk=made.pk)
        return dict(self.get_serializer(row).data), reverse(
            "return-detail", args=[row.number], request=self.request
        )


def _asked(order: Order, rows: list[dict[str, Any]]) -> list[Asked]:
    lines = {line.position: line for line in order.lines.select_related("sku")}
    named = ("exchange_for", "component")
    skus = SKU.objects.in_bulk(
        [row[name] for row in rows for name in named if row.get(name)], field_name="code"
    )
    problems: list[dict[str, list[str]]] = []
    for row in rows:
        strange = {
            name: [gettext("SKU %(wanted)r not found.") % {"wanted": row[name]}]
            for name in named
            if row.get(name) and row[name] not in skus
        }
        if row["order_line"] not in lines:
            strange["order_line"] = [
                gettext("Line %(order_line)s not found on %(order)s.")
                % {"order": order, "order_line": row["order_line"]}
            ]
        problems.append(strange)
    if any(problems):
        raise Unknown({"lines": problems})
    return [
        Asked(
            lines[row["order_line"]],
            row["quantity"],
            row["reason"],
            skus.get(row.get("exchange_for", "")),
            skus.get(row.get("component", "")),
            row.get("share_percent"),
        )
        for row in rows
    ]
