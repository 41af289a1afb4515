"""How orders and what belongs to them look to programs."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from inventory import demand
from oms.rest.fields import (
    AddressSerializer,
    AmountField,
    DayField,
    DecimalField,
    FlagField,
    TextField,
    WholeField,
)
from oms.rest.records import RecordSerializer
from orders.models import Address, Customer, Order, OrderCharge, OrderHold, OrderLine

PROGRESS = ("canceled", "reserved", "picked", "shipped", "invoiced", "returned")


class CustomerAddressSerializer(RecordSerializer[Address]):
    class Meta:
        model = Address
        fields = (
            "id",
            "name",
            "street",
            "postal_code",
            "city",
            "region",
            "country",
            "is_billing",
            "is_shipping",
        )


class CustomerSerializer(RecordSerializer[Customer]):
    """A customer with payment terms and addresses."""

    credit_limit = AmountField()
    company = serializers.CharField(
        source="company.code",
        default=None,
        read_only=True,
        allow_null=True,
        help_text=_("Code of the company that sells to them; null: every company."),
    )
    addresses = CustomerAddressSerializer(many=True, read_only=True)

    class Meta:
        model = Customer
        fields = (
            "code",
            "name",
            "email",
            "currency",
            "company",
            "terms_days",
            "credit_limit",
            "vat_number",
            "is_tax_exempt",
            "is_active",
            "addresses",
        )


class CreditResponse(serializers.Serializer[Any]):
    """A customer's credit limit, exposure and available credit. `null` means no limit."""

    currency = serializers.CharField()
    limit = serializers.CharField(allow_null=True)
    used = serializers.CharField()
    left = serializers.CharField(allow_null=True)


class PartNumberRequest(serializers.Serializer[Any]):
    """A customer part number."""

    code = TextField(max_length=40)
    sku = TextField(max_length=40)


class OrderLineSerializer(RecordSerializer[OrderLine]):
    sku = serializers.CharField(source="sku.code")
    net, tax, gross = AmountField(), AmountField(), AmountField()
    warehouses = serializers.SerializerMethodField(
        help_text=_("Units reserved or shipped, by warehouse code.")
    )

    class Meta:
        model = OrderLine
        fields = (
            "position",
            "sku",
            "description",
            "quantity",
            "unit_price",
            "price_source",
            "discount_percent",
            "tax_percent",
            "net",
            "tax",
            "gross",
            "origin",
            "warehouses",
            *PROGRESS,
        )

    def get_warehouses(self, line: OrderLine) -> dict[str, int]:
        """Return the units of a line by warehouse, read once for all lines of its order."""
        order: Any = line.order
        if not hasattr(order, "placed_in"):
            order.placed_in = demand.placed_in(str(order.number))
        return dict(sorted(order.placed_in.get(line.pk, {}).items()))


class OrderChargeSerializer(RecordSerializer[OrderCharge]):
    amount = AmountField()

    class Meta:
        model = OrderCharge
        fields = ("kind", "description", "amount", "is_invoiced", "is_canceled")


class HoldSerializer(RecordSerializer[OrderHold]):
    class Meta:
        model = OrderHold
        fields = ("kind", "reason", "placed_at", "released_at")


class OrderSummarySerializer(RecordSerializer[Order]):
    """An order summary."""

    customer = serializers.CharField(source="customer.code")
    channel = serializers.CharField(source="channel.code")
    net, tax, gross = AmountField(), AmountField(), AmountField()

    class Meta:
        model = Order
        fields: tuple[str, ...] = (
            "number",
            "status",
            "version",
            "customer",
            "channel",
            "external_id",
            "customer_reference",
            "currency",
            "placed_on",
            "valid_until",
            "requested_on",
            "created_at",
            "net",
            "tax",
            "gross",
            "units",
            *PROGRESS,
        )


