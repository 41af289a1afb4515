"""How the profiles of the accountant's exports are described."""

from dataclasses import dataclass
from functools import cached_property

TEXT, DAY, COUNT, MONEY, PRICE, PERCENT = "text", "day", "count", "money", "price", "percent"
KIND, TAX_CATEGORY = "kind", "tax_category"  # read as their codes, written with their names
NUMBERS = (COUNT, MONEY, PRICE, PERCENT)  # read as floating point, as spreadsheets keep them
CURRENCY, DOCUMENT, RATE = "currency", "number", "tax_percent"


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, heading and kind, and the SQL of its value if that isn't a column of this name."""

    name: str
    heading: str
    kind: str = TEXT
    sql: str = ""

    def select(self) -> str:
        """The SQL that reads it."""
        value = f"({self.sql or self.name})"
        return (
            f"{value}::float8 AS {self.name}" if self.kind in NUMBERS else f"{value} AS {self.name}"
        )


@dataclass(frozen=True)
class Layout:
    """How a profile is read and what it must add up to; one of its columns is `currency`.

    `source`: SQL after FROM, with its order. `sums`: columns that are added per currency (net, tax, gross or amount).
    `counts_documents`: the different values of `number` are counted. `has_rates`: tax is also added per `tax_percent`.
    `documents`: (kind, SQL of their keys) of a profile whose documents are given once. `ledger`: SQL of currency,
    documents and the sums; `ledger_taxes`: SQL of currency, tax_percent, tax.
    """

    columns: tuple[Column, ...]
    source: str
    ledger: str
    sums: tuple[str, ...]
    counts_documents: bool = False
    has_rates: bool = False
    documents: tuple[tuple[str, str], ...] = ()
    ledger_taxes: str = ""

    @property
    def rows(self) -> str:
        """The statement that reads the rows."""
        return f"SELECT {', '.join(map(Column.select, self.columns))} FROM {self.source}"  # noqa: S608

    @cached_property
    def at(self) -> dict[str, int]:
        """Where each column is in a row, by its name."""
        return {column.name: place for place, column in enumerate(self.columns)}

    @property
    def headings(self) -> list[tuple[str, str]]:
        """Heading and kind of each column."""
        return [(column.heading, column.kind) for column in self.columns]
