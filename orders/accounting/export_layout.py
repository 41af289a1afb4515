"""How the profiles of the accountant's exports are described."""

from dataclasses import dataclass

TEXT, DAY, COUNT, MONEY, PRICE, PERCENT = "text", "day", "count", "money", "price", "percent"
KIND, TAX_CATEGORY = "kind", "tax_category"  # read as their codes, written with their names


@dataclass(frozen=True)
class Layout:
    """How a profile is read and what it must add up to.

    `columns`: heading and kind. `sums`: which columns are added per currency, as net, tax, gross or amount; `currency`
    the index of that column, `document` that of the number whose different values are counted, `rate` that of the tax
    rate. `documents`: (kind, SQL of their keys) of a profile whose documents are given once. `ledger`: SQL of currency,
    documents, net, tax, gross, amount; `ledger_taxes`: SQL of currency, rate, tax.
    """

    columns: tuple[tuple[str, str], ...]
    rows: str
    ledger: str
    sums: dict[str, int]
    currency: int
    document: int | None = None
    rate: int | None = None
    documents: tuple[tuple[str, str], ...] = ()
    ledger_taxes: str = ""
