"""Take the exchange rates of a file of the European Central Bank in."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from oms.core import exchange_rates
from oms.core.errors import Refused
from oms.core.models import Company
from oms.web.management.base import OnTables


class Command(OnTables):
    help = "Import ECB exchange rates (XML, CSV or ZIP; daily or historical) for every company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            days = exchange_rates.read(path.read_bytes(), path.name)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        for company in Company.objects.all():
            self.stdout.write(
                f"{company}: {exchange_rates.take(company, days):,} rates of {len(days):,} days."
            )
