"""The charts of the home pages, from rollups alone: bars to draw, and the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from oms.core.money_text import display
from oms.core.wording import Words
from oms.insights.models import DailySales, DailyShipping, Rollup, StockOutlook

DAYS, WIDTH, HEIGHT, GAP = 30, 600, 160, 3
COLORS = ("oms-fill-1", "oms-fill-2", "oms-fill-3", "oms-fill-4")


@dataclass(frozen=True)
class Bar:
    """A part of a day's bar, in the chart's own units, with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    color: str
    text: str


@dataclass
class Chart:
    """A chart of the last days, when it was computed, and its numbers."""

    title: Words
    computed_at: datetime | None
    bars: list[Bar] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    rows: list[list[Any]] = field(default_factory=list)
    first: date | None = None
    last: date | None = None


def sales(rows: QuerySet[DailySales], today: date) -> Chart | None:
    """Sales per day and channel, in the currency in which most was sold; None where nothing was."""
    rows = rows.filter(day__gt=today - timedelta(days=DAYS), day__lte=today)
    currency = (
        rows.values("currency")
        .annotate(total=Sum("net"))
        .order_by("-total")
        .values_list("currency", flat=True)
    )
    if not currency:
        return None
    values = [
        (row.day, str(row.channel), float(row.net), display(row.net, row.currency))
        for row in rows.filter(currency=currency[0])
        .select_related("channel")
        .order_by("day", "channel__code")
    ]
    return _drawn(
        Chart(_("Daily net sales (%(currency)s)") % {"currency": currency[0]}, _age("sales")),
        values,
        today,
    )


def order_to_ship(rows: QuerySet[DailyShipping], today: date) -> Chart | None:
    """Hours from order to shipment, per day and warehouse, on average; None where nothing was shipped."""
    rows = rows.filter(day__gt=today - timedelta(days=DAYS), day__lte=today)
    values = [
        (
            row.day,
            str(row.warehouse),
            row.hours,
            ngettext(
                "%(hours)s h, %(shipments)s shipment",
                "%(hours)s h, %(shipments)s shipments",
                row.shipments,
            )
            % {"hours": f"{row.hours:.1f}", "shipments": row.shipments},
        )
        for row in rows.select_related("warehouse").order_by("day", "warehouse__code")
    ]
    chart = Chart(_("Average hours from order to shipment"), _age("shipping"))
    return _drawn(chart, values, today, stacked=False) if values else None


def stock_outs_ahead(rows: QuerySet[StockOutlook]) -> Chart | None:
    """The SKUs that run out first, at the pace of the last four weeks; None where nothing does."""
    rows = rows.select_related("sku", "warehouse")[:10]
    chart = Chart(_("Next stockouts (based on the last 4 weeks)"), _age("outlook"))
    chart.headings = [
        "SKU",
        gettext("Warehouse"),
        gettext("Available"),
        gettext("Per day"),
        gettext("Days left"),
    ]
    chart.rows = [
        [
            f"{row.sku} {row.sku.name}",
            row.warehouse,
            row.available,
            f"{row.per_day:.1f}",
            f"{row.days_left:.0f}",
        ]
        for row in rows
    ]
    return chart if chart.rows else None


def _age(name: str) -> datetime | None:
    return Rollup.objects.filter(name=name).values_list("computed_at", flat=True).first()


def _drawn(
    chart: Chart,
    values: Sequence[tuple[date, str, float, str]],
    today: date,
    *,
    stacked: bool = True,
) -> Chart:
    """Stack each day's values into one bar, or put them side by side; the highest fills the chart."""
    names = sorted({name for _day, name, _value, _text in values})
    color = {name: COLORS[index % len(COLORS)] for index, name in enumerate(names)}
    sums: dict[date, float] = {}
    for day, _name, value, _text in values:
        sums[day] = sums.get(day, 0) + max(value, 0) if stacked else max(sums.get(day, 0), value)
    scale, step = HEIGHT / (max(sums.values(), default=0) or 1), WIDTH / DAYS
    width = (step - GAP) / (1 if stacked else len(names) or 1)
    chart.first, chart.last = today - timedelta(days=DAYS - 1), today
    below: dict[date, float] = {}
    for day, name, value, text in values:
        height, beside = max(value, 0) * scale, 0 if stacked else names.index(name) * width
        top = HEIGHT - height - (below.get(day, 0) if stacked else 0)
        below[day] = below.get(day, 0) + height
        chart.bars.append(
            Bar(
                round((day - chart.first).days * step + beside, 1),
                round(top, 1),
                round(width, 1),
                round(height, 1),
                color[name],
                f"{day} {name}: {text}",
            )
        )
    chart.legend = [(name, color[name]) for name in names]
    chart.headings = [gettext("Day"), gettext("Series"), gettext("Value")]
    chart.rows = [[day, name, text] for day, name, _value, text in reversed(values)]
    return chart
