"""Taking off what changed in the stock: by whoever shows it elsewhere."""

from django.db import connection

MOST = 10_000


def take() -> set[int]:
    """Take off, in the caller's transaction, the keys of SKUs whose stock changed. Two callers get different rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM inventory_stockchange WHERE id IN (
                SELECT id FROM inventory_stockchange ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
            RETURNING sku_id
            """,
            [MOST],
        )
        return {sku for (sku,) in cursor.fetchall()}
