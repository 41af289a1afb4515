"""Take in where postal codes lie."""

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from inventory import geography
from inventory.geography import Row, Taken
from oms.core.errors import Refused
from oms.web.management.base import OnTables


class Command(OnTables):
    help = (
        "Import postal codes with their coordinates: GeoNames' files (allCountries.zip, GB_full.csv.zip, GB.zip, "
        "their .txt) or a CSV with country_code, postal_code, latitude and longitude; .gz is read, too. Without a "
        "file, the centers that come with OMS are written again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?")
        parser.add_argument(
            "--country", action="append", metavar="XX", help="only this country; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"] or geography.SHIPPED
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        only = {country.upper() for country in options["country"] or []}
        taken = Taken()
        try:
            with tqdm(desc="rows", unit="", unit_scale=True, mininterval=1) as bar:
                geography.take(_counted(geography.read(path, taken), only, bar), taken)
        except (Refused, UnicodeDecodeError, OSError) as error:
            raise CommandError(getattr(error, "message", str(error))) from error
        for problem in taken.first_bad:
            self.stderr.write(problem)
        if not taken.codes:
            raise CommandError(f"None of {taken.rows:,} rows could be taken. Nothing was changed.")
        self.stdout.write(
            f"{taken.rows:,} rows read, {taken.codes:,} postal codes written, {taken.bad:,} rows bad."
        )


def _counted(rows: Iterable[Row], only: set[str], bar: Any) -> Iterator[Row]:
    for row in rows:
        bar.update()
        if not only or row.country in only:
            yield row
