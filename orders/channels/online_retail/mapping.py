"""Rows of the Online Retail file, read, checked, and told apart."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
CURRENCY = "GBP"
CARRIAGE = {"POST", "DOT", "C2"}
FEES = {"M", "m", "BANK CHARGES", "AMAZONFEE", "CRUK", "S", "B"}
DISCOUNTS = {"D"}
COUNTRIES = {
    "United Kingdom": "GB",
    "Germany": "DE",
    "France": "FR",
    "EIRE": "IE",
    "Spain": "ES",
    "Netherlands": "NL",
    "Belgium": "BE",
    "Switzerland": "CH",
    "Portugal": "PT",
    "Australia": "AU",
    "Norway": "NO",
    "Italy": "IT",
    "Channel Islands": "JE",
    "Finland": "FI",
    "Cyprus": "CY",
    "Sweden": "SE",
    "Austria": "AT",
    "Denmark": "DK",
    "Japan": "JP",
    "Poland": "PL",
    "Israel": "IL",
    "USA": "US",
    "Hong Kong": "HK",
    "Singapore": "SG",
    "Iceland": "IS",
    "Canada": "CA",
    "Greece": "GR",
    "Malta": "MT",
    "United Arab Emirates": "AE",
    "RSA": "ZA",
    "Lebanon": "LB",
    "Lithuania": "LT",
    "Brazil": "BR",
    "Czech Republic": "CZ",
    "Bahrain": "BH",
    "Saudi Arabia": "SA",
}


class Kind(StrEnum):
    """What a row is."""

    GOODS = "goods"
    CARRIAGE = "carriage"
    FEE = "fees"
    DISCOUNT = "discounts"
    VOUCHER = "vouchers"
    STOCK_ADJUSTMENT = "stock adjustments"
    BAD_DEBT = "bad debt"


@dataclass(frozen=True)
class Row:
    """A checked row. `unit_price` in GBP at the source's precision; quantities negative where goods come back."""

    number: int
    invoice: str
    code: str
    text: str
    quantity: int
    at: datetime
    unit_price: Decimal
    customer: str
    country: str
    kind: Kind

    @property
    def amount(self) -> Decimal:
        return self.quantity * self.unit_price

    @property
    def is_credit(self) -> bool:
        return self.invoice.startswith("C")


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read: its number in the file, the column, and what is wrong."""

    number: int
    column: str
    problem: str
    content: str


def read_row(number: int, cells: list[str]) -> Row | BadRow:
    """Check a row of the file (the header is row 1)."""
    content = ",".join(cells)
    if len(cells) != len(COLUMNS):
        return BadRow(number, "", f"{len(cells)} columns instead of {len(COLUMNS)}", content)
    values = dict(zip(COLUMNS, (cell.strip() for cell in cells), strict=True))
    problem = _problem(values)
    if problem:
        return BadRow(number, *problem, content)
    quantity, price = int(values["Quantity"]), Decimal(values["UnitPrice"])
    return Row(
        number,
        values["InvoiceNo"],
        values["StockCode"],
        values["Description"],
        quantity,
        datetime.fromisoformat(values["InvoiceDate"]).replace(tzinfo=UTC),
        price,
        values["CustomerID"],
        COUNTRIES.get(values["Country"], ""),
        classify(values["InvoiceNo"], values["StockCode"], quantity),
    )


def _problem(values: dict[str, str]) -> tuple[str, str] | None:
    """The first column that is wrong, and why."""
    for name, value in values.items():
        if "\ufffd" in value:
            return name, "is not UTF-8"
    for name in ("InvoiceNo", "StockCode"):
        if not 0 < len(values[name]) <= 40:
            return name, "is empty or too long"
    for name, read in (("Quantity", int), ("UnitPrice", _price), ("InvoiceDate", _date)):
        try:
            read(values[name])
        except (ValueError, InvalidOperation, OverflowError) as error:
            return name, f"{values[name]!r} is not right: {error}"
    if int(values["Quantity"]) == 0 or abs(int(values["Quantity"])) > 2_000_000_000:
        return "Quantity", "is zero or absurd"
    return None


def _price(text: str) -> Decimal:
    price = Decimal(text)
    if not price.is_finite() or abs(price) >= 10**9 or price != round(price, 4):
        raise ValueError("no price of at most four decimals")
    return price


def _date(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if not 1990 <= moment.year <= 2100:
        raise ValueError("the year is absurd")
    return moment


def classify(invoice: str, code: str, quantity: int) -> Kind:
    """What a row is, by its invoice number's letter, its stock code and its sign."""
    if invoice.startswith("A"):
        return Kind.BAD_DEBT
    if quantity < 0 and not invoice.startswith("C"):
        return Kind.STOCK_ADJUSTMENT
    if code in CARRIAGE:
        return Kind.CARRIAGE
    if code in DISCOUNTS:
        return Kind.DISCOUNT
    if code in FEES:
        return Kind.FEE
    return Kind.VOUCHER if code.startswith("gift_") else Kind.GOODS
