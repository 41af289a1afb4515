"""Copying a template order with all that hangs on it, so that every table that grows with orders is filled.

Copies keep their relations: keys of copied rows follow the template's, and foreign keys between them move along.
Numbers and references end in the copy's number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

OF_ORDERS = ["orders.Order", "orders.OrderLine"]
GROWING = [
    *OF_ORDERS,
    "orders.OrderCharge",
    "inventory.Demand",
    "orders.Promise",
    "inventory.Reservation",
    "inventory.Move",
    "fulfillment.Wave",
    "fulfillment.PickTask",
    "fulfillment.Shipment",
    "fulfillment.ShipmentLine",
    "fulfillment.Package",
    "fulfillment.PackageContent",
    "fulfillment.ShippingLabel",
    "fulfillment.TrackingEvent",
    "orders.Invoice",
    "orders.InvoiceLine",
    "orders.Payment",
    "orders.PaymentApplication",
    "orders.ExposureEntry",
    "core.Event",
    "core.Delivery",
    "core.Notice",
    "core.StoredDocument",
]
NUMBERED = {
    "number",
    "external_id",
    "reference",
    "subject_number",
    "order_number",
    "document",
    "tracking_number",
    "key",
}
SSCC_GAP = 10**11  # far from the numbers that real labels take
HAS_SHIPPED = "n %% 50 >= 2"  # of 50 copies two are open orders
Template = Mapping[type[models.Model], Sequence[int]]


def finished_order(*lines: Any) -> Template:
    """An order that was shipped, delivered, invoiced and paid, and all that it left in tables that grow."""
    from fulfillment import shipping
    from oms.core import outbox
    from orders.accounting import payments
    from tests import builders as make

    make.shipped(lines[0])  # so that what comes with a first order is there
    before = _marks()
    order = make.shipped(*lines)
    paid = make.transfer(str(order.gross), "paid", customer_code=order.customer.code, order=order)
    payments.apply(paid, order.invoices.get())
    shipping.deliver(make.shipment_of(order))
    outbox.drain()
    return _since(before)


def _marks() -> dict[type[models.Model], int]:
    """The last key of each table that grows, before the template is made."""
    return {
        model: model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0
        for model in map(apps.get_model, GROWING)
    }


def _since(marks: Mapping[type[models.Model], int]) -> Template:
    """The rows that were made after the marks, by their keys."""
    made = {
        model: list(
            model._base_manager.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        )
        for model, last in marks.items()
    }
    return {model: keys for model, keys in made.items() if keys}


def grow(template: Template, copies: range, own: Mapping[str, str]) -> dict[str, int]:
    """Insert copies, numbered from 1 on; `own` gives columns of orders, and everybody's customer, as SQL of `n`.

    What the clock does with them is done.

    Returns how many rows each table has now.
    """
    from orders import exposure

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        for model in template:
            cursor.execute(_copy(model, template, own), [copies[0], copies[-1]])
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)",
                [model._meta.db_table, template[model][-1] + copies[-1] * len(template[model])],
            )
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(
            "UPDATE core_stream SET last_position = (SELECT max(position) FROM core_event)"
        )
        cursor.execute(exposure.FOLD)
        cursor.execute("ANALYZE")
    return {model._meta.label: model._base_manager.count() for model in template}


def _copy(model: type[models.Model], template: Template, own: Mapping[str, str]) -> str:
    values = {
        field.column: _value(field, model, template)
        for field in model._meta.concrete_fields
        if not isinstance(field, models.GeneratedField)
    }
    is_order = model._meta.label == "orders.Order"
    values |= {
        name: text
        for name, text in own.items()
        if is_order or (name == "customer_id" and name in values)
    }
    columns = ", ".join(f'"{name}"' for name in values)
    condition = "true" if model._meta.label in OF_ORDERS else HAS_SHIPPED
    return (
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {', '.join(values.values())} "
        f"FROM generate_series(%s::int, %s::int) n, {model._meta.db_table} t "
        f"WHERE t.id = ANY({_array(template[model])}) AND {condition} ORDER BY n, t.id"
    )


def _value(field: Any, model: type[models.Model], template: Template) -> str:
    column = f't."{field.column}"'
    kin = template.get(model if field.primary_key else field.related_model)
    if kin is None and (model._meta.label, field.name) == ("inventory.Demand", "line"):
        kin = template[apps.get_model("orders.OrderLine")]
    if kin is not None:
        moved = f"{kin[-1]} + (n - 1) * {len(kin)} + array_position({_array(kin)}, {column})"
        return f"CASE WHEN {column} = ANY({_array(kin)}) THEN {moved} ELSE {column} END"
    if (model._meta.label, field.name) == ("core.Event", "position"):
        return f"{column} + n * {len(template[model])}"
    if field.name == "series":  # numbers are unique per series
        return "'C' || n"
    if isinstance(field, models.UUIDField):
        return "gen_random_uuid()"
    if field.name == "sscc":
        return f"lpad((nullif({column}, '')::bigint + {SSCC_GAP} + n * {len(template[model])})::text, 18, '0')"
    if field.name in NUMBERED:
        return f"CASE WHEN {column} <> '' THEN {column} || '-' || n ELSE {column} END"
    return column


def _array(keys: Sequence[int]) -> str:
    return f"ARRAY[{', '.join(map(str, keys))}]::bigint[]"