class OrderSerializer(OrderSummarySerializer):
    """An order with its lines, charges and holds."""

    ship_to, bill_to = AddressSerializer(), AddressSerializer()
    lines = OrderLineSerializer(many=True, read_only=True)
    charges = OrderChargeSerializer(many=True, read_only=True)
    holds = HoldSerializer(many=True, read_only=True)
    ship_complete = serializers.BooleanField(source="ships_complete")

    class Meta(OrderSummarySerializer.Meta):
        fields = (
            *OrderSummarySerializer.Meta.fields,
            "note",
            "discount_percent",
            "prices_include_tax",
            "exchange_rate",
            "ship_to",
            "bill_to",
            "ship_complete",
            "lines",
            "charges",
            "holds",
        )


class LineRequest(serializers.Serializer[Any]):
    """An order line. Omit `unit_price` to use the customer's price."""

    sku = TextField(max_length=48, help_text=_("SKU code, customer part number or barcode."))
    quantity = WholeField(min_value=1, max_value=1_000_000)
    unit_price = DecimalField(max_digits=11, decimal_places=4, min_value=0, required=False)
    discount_percent = DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False
    )
    description = TextField(max_length=200, required=False, allow_blank=True)


class ChargeRequest(serializers.Serializer[Any]):
    """Freight, a fee or an allowance. Allowances are negative."""

    kind = serializers.ChoiceField(choices=OrderCharge.Kind.choices)
    description = TextField(max_length=200)
    amount = DecimalField(max_digits=12, decimal_places=3)


class EntryRequest(serializers.Serializer[Any]):
    """What an order and a quote have in common."""

    customer = TextField(max_length=20, help_text=_("Customer code."))
    channel = TextField(max_length=20, help_text=_("Channel code."))
    lines = serializers.ListField(child=LineRequest(), min_length=1, max_length=1000)
    charges = serializers.ListField(child=ChargeRequest(), max_length=50, required=False)
    customer_reference = TextField(max_length=80, required=False, allow_blank=True)
    note = TextField(max_length=5000, required=False, allow_blank=True)
    requested_on = DayField(required=False)
    discount_percent = DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False
    )
    ship_to = AddressSerializer(required=False, help_text=_("Defaults to customer address."))
    ship_to_address = WholeField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text=_("The `id` of one of the customer's addresses, instead of `ship_to`."),
    )
    bill_to = AddressSerializer(required=False, help_text=_("Defaults to customer address."))
    external_id = TextField(
        max_length=80, required=False, help_text=_("Your order number, unique per channel.")
    )
    ship_complete = FlagField(
        required=False,
        help_text=_(
            "Nothing leaves until everything ordered is in stock. Defaults to the customer's setting."
        ),
    )


ORDER = {
    "customer": "12375",
    "channel": "reps",
    "external_id": "WEB-10042",
    "lines": [
        {"sku": "20846", "quantity": 12},
        {"sku": "22423", "quantity": 1, "unit_price": "10.95"},
    ],
}


@extend_schema_serializer(
    examples=[OpenApiExample("An order of two lines", ORDER, request_only=True)]
)
class OrderRequest(EntryRequest):
    """An order to create. It's confirmed right away unless `confirm` is `false`."""

    confirm = FlagField(default=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A quote",
            {**ORDER, "external_id": "RFQ-7", "valid_until": "2027-12-31"},
            request_only=True,
        )
    ]
)
class QuoteRequest(EntryRequest):
    """A quote to create."""

    valid_until = DayField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two orders",
            {
                "orders": [
                    {**ORDER, "external_id": "WEB-10043"},
                    {**ORDER, "external_id": "WEB-10044", "confirm": False},
                ]
            },
            request_only=True,
        )
    ]
)
class BulkOrdersRequest(serializers.Serializer[Any]):
    """Up to 100 orders, processed independently."""

    orders = serializers.ListField(child=OrderRequest(), min_length=1, max_length=100)


class BulkResult(serializers.Serializer[Any]):
    """The result for one order: its number or a problem."""

    index = serializers.IntegerField()
    status = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    problem = serializers.DictField(allow_null=True)


class BulkOrdersResponse(serializers.Serializer[Any]):
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = BulkResult(many=True)
