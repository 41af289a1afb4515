"""An order of n lines taken, confirmed and held by psycopg alone: multi-row statements in one transaction.

It leaves the rows that the API leaves (the benchmark asserts it) and knows this one case by heart: a list price, one
tax rate, stock in the first warehouse, no hold, no rebate. What the API reads to decide is read here too, in as few
statements as by hand is fair.
"""

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

REASON = "most units first, then the lowest score: cost + distance + days + lateness + splits"
PARTIES = """
    SELECT c.id AS customer, c.currency, c.priority, h.id AS channel, h.company_id AS company, a.name, a.street,
           a.postal_code, a.city, a.region, a.country, t.percent, u.id AS by, k.client_id AS client,
           (now() AT TIME ZONE o.time_zone)::date AS today, h.price_list_id AS price_list
    FROM core_apitoken k JOIN core_apiclient p ON p.id = k.client_id JOIN core_user u ON u.id = p.user_id
    JOIN orders_customer c ON c.rep_id = u.id AND c.code = %(customer)s JOIN orders_channel h ON h.code = %(channel)s
    JOIN core_company o ON o.id = h.company_id JOIN orders_address a ON a.customer_id = c.id
    JOIN orders_taxrate t ON t.country = a.country AND t.tax_class = 'standard'
    WHERE k.digest = %(digest)s AND k.revoked_at IS NULL"""
GOODS = """
    SELECT s.id, s.code, s.name, p.unit_price, l.name AS list FROM inventory_sku s
    JOIN orders_price p ON p.sku_id = s.id AND p.price_list_id = %s JOIN orders_pricelist l ON l.id = p.price_list_id
    WHERE s.code = ANY(%s) AND s.is_sellable"""


def enter(connection: psycopg.Connection, token: str, key: str, body: dict) -> str:
    """Take an order like `POST /orders/`; returns its number."""
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        digest = hashlib.sha256(token.encode()).hexdigest()
        parties = cursor.execute(
            PARTIES, {"customer": body["customer"], "channel": body["channel"], "digest": digest}
        ).fetchone()
        client = f"client {parties['client']}"
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)), "
            "(SELECT answer FROM core_idempotencykey WHERE client = %s AND key = %s)",
            [f"idempotency {client} {key}", client, key],
        )
        goods = {
            row["code"]: row
            for row in cursor.execute(
                GOODS, [parties["price_list"], [line["sku"] for line in body["lines"]]]
            ).fetchall()
        }
        order, lines = _write_order(cursor, parties, goods, body)
        _hold(cursor, parties, order, lines)
        answer = _answer(parties, body, order, lines)
        body_hash = hashlib.sha256(
            json.dumps(
                {"method": "POST", "path": "/api/v1/orders/", "data": body}, sort_keys=True
            ).encode()
        ).hexdigest()
        cursor.execute(
            "INSERT INTO core_idempotencykey (client, key, body_hash, answer) VALUES (%s, %s, %s, %s)",
            [client, key, body_hash, Jsonb(answer)],
        )
    return order["number"]


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


def _write_order(
    cursor: psycopg.Cursor, parties: dict, goods: dict, body: dict
) -> tuple[dict, list[dict]]:
    address = {
        name: parties[name]
        for name in ("name", "street", "postal_code", "city", "region", "country")
    }
    lines = []
    for position, asked in enumerate(body["lines"], 1):
        sku = goods[asked["sku"]]
        net = _cents(sku["unit_price"] * asked["quantity"])
        tax = _cents(net * parties["percent"] / 100)
        lines.append(
            {
                "position": position,
                "sku": sku,
                "quantity": asked["quantity"],
                "net": net,
                "tax": tax,
                "gross": net + tax,
            }
        )
    net, tax = sum(line["net"] for line in lines), sum(line["tax"] for line in lines)
    order = cursor.execute(
        """INSERT INTO orders_order (version, status, company_id, channel_id, customer_id, customer_reference, note,
               bill_to, ship_to, ship_country, currency, prices_include_tax, discount_percent, exchange_rate, priority,
               placed_on, is_imported, net, tax, gross, units, canceled, reserved, picked, shipped, invoiced, returned)
           VALUES (2, 'confirmed', %s, %s, %s, '', '', %s, %s, %s, %s, false, 0, 1, %s, %s, false, %s, %s, %s, %s,
               0, 0, 0, 0, 0, 0) RETURNING id, number, created_at""",
        [
            parties["company"],
            parties["channel"],
            parties["customer"],
            Jsonb(address),
            Jsonb(address),
            parties["country"],
            parties["currency"],
            parties["priority"],
            parties["today"],
            net,
            tax,
            net + tax,
            sum(line["quantity"] for line in lines),
        ],
    ).fetchone()
    keys = cursor.execute(
        """INSERT INTO orders_orderline (order_id, position, sku_id, description, quantity, unit_price, price_source,
               has_manual_price, discount_percent, tax_percent, tax_category, tax_note, net, tax, gross, canceled,
               reserved, picked, shipped, invoiced, returned)
           SELECT %s, p, s, d, q, u, l, false, 0, %s, 'S', '', n, t, n + t, 0, 0, 0, 0, 0, 0
           FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::int[], %s::numeric[], %s::text[], %s::numeric[],
                       %s::numeric[]) AS x(p, s, d, q, u, l, n, t) RETURNING id""",
        [
            order["id"],
            parties["percent"],
            *(
                [*column]
                for column in zip(
                    *(
                        (
                            line["position"],
                            line["sku"]["id"],
                            line["sku"]["name"],
                            line["quantity"],
                            line["sku"]["unit_price"],
                            f"list {line['sku']['list']}",
                            line["net"],
                            line["tax"],
                        )
                        for line in lines
                    ),
                    strict=True,
                )
            ),
        ],
    ).fetchall()
    for line, row in zip(lines, keys, strict=True):
        line["id"] = row["id"]
    order |= {"net": net, "tax": tax, "address": address}
    cursor.execute(
        """INSERT INTO core_event (name, subject_type, subject_number, order_number, data, by_id, is_drained)
           VALUES ('order.placed', 'order', %(n)s, %(n)s, %(d)s, %(b)s, false),
                  ('order.confirmed', 'order', %(n)s, %(n)s, '{}', %(b)s, false)""",
        {
            "n": order["number"],
            "b": parties["by"],
            "d": Jsonb({"gross": str(net + tax), "currency": parties["currency"]}),
        },
    )
    return order, lines


