"""SKUs with a customer's price and what can be promised."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from inventory import availability
from inventory.api.filters import SKUFilter
from inventory.models import SKU
from oms.core import policy
from oms.rest.documents import ScopedViewSet
from oms.rest.fields import DecimalField, TextField
from oms.rest.problems import Unknown
from oms.rest.records import RecordSerializer
from orders import customer_prices, pasted_lines
from orders.api.entry import customer_of, parties
from orders.models import Customer
from orders.part_numbers import skus_of

CODE = {"type": "string", "pattern": "^[!-~]{1,20}$"}


class BarcodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    pack_name = serializers.CharField()
    pack_quantity = serializers.IntegerField(help_text=_("Base units."))


class SKUSerializer(RecordSerializer[SKU]):
    """A stock keeping unit; weight in g, sizes in mm."""

    category = serializers.CharField(source="category.name", default=None, allow_null=True)
    barcodes = BarcodeSerializer(many=True, read_only=True)

    class Meta:
        model = SKU
        fields = (
            "code",
            "name",
            "category",
            "base_unit",
            "tax_class",
            "weight_g",
            "length_mm",
            "width_mm",
            "height_mm",
            "hs_code",
            "origin",
            "tracking",
            "is_kit",
            "is_sellable",
            "barcodes",
        )


class WantedRequest(serializers.Serializer[Any]):
    sku = TextField(max_length=48, help_text=_("SKU code, customer part number or barcode."))
    quantity = serializers.IntegerField(
        min_value=1,
        max_value=1_000_000,
        default=1,
        allow_null=True,
        help_text=_("Base units; null for the price of one, without an amount."),
    )
    unit_price = DecimalField(
        max_digits=11,
        decimal_places=4,
        min_value=0,
        required=False,
        help_text=_("Defaults to the price that applies to the customer."),
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two products",
            {
                "customer": "12375",
                "channel": "reps",
                "items": [{"sku": "20846", "quantity": 12}, {"sku": "22423"}],
            },
            request_only=True,
        )
    ]
)
class LookupRequest(serializers.Serializer[Any]):
    """A customer, a channel and up to 500 SKUs."""

    customer = TextField(max_length=20)
    channel = TextField(max_length=20)
    items = serializers.ListField(child=WantedRequest(), min_length=1, max_length=500)


class Found(serializers.Serializer[Any]):
    """Price at this quantity and availability in base units."""

    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    unit_price = serializers.DecimalField(max_digits=16, decimal_places=4, allow_null=True)
    discount_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    price_source = serializers.CharField()
    amount = serializers.DecimalField(
        max_digits=16,
        decimal_places=3,
        allow_null=True,
        help_text=_(
            "Quantity × price, less the discount, rounded as an order's line; null without a "
            "price or quantity, and for users who see no prices."
        ),
    )
    available = serializers.IntegerField()
    by_warehouse = serializers.DictField(child=serializers.IntegerField())
    next_arrival = serializers.DateField(allow_null=True)
    projected = serializers.IntegerField(
        help_text=_("Left once waiting orders are served and purchases have come.")
    )


class LookupResponse(serializers.Serializer[Any]):
    """`total` is the sum of the amounts that are known, null where none is."""

    items = Found(many=True)
    total = serializers.DecimalField(max_digits=16, decimal_places=3, allow_null=True)
    prices_include_tax = serializers.BooleanField()


class BlockRequest(serializers.Serializer[Any]):
    """Pasted text with one order line per row."""

    customer = TextField(max_length=20)
    text = TextField(max_length=100_000)


class Suggestion(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class BlockLine(serializers.Serializer[Any]):
    """A parsed line. If no SKU matched, it contains the unmatched text and suggestions.

    `quantity` is null where the line doesn't plainly say a count; `doubt` is the text to ask about.
    """

    line = serializers.IntegerField()
    text = serializers.CharField()
    quantity = serializers.IntegerField(allow_null=True)
    doubt = serializers.CharField()
    sku = serializers.CharField(allow_null=True)
    rest = serializers.CharField()
    suggestions = Suggestion(many=True)


class SkippedLine(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    text = serializers.CharField()


class BlockResponse(serializers.Serializer[Any]):
    """`skipped`: greetings, headings, contacts and signatures around the order."""

    lines = BlockLine(many=True)
    skipped = SkippedLine(many=True)


class SKUViewSet(ScopedViewSet):
    """List and retrieve SKUs."""

    area = "catalog"
    reading_actions = ("lookup", "read_lines")
    queryset = SKU.objects.select_related("category").prefetch_related("barcodes")
    serializer_class = SKUSerializer
    lookup_field = "code"
    filterset_class = SKUFilter

    @extend_schema(request=LookupRequest, responses=LookupResponse)
    @action(detail=False, methods=["post"])
    def lookup(self, request: Request) -> Response:
        """Returns prices and availability for up to 500 SKUs. Read-only."""
        form = LookupRequest(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(look_up(**form.validated_data, user=request.user))

    @extend_schema(request=BlockRequest, responses=BlockResponse)
    @action(detail=False, methods=["post"], url_path="read-lines")
    def read_lines(self, request: Request) -> Response:
        """Parses order lines from pasted text. SKU and quantity can be in any order. Read-only."""
        form = BlockRequest(data=request.data)
        form.is_valid(raise_exception=True)
        customer = customer_of(form.validated_data["customer"], request.user)  # type: ignore[arg-type]
        block = pasted_lines.read_block(customer, form.validated_data["text"])
        skipped = [{"line": each.number, "text": each.text} for each in block.skipped]
        return Response(
            {
                "skipped": skipped,
                "lines": [
                    {
                        "line": each.read.number,
                        "text": each.read.text,
                        "quantity": each.read.quantity,
                        "doubt": each.read.doubt,
                        "sku": each.sku.code if each.sku else None,
                        "rest": each.read.rest,
                        "suggestions": [
                            {"code": sku.code, "name": sku.name} for sku in each.suggestions
                        ],
                    }
                    for each in block.lines
                ],
            }
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("customer", CODE, required=True),
            OpenApiParameter("channel", CODE, required=True),
            OpenApiParameter("quantity", {"type": "integer", "minimum": 1, "maximum": 1_000_000}),
        ],
        responses=Found,
    )
    @action(detail=True, methods=["get"])
    def price(self, request: Request, code: str) -> Response:
        """Returns price and availability for one SKU."""
        form = LookupRequest(
            data={
                "customer": request.query_params.get("customer"),
                "channel": request.query_params.get("channel"),
                "items": [
                    {
                        "sku": self.get_object().code,
                        "quantity": request.query_params.get("quantity", 1),
                    }
                ],
            }
        )
        form.is_valid(raise_exception=True)
        (found,) = look_up(**form.validated_data, user=request.user)["items"]
        return Response(found)


def look_up(
    *, customer: str, channel: str, items: list[dict[str, Any]], user: Any
) -> dict[str, Any]:
    """Prices, amounts and availability; raises Unknown for what does not exist, with its line."""
    buyer, through = parties(customer, channel, user)
    wanted = _wanted(items, buyer)
    quoted = customer_prices.prices_for(buyer, through, wanted)
    stock = availability.available(
        {each.sku.pk: each.sku for each in wanted}.values(), through.company
    )
    if not policy.shows(user, SKU, "price"):
        quoted = [replace(price, unit_price=None, amount=None) for price in quoted]
    amounts = [price.amount for price in quoted if price.amount is not None]
    return {
        "items": [
            _found(*each, stock, buyer.currency) for each in zip(wanted, quoted, strict=True)
        ],
        "total": str(sum(amounts)) if amounts else None,
        "prices_include_tax": customer_prices.prices_include_tax(buyer, through),
    }


def _wanted(items: list[dict[str, Any]], customer: Customer) -> list[customer_prices.Wanted]:
    skus = skus_of([item["sku"] for item in items], customer)
    missing = {
        index: {"sku": [gettext("SKU %(code)r not found.") % {"code": item["sku"]}]}
        for index, item in enumerate(items)
        if item["sku"] not in skus
    }
    if missing:
        raise Unknown({"items": [missing.get(index, {}) for index in range(len(items))]})
    return [customer_prices.Wanted(**{**item, "sku": skus[item["sku"]]}) for item in items]


def _found(
    wanted: customer_prices.Wanted,
    price: customer_prices.Quoted,
    stock: dict[int, availability.Available],
    currency: str,
) -> dict[str, Any]:
    there = stock[wanted.sku.pk]
    return {
        "sku": wanted.sku.code,
        "name": wanted.sku.name,
        "quantity": wanted.quantity,
        "currency": currency,
        "unit_price": None if price.unit_price is None else str(price.unit_price),
        "discount_percent": str(price.discount_percent),
        "price_source": price.source,
        "amount": None if price.amount is None else str(price.amount),
        "available": there.quantity,
        "by_warehouse": there.by_warehouse,
        "next_arrival": there.next_arrival,
        "projected": there.projected,
    }
