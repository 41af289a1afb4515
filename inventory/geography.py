"""Where postal codes lie: what is shipped, what is imported, and what a place's coordinates are."""

import csv
import gzip
import io
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.db import connection, transaction
from django.utils.translation import gettext as _

from inventory.models import PostalCode, Warehouse
from oms.core.errors import Refused
from oms.core.postal_codes import normalize, regions

SHIPPED = Path(__file__).parent / "data" / "centroids.csv.gz"
MOST_NAMED = 10
Place = tuple[str, str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A postal code of a file, and where it lies in degrees."""

    country: str
    code: str
    latitude: float
    longitude: float


@dataclass
class Taken:
    """What became of a file: rows read, codes written, and the first bad rows in words."""

    rows: int = 0
    codes: int = 0
    bad: int = 0
    first_bad: list[str] = field(default_factory=list)

    def note_bad(self, problem: str) -> None:
        self.bad += 1
        if self.bad <= MOST_NAMED:
            self.first_bad.append(problem)


def coordinates(places: Collection[Place]) -> dict[Place, Point]:
    """Where places (country, postal code) lie: the code itself, else the nearest region known, else the country."""
    wanted = {place: regions(*place) for place in places if place[0]}
    rows = PostalCode.objects.filter(
        country__in={country for country, _code in wanted},
        code__in={code for codes in wanted.values() for code in codes},
    )
    known = (
        {(row.country, row.code): (row.latitude, row.longitude) for row in rows} if wanted else {}
    )
    found = {
        place: next((known[place[0], code] for code in codes if (place[0], code) in known), None)
        for place, codes in wanted.items()
    }
    return {place: point for place, point in found.items() if point is not None}


def locate(
    warehouses: Collection[Warehouse], there: Place
) -> tuple[dict[int, Point], Point | None]:
    """Where warehouses are (as entered, else by their postal code), and where a destination is, in one query."""
    entered = {
        row.pk: (row.latitude, row.longitude)
        for row in warehouses
        if row.latitude is not None and row.longitude is not None
    }
    asked = {row.pk: (row.country, row.postal_code) for row in warehouses if row.pk not in entered}
    known = coordinates({there, *asked.values()})
    by_code = {key: known[place] for key, place in asked.items() if place in known}
    return entered | by_code, known.get(there)


def read(path: Path, taken: Taken) -> Iterator[Row]:
    """The rows of a file: GeoNames' own (tab-separated, plain, .gz or .zip) or CSV with a head that names columns."""
    with _open(path) as file:
        first = file.readline()
        if not first.strip():
            raise Refused(_("%(file)s is empty.") % {"file": path.name})
        if "\t" in first:
            yield from _rows(
                csv.reader(_again(first, file), delimiter="\t", quoting=csv.QUOTE_NONE),
                _GEONAMES,
                taken,
            )
        else:
            head = [name.strip().lower() for name in next(csv.reader([first]))]
            yield from _rows(csv.reader(file), _columns(head, path), taken, start=2)


_GEONAMES = (0, 1, 9, 10)


def _columns(head: list[str], path: Path) -> tuple[int, ...]:
    names = (
        ("country_code", "country"),
        ("postal_code", "code"),
        ("latitude", "lat"),
        ("longitude", "lon", "lng"),
    )
    found = [next((head.index(name) for name in choice if name in head), -1) for choice in names]
    if -1 in found:
        raise Refused(
            _(
                "%(file)s is neither GeoNames' tab-separated file nor a CSV with the columns country_code, "
                "postal_code, latitude and longitude."
            )
            % {"file": path.name},
            code="unknown_format",
        )
    return tuple(found)


def _again(first: str, file: Iterable[str]) -> Iterator[str]:
    yield first
    yield from file


def _rows(
    cells: Iterable[list[str]], columns: tuple[int, ...], taken: Taken, start: int = 1
) -> Iterator[Row]:
    for number, row in enumerate(cells, start):
        taken.rows += 1
        try:
            country, code, latitude, longitude = (row[column].strip() for column in columns)
            point = float(latitude), float(longitude)
        except (IndexError, ValueError):
            taken.note_bad(_("row %(row)s: no coordinates") % {"row": number})
            continue
        country = country.upper()
        code = normalize(country, code)
        if not (
            len(country) == 2
            and country.isalpha()
            and len(code) <= 12
            and abs(point[0]) <= 90
            and abs(point[1]) <= 180
        ):
            taken.note_bad(
                _("row %(row)s: %(country)s %(code)s is no country, code and point on earth")
                % {"row": number, "country": country, "code": code}
            )
            continue
        yield Row(country, code, *point)


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), "utf-8", newline="")
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(path)
        texts = [
            name
            for name in archive.namelist()
            if name.endswith((".txt", ".csv")) and "readme" not in name.lower()
        ]
        if len(texts) != 1:
            raise Refused(
                _("%(file)s should hold one .txt file of postal codes.") % {"file": path.name}
            )
        return io.TextIOWrapper(archive.open(texts[0]), "utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def take(rows: Iterable[Row], taken: Taken, *, keep: bool = False) -> Taken:
    """Write the mean point of each code, whole or not at all; countries without a center get the mean of theirs.

    `keep`: codes that are known already stay as they are.
    """
    known = (
        "NOTHING"
        if keep
        else "UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE postal_rows (country text, code text, latitude float8, longitude float8) "
            "ON COMMIT DROP"
        )
        with cursor.copy("COPY postal_rows FROM STDIN") as copy:
            for row in rows:
                copy.write_row((row.country, row.code, row.latitude, row.longitude))
        cursor.execute(f"""
            INSERT INTO inventory_postalcode (country, code, latitude, longitude)
            SELECT country, code, avg(latitude), avg(longitude) FROM postal_rows GROUP BY 1, 2
            ON CONFLICT (country, code) DO {known}""")  # noqa: S608  # one of two constants
        taken.codes = cursor.rowcount
        cursor.execute("""
            INSERT INTO inventory_postalcode (country, code, latitude, longitude)
            SELECT country, '', avg(latitude), avg(longitude) FROM postal_rows GROUP BY 1
            ON CONFLICT (country, code) DO NOTHING""")
        cursor.execute("DROP TABLE postal_rows")
    return taken


def take_shipped(*, keep: bool = False) -> Taken:
    """Write the centers of countries and regions that come with the program."""
    taken = Taken()
    return take(read(SHIPPED, taken), taken, keep=keep)
