"""Invoices as programs read them."""

from rest_framework import serializers

from oms.rest.fields import AmountField
from oms.rest.records import RecordSerializer
from orders.accounting.models import Invoice, InvoiceLine


class InvoiceLineSerializer(RecordSerializer[InvoiceLine]):
    net, tax, gross = AmountField(), AmountField(), AmountField()

    class Meta:
        model = InvoiceLine
        fields = (
            "position",
            "description",
            "quantity",
            "unit_price",
            "discount_percent",
            "tax_percent",
            "tax_category",
            "tax_note",
            "net",
            "tax",
            "gross",
            "credited",
        )


class InvoiceSummarySerializer(RecordSerializer[Invoice]):
    """A summary of an invoice or credit note."""

    customer = serializers.CharField(source="customer.code")
    order = serializers.CharField(source="order.number", default=None, allow_null=True)
    corrects = serializers.CharField(source="corrects.number", default=None, allow_null=True)
    net, tax, gross, open_amount = AmountField(), AmountField(), AmountField(), AmountField()

    class Meta:
        model = Invoice
        fields: tuple[str, ...] = (
            "number",
            "kind",
            "status",
            "version",
            "customer",
            "order",
            "corrects",
            "currency",
            "issued_on",
            "due_on",
            "net",
            "tax",
            "gross",
            "open_amount",
        )


class InvoiceSerializer(InvoiceSummarySerializer):
    """An invoice or credit note with its lines."""

    bill_to = serializers.DictField(child=serializers.CharField())
    lines = InvoiceLineSerializer(many=True, read_only=True)

    class Meta(InvoiceSummarySerializer.Meta):
        fields = (*InvoiceSummarySerializer.Meta.fields, "reason", "bill_to", "lines")
