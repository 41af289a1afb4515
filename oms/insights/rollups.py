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
    SELECT day, channel_id, currency, orders, net FROM reporting.sales_per_day WHERE day >= %(since)s
    """
SHIPPING = """
    INSERT INTO insights_dailyshipping (day, warehouse_id, shipments, hours)
    SELECT day, warehouse_id, count(*), avg(hours_since_order) FROM reporting.departures
    WHERE shipped_at >= %(since)s::date - 1 AND day >= %(since)s::date
    GROUP BY day, warehouse_id
    """
OUTLOOK = """
    INSERT INTO insights_stockoutlook (sku_id, warehouse_id, available, per_day, days_left)
    SELECT s.sku_id, s.warehouse_id, s.sellable - s.reserved, p.per_day,
           greatest(s.sellable - s.reserved, 0) / p.per_day AS days_left
    FROM (SELECT sku_id, warehouse_id, sum(quantity) / %(days)s::float8 AS per_day FROM reporting.units_shipped
          WHERE at >= %(since)s GROUP BY sku_id, warehouse_id) p
    JOIN inventory_stock s ON s.sku_id = p.sku_id AND s.warehouse_id = p.warehouse_id
    ORDER BY days_left, s.sku_id, s.warehouse_id LIMIT %(most)s::int
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
