"""Spreadsheets of customers, addresses, prices, orders and payments."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, F, IntegerField, OuterRef, Subquery, When
from django.utils.translation import gettext as _
from import_export.resources import Resource

from inventory.models import SKU
from oms.core import codes, policy
from oms.core.errors import Refused
from oms.core.models import Company, User
from oms.core.postal_codes import normalize
from oms.files.columns import Day, Exact, Reference, Text, Whole, YesNo, column_of
from oms.files.records import RecordMeta, RecordSheet
from oms.files.rows import DocumentSheet, Outcome, Row, Sheet, column
from orders import applying, order_entry
from orders.connectors import gateways
from orders.models import (
    Address,
    Channel,
    Customer,
    Invoice,
    InvoiceLine,
    Order,
    OrderLine,
    Payment,
    PaymentApplication,
    PaymentTerms,
    Price,
    PriceList,
)
from orders.order_entry import Entry, Line


class CustomerSheet(RecordSheet):
    title, slug, imports, about = "customers", "customers", Customer, Customer
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


class InvoiceLineSheet(Sheet, Resource):
    """Invoices and credit notes, a row for each line; credit notes count against. It goes out and never in."""

    title, slug, about = "Invoice lines", "invoice-lines", InvoiceLine
    number = column("invoice__number", Text(), "number")
    kind = column("invoice__kind", Text(), "kind")
    issued_on = column("invoice__issued_on", Day(), "issued_on")
    due_on = column("invoice__due_on", Day(), "due_on")
    customer = column("invoice__customer__code", Text(), "customer")
    name = column("invoice__customer__name", Text(), "name")
    order = column("invoice__order__number", Text(), "order")
    description = column("description", Text())
    quantity = column("signed_quantity", Whole(), "quantity")
    unit_price = column("unit_price", Exact())
    tax_category = column("tax_category", Text())
    tax_percent = column("tax_percent", Exact(is_percent=True))
    net = column("signed_net", Exact(), "net")
    tax = column("signed_tax", Exact(), "tax")
    gross = column("signed_gross", Exact(), "gross")
    currency = column("invoice__currency", Text(), "currency")

    class Meta:
        import_id_fields = ["number"]

    def listed(self, rows: Any) -> Any:
        sign = Case(
            When(invoice__kind=Invoice.Kind.CREDIT, then=-1), default=1, output_field=IntegerField()
        )
        signed = {f"signed_{name}": F(name) * sign for name in ("quantity", "net", "tax", "gross")}
        return (
            InvoiceLine.objects.filter(invoice__in=rows)
            .annotate(**signed)
            .select_related("invoice__customer", "invoice__order")
            .order_by("invoice_id", "position")
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


class PaymentSheet(DocumentSheet):
    """Lines of a bank's statement. One that is booked already with the same facts is left alone."""

    title, slug, imports, about = "payments", "payments", Payment, Payment
    reference = column("reference", Text("", most=80))
    customer = column("customer", Reference(Customer, "code"))
    amount = column("amount", column_of(Payment._meta.get_field("amount"), empty=None))
    currency = column("currency", column_of(Payment._meta.get_field("currency"), empty=""))
    paid_on = column("paid_on", Day(None))
    company = column("company", Reference(Company, "code"))
    invoice = column("paid_invoice", Text("", most=40), "invoice")

    class Meta:
        import_id_fields = ["reference"]

    @classmethod
    def needed(cls) -> list[str]:
        return ["reference", "customer", "amount"]

    def listed(self, rows: Any) -> Any:
        """Transfers as they came: what was split off, moved or captured by a gateway is no line of a statement."""
        first = PaymentApplication.objects.filter(payment=OuterRef("pk"), reverses=None).order_by(
            "pk"
        )
        came = rows.filter(
            gateway=gateways.TRANSFER, origin=None, order=None, reference__isnull=False
        )
        return (
            came.annotate(paid_invoice=Subquery(first.values("invoice__number")[:1]))
            .select_related("customer", "company")
            .order_by("pk")
        )

    def perform(self, entries: Sequence[dict[str, Any]]) -> str:
        (row,) = entries
        document = self._invoice(row["invoice"])
        company = row["company"] or (document.company if document else None) or self._only_company()
        payment = applying.book_statement_line(
            row["customer"],
            row["amount"],
            company=company,
            reference=row["reference"],
            on=row["paid_on"],
            currency=row["currency"] or row["customer"].currency,
            document=document,
            by=self.user,
        )
        return f"{payment.number}: {payment.amount} {payment.currency}" if payment else ""

    def _invoice(self, number: str) -> Invoice | None:
        found = policy.scope(Invoice, self.user).filter(number=number).first() if number else None
        if number and found is None:
            raise Refused(
                _("There is no invoice “%(number)s”.") % {"number": number}, field="invoice"
            )
        return found

    def _only_company(self) -> Company:
        found = list(Company.objects.all()[:2])
        if len(found) != 1:
            raise Refused(
                _("Enter the company whose account it is: there are several."), field="company"
            )
        return found[0]
