"""Who sees the figures from which the home pages are drawn."""

from oms.core.policy import declare, need
from oms.core.reaching import every_row, rows
from oms.insights.models import DailySales, DailyShipping, Rollup, StockOutlook

declare(Rollup, every_row, view="manager")
declare(DailySales, rows(company="channel__company"), view="accountant manager")
declare(DailyShipping, rows(warehouse="warehouse", company="warehouse__company"), view="manager")
declare(
    StockOutlook, rows(warehouse="warehouse", company="warehouse__company"), view="buyer manager"
)

need("see_money", DailySales)
