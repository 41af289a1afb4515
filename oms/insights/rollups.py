"""Rolling up what the home pages show: the last days anew each time, and ninety of them when there are none yet."""

from datetime import date, timedelta

from django.db import connection
from django.utils import timezone

from oms.core.locking import atomic, try_advisory_lock
from oms.core.models.company import latest_day
from oms.insights.models import DailySales, DailyShipping, Rollup, StockOutlook

DAYS, RECENT, PACE_DAYS, MOST = 90, 3, 28, 200

SALES = """
    INSERT INTO insights_dailysales (day, channel_id, currency, orders, net)
    SELECT placed_on, channel_id, currency, count(*), sum(net) FROM orders_order
    WHERE placed_on >= %(since)s AND status IN ('placed', 'confirmed', 'completed')
    GROUP BY placed_on, channel_id, currency
    """
SHIPPING = """
    INSERT INTO insights_dailyshipping (day, warehouse_id, shipments, hours)
    SELECT (s.shipped_at AT TIME ZONE w.time_zone)::date, s.warehouse_id, count(*),
           avg(extract(epoch FROM s.shipped_at - o.created_at) / 3600)::float8
    FROM fulfillment_shipment s
    JOIN orders_order o ON o.id = s.order_id JOIN inventory_warehouse w ON w.id = s.warehouse_id
    WHERE s.shipped_at >= %(since)s::date - 1 AND (s.shipped_at AT TIME ZONE w.time_zone)::date >= %(since)s::date
    GROUP BY 1, 2
    """
OUTLOOK = """
    INSERT INTO insights_stockoutlook (sku_id, warehouse_id, available, per_day, days_left)
    SELECT st.sku_id, st.warehouse_id, st.sellable - st.reserved, p.sold / %(days)s::float8,
           greatest(st.sellable - st.reserved, 0) / (p.sold / %(days)s::float8)
    FROM (SELECT m.sku_id, b.warehouse_id, sum(m.quantity) AS sold
          FROM inventory_move m JOIN inventory_bin b ON b.id = m.source_id
          WHERE m.reason = 'ship' AND m.at >= %(since)s GROUP BY 1, 2) p
    JOIN inventory_stock st ON st.sku_id = p.sku_id AND st.warehouse_id = p.warehouse_id
    ORDER BY 5, 1, 2 LIMIT %(most)s::int
    """
BY_DAY = (("sales", DailySales, SALES), ("shipping", DailyShipping, SHIPPING))


def roll_up(today: date | None = None) -> None:
    """Compute the rollups; one at a time, whoever comes second leaves."""
    today = today or latest_day()
    with atomic():
        if not try_advisory_lock("rollups"):
            return
        for name, model, query in BY_DAY:
            known = Rollup.objects.filter(name=name).exists()
            since = today - timedelta(days=RECENT if known else DAYS)
            model._default_manager.filter(day__gte=since).delete()
            with connection.cursor() as cursor:
                cursor.execute(query, {"since": since})
            _note(name)
        StockOutlook.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                OUTLOOK,
                {"days": PACE_DAYS, "since": today - timedelta(days=PACE_DAYS), "most": MOST},
            )
        _note("outlook")


def _note(name: str) -> None:
    Rollup.objects.update_or_create(name=name, defaults={"computed_at": timezone.now()})