def _hold(cursor: psycopg.Cursor, parties: dict, order: dict, lines: list[dict]) -> None:
    skus = [line["sku"]["id"] for line in lines]
    stock = cursor.execute(
        """SELECT s.id, s.sku_id, s.warehouse_id, s.sellable - s.reserved AS free, w.code, w.priority FROM
        inventory_stock s JOIN inventory_warehouse w ON w.id = s.warehouse_id WHERE s.sku_id = ANY(%s) ORDER BY s.id FOR
        NO KEY UPDATE OF s""",
        [skus],
    ).fetchall()
    places = sorted({row["code"]: row["warehouse_id"] for row in stock}.items())
    chosen, place = places[0]
    rows = {row["sku_id"]: row for row in stock if row["warehouse_id"] == place}
    assert all(rows[line["sku"]["id"]]["free"] >= line["quantity"] for line in lines)
    units = [line["quantity"] for line in lines]
    demands = cursor.execute(
        """INSERT INTO inventory_demand (document, line, sku_id, per_unit, is_component, quantity, reserved, picked,
               shipped, can_backorder, priority, ship_country, ship_postal_code)
           SELECT %s, l, s, 1, false, q, q, 0, 0, false, %s, %s, %s
           FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS x(l, s, q) RETURNING id""",
        [
            order["number"],
            parties["priority"],
            parties["country"],
            parties["postal_code"],
            [line["id"] for line in lines],
            skus,
            units,
        ],
    ).fetchall()
    cursor.execute(
        """UPDATE inventory_stock SET held = held + q FROM unnest(%s::bigint[], %s::int[]) AS x(i, q)
                      WHERE id = i""",
        [[rows[sku]["id"] for sku in skus], units],
    )
    cursor.execute(
        """INSERT INTO inventory_reservation (demand_id, sku_id, warehouse_id, quantity, state, put_back_reason)
           SELECT d, s, %s, q, 'reserved', '' FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS x(d, s, q)""",
        [place, [row["id"] for row in demands], skus, units],
    )
    score = 9.0
    cursor.execute(
        """INSERT INTO core_decision (kind, subject_type, subject_number, chosen, candidates, reasons, at)
           VALUES ('sourcing', 'order', %s, %s, %s, %s, %s)""",
        [
            order["number"],
            Jsonb(
                [
                    {"line": line["id"], "quantity": line["quantity"], "warehouse": chosen}
                    for line in lines
                ]
            ),
            Jsonb(
                [{"score": score, "units": sum(units), "warehouses": [code]} for code, _ in places]
            ),
            Jsonb([REASON]),
            datetime.now(UTC),
        ],
    )


def _answer(parties: dict, body: dict, order: dict, lines: list[dict]) -> dict:
    none = {"canceled": 0, "reserved": 0, "picked": 0, "shipped": 0, "invoiced": 0, "returned": 0}
    shown = [
        {
            "position": line["position"],
            "sku": line["sku"]["code"],
            "description": line["sku"]["name"],
            "quantity": line["quantity"],
            "unit_price": str(line["sku"]["unit_price"]),
            "price_source": f"list {line['sku']['list']}",
            "discount_percent": "0.00",
            "tax_percent": str(parties["percent"]),
            "net": str(line["net"]),
            "tax": str(line["tax"]),
            "gross": str(line["gross"]),
            **none,
        }
        for line in lines
    ]
    answer = {
        "number": order["number"],
        "status": "confirmed",
        "version": 2,
        "customer": body["customer"],
        "channel": body["channel"],
        "external_id": None,
        "customer_reference": "",
        "currency": parties["currency"],
        "placed_on": str(parties["today"]),
        "valid_until": None,
        "requested_on": None,
        "created_at": order["created_at"].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "net": str(order["net"]),
        "tax": str(order["tax"]),
        "gross": str(order["net"] + order["tax"]),
        "units": sum(line["quantity"] for line in lines),
        **none,
        "note": "",
        "discount_percent": "0.00",
        "prices_include_tax": False,
        "exchange_rate": "1.000000",
        "ship_to": order["address"],
        "bill_to": order["address"],
        "lines": shown,
        "charges": [],
        "holds": [],
    }
    return {"status": 201, "body": answer, "location": f"/api/v1/orders/{order['number']}/"}
