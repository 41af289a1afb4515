"""The control totals of an export: what its rows add up to, and what the ledger shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.core.named_rows import named
from orders.accounting import export_profiles
from orders.accounting.export_layout import CURRENCY, DOCUMENT, RATE, Layout
from orders.accounting.export_profiles import LAYOUTS
from orders.accounting.models import ExportRun

Row = Sequence[Any]


@dataclass
class Sums:
    """What rows add up to, by currency, in thousandths so that floating point loses nothing."""

    layout: Layout
    documents: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, dict[str, int]] = field(default_factory=dict)
    taxes: dict[str, dict[str, int]] = field(default_factory=dict)
    rows: int = 0
    _last: Any = None

    def add(self, row: Row) -> None:
        layout, at = self.layout, self.layout.at
        currency = row[at[CURRENCY]]
        self.rows += 1
        totals = self.amounts.setdefault(currency, dict.fromkeys(layout.sums, 0))
        for name in layout.sums:
            totals[name] += round(row[at[name]] * 1000)
        if layout.counts_documents and row[at[DOCUMENT]] != self._last:
            self._last = row[at[DOCUMENT]]
            self.documents[currency] = self.documents.get(currency, 0) + 1
        if layout.has_rates:
            rates, rate = self.taxes.setdefault(currency, {}), f"{row[at[RATE]]:g}"
            rates[rate] = rates.get(rate, 0) + round(row[at["tax"]] * 1000)

    def as_totals(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for currency, amounts in sorted(self.amounts.items()):
            found[currency] = {name: _exact(value) for name, value in amounts.items()}
            if self.layout.counts_documents:
                found[currency]["documents"] = self.documents.get(currency, 0)
            if self.layout.has_rates:
                rates = sorted(self.taxes[currency].items(), key=lambda each: float(each[0]))
                found[currency]["taxes"] = {rate: _exact(value) for rate, value in rates}
        return found


def _exact(thousandths: int) -> str:
    return as_text(Decimal(thousandths) / 1000)


def as_text(amount: Decimal) -> str:
    """An amount without zeros beyond its second place."""
    return f"{amount:.2f}" if amount == round(amount, 2) else f"{amount.normalize():f}"


def ledger(run: ExportRun) -> dict[str, dict[str, Any]]:
    """The control totals of a run by the heads of its documents, or by the books that a snapshot is of."""
    layout = LAYOUTS[run.profile]
    found: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(layout.ledger, export_profiles.parameters(run))
        for row in named(cursor):
            if not row["documents"] and not any(row[name] for name in layout.sums):
                continue  # books that came to nothing have no rows
            found[row["currency"]] = {name: as_text(row[name]) for name in layout.sums}
            if layout.counts_documents:
                found[row["currency"]]["documents"] = row["documents"]
        if layout.ledger_taxes:
            cursor.execute(layout.ledger_taxes, export_profiles.parameters(run))
            for row in named(cursor):
                taxes = found[row["currency"]].setdefault("taxes", {})
                taxes[f"{float(row['tax_percent']):g}"] = as_text(row["tax"])
    return found


def require_equal(written: dict[str, Any], booked: dict[str, Any], run: ExportRun) -> None:
    """Raise Refused where the rows of a run add up to something else than the ledger."""
    if written != booked:
        differing = [
            name for name in sorted({*written, *booked}) if written.get(name) != booked.get(name)
        ]
        raise Refused(
            _(
                "Export %(number)s failed: its rows total %(written)s, but the ledger shows %(booked)s "
                "(%(currencies)s). Ask a manager to run the data checks."
            )
            % {
                "number": run.number,
                "written": written,
                "booked": booked,
                "currencies": ", ".join(differing),
            },
            code="totals_differ",
        )
