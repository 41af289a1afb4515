import django.db.models.deletion
from django.db import migrations, models

# What each row adds to its customer's exposure. `verify` asks the same functions.
COUNT = """
CREATE FUNCTION exposure_of(orders_order) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN $1.status IN ('placed', 'confirmed') THEN greatest(0, round(
        $1.gross * ($1.units - $1.canceled - $1.invoiced) / nullif($1.units - $1.canceled, 0), 3)) ELSE 0 END $$;
CREATE FUNCTION exposure_of(orders_invoice) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN $1.status <> 'issued' THEN 0 WHEN $1.kind = 'credit' THEN -$1.gross ELSE $1.gross END $$;
CREATE FUNCTION exposure_of(orders_payment) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT $1.refunded + $1.written_off - $1.captured $$;
CREATE FUNCTION exposure_of(orders_writeoff) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN $1.invoice_id IS NULL THEN 0 ELSE -$1.amount END $$;
"""
FORGET = "".join(
    f"DROP FUNCTION exposure_of({table});"
    for table in ("orders_order", "orders_invoice", "orders_payment", "orders_writeoff")
)

# Each row's change is appended for its customer; OLD is null for an INSERT, NEW for a DELETE.
FOLLOW = """
CREATE FUNCTION {table}_changes_exposure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_exposureentry (customer_id, amount, is_sum)
    SELECT customer_id, sum(amount), false
    FROM (VALUES ({new}, exposure_of(NEW)), ({old}, -exposure_of(OLD))) AS part (customer_id, amount)
    WHERE customer_id IS NOT NULL GROUP BY 1 HAVING sum(amount) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_changes_exposure AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {table}_changes_exposure();
"""
LEAVE = "DROP TRIGGER {table}_changes_exposure ON {table}; DROP FUNCTION {table}_changes_exposure();"
OF_INVOICE = "(SELECT customer_id FROM orders_invoice WHERE id = {row}.invoice_id)"


def follow(table: str, customer: str = "{row}.customer_id") -> migrations.RunSQL:
    """Append what changes in a table; `customer` is SQL for whose it is."""
    new, old = (customer.format(row=row) for row in ("NEW", "OLD"))
    return migrations.RunSQL(FOLLOW.format(table=table, new=new, old=old), LEAVE.format(table=table))


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_companies_of_customers")]

    operations = [
        migrations.CreateModel(
            name="ExposureEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=3, editable=False, max_digits=24),
                ),
                ("is_sum", models.BooleanField(default=False, editable=False)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orders.customer",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "exposure entries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_sum", False)),
                        fields=["customer"],
                        name="exposure_entries_to_fold",
                    )
                ],
            },
        ),
        migrations.RunSQL(COUNT, FORGET),
        follow("orders_order"),
        follow("orders_invoice"),
        follow("orders_payment"),
        follow("orders_writeoff", OF_INVOICE),
    ]
