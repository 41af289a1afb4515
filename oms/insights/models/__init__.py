"""What the house looks like from above: kept by a task, so that no page counts over whole tables."""

from oms.insights.models.rollup import DailySales, DailyShipping, Rollup, StockOutlook

__all__ = ["DailySales", "DailyShipping", "Rollup", "StockOutlook"]
