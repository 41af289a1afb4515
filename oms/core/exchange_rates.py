"""Exchange rates: what applies on a day, and those of the European Central Bank's files.

The daily and historical reference rates come as XML (`eurofxref-daily.xml`, `eurofxref-hist.xml`: cubes of a `time`
with cubes of `currency` and `rate`) and as CSV (`eurofxref.csv`, `eurofxref-hist.csv`: a column for each currency),
the CSV also in a ZIP file; each rate is so many units for one euro, as the bank's page "Euro foreign exchange
reference rates" says. A company with another currency gets the quotient of two of them.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from oms.core.codes import CURRENCIES
from oms.core.errors import Refused
from oms.core.locking import whole
from oms.core.models import Company, ExchangeRate

PLACES = Decimal("0.000001")
Day = tuple[date, dict[str, Decimal]]


def read(content: bytes, name: str) -> list[Day]:
    """The days of a file, each with units for one euro by currency. Raises Refused where it is no such file."""
    try:
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = archive.read(archive.namelist()[0])
        days = list(
            _read_xml(content)
            if content.lstrip()[:1] == b"<"
            else _read_csv(content.decode("utf-8-sig"))
        )
    except (
        ElementTree.ParseError,
        UnicodeDecodeError,
        ValueError,
        KeyError,
        InvalidOperation,
        IndexError,
    ) as error:
        raise Refused(
            _("%(name)s isn't an ECB reference rates file: %(error)s.")
            % {"name": name, "error": error},
            code="unreadable",
        ) from error
    if not days:
        raise Refused(_("%(name)s contains no rates.") % {"name": name}, code="unreadable")
    return days


def _read_xml(content: bytes) -> Iterator[Day]:
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ValueError("a document type is not expected")
    for day in ElementTree.fromstring(content).iter():  # noqa: S314  # no entities, as was looked for
        if "time" in day.attrib:
            yield (
                date.fromisoformat(day.attrib["time"]),
                {
                    rate.attrib["currency"]: Decimal(rate.attrib["rate"])
                    for rate in day
                    if "rate" in rate.attrib
                },
            )


def _read_csv(text: str) -> Iterator[Day]:
    for row in csv.DictReader(io.StringIO(text), skipinitialspace=True):
        cells = {
            name: (value or "").strip() for name, value in row.items() if name and name.strip()
        }
        day = cells.pop("Date")
        yield (
            _day(day),
            {
                name.strip(): Decimal(value)
                for name, value in cells.items()
                if value not in ("", "N/A")
            },
        )


def _day(text: str) -> date:
    """The historical file writes 2027-01-29, the daily one 29 January 2027."""
    if text[:4].isdigit():
        return date.fromisoformat(text)
    return datetime.strptime(text, "%d %B %Y").date()  # noqa: DTZ007


def exchange_rate(company: Company, currency: str, on: date) -> Decimal:
    """Units of the currency for one of the company's, as of a day. Raises Refused where none is known."""
    if currency == company.currency:
        return Decimal(1)
    row = (
        ExchangeRate.objects.filter(company=company, currency=currency, day__lte=on)
        .order_by("-day")
        .first()
    )
    if row is None:
        raise Refused(
            _(
                "No %(currency)s to %(own)s exchange rate on or before %(on)s. Add one under Finance > "
                "Exchange rates."
            )
            % {"currency": currency, "own": company.currency, "on": on},
            code="no_rate",
        )
    return row.rate


@whole
def take(company: Company, days: list[Day]) -> int:
    """Enter rates for a company, in place of what was entered for the same days; how many there are."""
    rows = [
        ExchangeRate(company=company, currency=currency, day=day, rate=rate)
        for day, rates in days
        for currency, rate in _for(company.currency, rates).items()
    ]
    ExchangeRate.objects.bulk_create(
        rows,
        batch_size=5000,
        update_conflicts=True,
        update_fields=["rate"],
        unique_fields=["company", "currency", "day"],
    )
    return len(rows)


def _for(home: str, rates: dict[str, Decimal]) -> dict[str, Decimal]:
    """Units for one unit of the home currency; nothing where that has no rate. Withdrawn currencies are left out."""
    known = {"EUR": Decimal(1), **rates}
    if home not in known:
        return {}
    return {
        currency: value
        for currency, rate in known.items()
        if currency != home
        and currency in CURRENCIES
        and (value := (rate / known[home]).quantize(PLACES)) > 0
    }
