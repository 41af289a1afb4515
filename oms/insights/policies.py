"""Who sees the figures from which the home pages are drawn."""

from oms.core.policy import declare, every_row, need, rows
from oms.insights.models import DailySales, DailyShipping, Rollup, StockOutlook

declare(Rollup, every_row, view="manager")
declare(DailySales, rows(), view="accountant manager")
declare(DailyShipping, rows(warehouse="warehouse"), view="manager")
declare(StockOutlook, rows(warehouse="warehouse"), view="buyer manager")

need("see_money", DailySales)
