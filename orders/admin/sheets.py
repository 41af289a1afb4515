"""Spreadsheets of customers, addresses, prices, orders and payments."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inventory.models import SKU
from oms.core import codes, policy
from oms.core.errors import Refused
from oms.core.models import Company, User
from oms.core.postal_codes import normalize
from oms.files.columns import Day, Reference, Text, YesNo, column_of
from oms.files.records import RecordMeta, RecordSheet
from oms.files.rows import DocumentSheet, Outcome, Row, column
from orders import order_entry
from orders.models import (
    Address,
    Channel,
    Customer,
    Order,
    OrderLine,
    PaymentTerms,
    Price,
    PriceList,
)
from orders.order_entry import Entry, Line


class CustomerSheet(RecordSheet):
    title, slug, imports, about = "customers", "customers", Customer, Customer
    company = column("company", Reference(Company, "code"))
    rep = column("rep", Reference(User, "username"))
    price_list = column("price_list", Reference(PriceList, "name"))
    terms = column("terms", Reference(PaymentTerms, "code"))

    class Meta(RecordMeta):
        model = Customer
        import_id_fields = ["code"]
        fields = (
            "code",
            "name",
            "email",
            "currency",
            "company",
            "rep",
            "price_list",
            "terms_days",
            "terms",
            "billing",
            "credit_limit",
            "vat_number",
            "is_tax_exempt",
            "exemption_note",
            "einvoice",
            "endpoint",
            "endpoint_scheme",
            "buyer_reference",
            "language",
            "priority",
            "ship_complete",
            "min_life_days",
            "is_active",
        )


def _tidy(row: dict[str, Any]) -> dict[str, Any]:
    country = str(row.get("country") or "").strip()
    with suppress(ValidationError):  # told when the row is read
        country = codes.country(country)
    code = normalize(country, str(row.get("postal_code") or ""))
    return row | {"postal_code": code} if code else row


class AddressSheet(RecordSheet):
    title, slug, imports, about = "addresses", "addresses", Address, Address
    customer = column("customer", Reference(Customer, "code"))

    class Meta(RecordMeta):
        model = Address
        import_id_fields = ["customer", "name", "street", "postal_code"]
        fields = (
            "customer",
            "name",
            "street",
            "postal_code",
            "city",
            "region",
            "country",
            "is_billing",
            "is_shipping",
        )

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(customer__in=policy.scope(Customer, self.user))

    def take(self, rows: Sequence[Row], *, dry_run: bool) -> Outcome:
        """A postal code is part of what an address is known by, however it is written."""
        return super().take([(number, _tidy(row)) for number, row in rows], dry_run=dry_run)

    def listed(self, rows: Any) -> Any:
        return Address.objects.filter(customer__in=rows).select_related("customer").order_by("pk")


class PriceSheet(RecordSheet):
    title, slug, imports, about = "prices", "prices", Price, Price
    price_list = column("price_list", Reference(PriceList, "name"))
    customer = column("customer", Reference(Customer, "code"))
    sku = column("sku", Reference(SKU, "code"))

    class Meta(RecordMeta):
        model = Price
        import_id_fields = ["sku", "price_list", "customer", "minimum", "valid_from"]
        fields = (
            "sku",
            "price_list",
            "customer",
            "minimum",
            "unit_price",
            "valid_from",
            "valid_to",
        )

    @classmethod
    def needed(cls) -> list[str]:
        return ["sku"]

    def subject(self, row: dict[str, Any]) -> str:
        return " ".join(
            str(row[name])
            for name in ("sku", "price_list", "customer", "minimum", "valid_from")
            if row.get(name) not in (None, "")
        )


class OrderSheet(DocumentSheet):
    """Orders, a row for each line, wherever the rows of an order stand. Known ones are never changed here."""

    title, slug, imports, about = "orders", "orders", Order, OrderLine
    has_groups = True
    order = column("order__known_as", Text("", most=80), "order")
    channel = column("order__channel", Reference(Channel, "code"), "channel")
    customer = column("order__customer", Reference(Customer, "code"), "customer")
    customer_reference = column(
        "order__customer_reference", Text("", most=80), "customer_reference"
    )
    requested_on = column("order__requested_on", Day(), "requested_on")
    ship_complete = column("order__ship_complete", YesNo(), "ship_complete")
    note = column("order__note", Text("", most=5000), "note")
    sku = column("sku", Reference(SKU, "code"))
    quantity = column("quantity", column_of(OrderLine._meta.get_field("quantity"), empty=None))
    unit_price = column(
        "unit_price", column_of(OrderLine._meta.get_field("unit_price"), empty=None)
    )
    discount_percent = column(
        "discount_percent", column_of(OrderLine._meta.get_field("discount_percent"))
    )
    description = column("description", Text("", most=200))

    class Meta:
        import_id_fields = ["order"]

    @classmethod
    def needed(cls) -> list[str]:
        return ["order", "channel", "customer", "sku", "quantity"]

    def subject(self, row: dict[str, Any]) -> str:
        return str(row.get("order", ""))

    def listed(self, rows: Any) -> Any:
        return (
            OrderLine.objects.filter(order__in=rows)
            .select_related("order__channel", "order__customer", "sku")
            .order_by("order_id", "position")
        )

    def perform(self, entries: Sequence[dict[str, Any]]) -> str:
        first, name = entries[0], entries[0]["order"]
        heads = [
            each.column_name
            for each in self.fields.values()
            if str(each.attribute).startswith("order__")
        ]
        for number, entry in enumerate(entries, 1):
            other = next((head for head in heads if entry[head] not in (None, "", first[head])), "")
            if other:
                raise Refused(
                    _(
                        "The rows of %(name)s differ in “%(column)s”. Enter the same value in each, or only in "
                        "the first row."
                    )
                    % {"name": name, "column": other},
                    line=number,
                )
        known = policy.scope(Order, self.user).filter(channel=first["channel"])
        order = known.filter(external_id=name).first() or known.filter(number=name).first()
        if order is not None:
            self._require_same(order, entries)
            return ""
        lines = [
            Line(
                entry["sku"],
                entry["quantity"],
                entry["unit_price"],
                entry["discount_percent"],
                entry["description"],
            )
            for entry in entries
        ]
        order = order_entry.enter(
            Entry(
                first["channel"],
                first["customer"],
                lines,
                external_id=name,
                note=first["note"],
                customer_reference=first["customer_reference"],
                requested_on=first["requested_on"],
                ship_complete=first["ship_complete"],
            ),
            by=self.user,
        )
        return f"{order.number}: {len(lines)} lines, {order.gross} {order.currency}"

    def _require_same(self, order: Order, entries: Sequence[dict[str, Any]]) -> None:
        there = sorted(order.lines.values_list("sku__code", "quantity"))
        if there != sorted((entry["sku"].code, entry["quantity"]) for entry in entries):
            raise Refused(
                _(
                    "Order %(number)s already exists with different lines. Edit it on its order page."
                )
                % {"number": order.number},
                code="other_lines",
            )
