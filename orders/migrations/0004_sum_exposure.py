from django.db import migrations

# One statement sees documents and the entries that were appended since as they are at one moment.
SUM = """
INSERT INTO orders_exposureentry (customer_id, amount, is_sum)
SELECT customer_id, sum(amount), true FROM (
    SELECT customer_id, exposure_of(o) AS amount FROM orders_order o
    UNION ALL SELECT customer_id, exposure_of(i) FROM orders_invoice i
    UNION ALL SELECT customer_id, exposure_of(p) FROM orders_payment p
    UNION ALL SELECT i.customer_id, exposure_of(w) FROM orders_writeoff w JOIN orders_invoice i ON i.id = w.invoice_id
    UNION ALL SELECT customer_id, -amount FROM orders_exposureentry) part
GROUP BY 1 HAVING sum(amount) <> 0;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_exposure_entries")]

    operations = [migrations.RunSQL(SUM, migrations.RunSQL.noop)]
