from django.db import migrations

DAYS = """
    UPDATE orders_refund r SET booked_on = coalesce(
        CASE WHEN p.is_history THEN n.issued_on END, (r.at AT TIME ZONE m.time_zone)::date)
    FROM orders_payment p JOIN core_company m ON m.id = p.company_id, orders_refund q
    LEFT JOIN orders_invoice n ON n.id = q.credit_id
    WHERE p.id = r.payment_id AND q.id = r.id"""
PAID = """
    UPDATE orders_payment SET paid_on = (status_at AT TIME ZONE m.time_zone)::date FROM core_company m
    WHERE m.id = company_id AND captured <> 0 AND paid_on IS NULL"""
NET = "UPDATE orders_order SET net = gross - tax WHERE net <> gross - tax"


class Migration(migrations.Migration):
    """Refunds get the value date that they counted from so far; totals of orders add up in themselves."""

    dependencies = [("orders", "0017_counter_entries")]

    operations = [migrations.RunSQL([DAYS, PAID, NET], migrations.RunSQL.noop)]
