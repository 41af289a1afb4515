"""Import orders from a file: what a company brings along, or new orders."""

import csv
from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from tqdm import tqdm

from oms.core import outbox
from oms.core.models import Company
from oms.web import importing
from oms.web.importing import Report, Selection
from oms.web.management.base import OnTables
from orders.channels.online_retail.mapping import BadRow
from orders.models import Channel


class Command(OnTables):
    help = "Import orders from a file. The report accounts for every row."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=["online-retail"], required=True)
        parser.add_argument(
            "--as",
            dest="mode",
            choices=["history", "open"],
            required=True,
            help=(
                "history: completed, paid orders that don't affect stock; open: new, confirmed "
                "orders"
            ),
        )
        parser.add_argument(
            "--channel", default="online-retail", help="channel code (created if missing)"
        )
        parser.add_argument("--from", dest="since", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--to", dest="until", type=date.fromisoformat, metavar="DATE")
        parser.add_argument("--limit", type=int, help="import at most this many invoices")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help=("report what would be imported without changing anything"),
        )
        parser.add_argument(
            "--strict", action="store_true", help="import nothing if any row is bad"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        if options["strict"]:
            self._require_good(path)
        report = Report()
        with transaction.atomic() if options["dry_run"] else nullcontext():
            self._import(path, report, options)
            if options["dry_run"]:
                transaction.set_rollback(True)
        self._tell(path, report, dry_run=options["dry_run"])
        if options["mode"] == "open" and not options["dry_run"]:
            outbox.drain()

    def _import(self, path: Path, report: Report, options: dict[str, Any]) -> None:
        channel = _channel(options["channel"])
        take = importing.import_history if options["mode"] == "history" else importing.import_open
        selection = Selection(options["since"], options["until"], options["limit"])
        try:
            with tqdm(desc="rows", unit="", unit_scale=True, mininterval=1) as bar:
                for batch in importing.invoices(
                    importing.read(path), selection, report, bar.update
                ):
                    take(channel, batch, report)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _require_good(self, path: Path) -> None:
        bad = [row for row in importing.read(path) if isinstance(row, BadRow)]
        if bad:
            raise CommandError(
                f"{len(bad)} rows are bad, listed in {_list_bad(path, bad)}. Nothing was imported."
            )

    def _tell(self, path: Path, report: Report, *, dry_run: bool) -> None:
        self.stdout.write(f"\n{'':44}{'rows':>10}{'money':>18}")
        for fate in sorted(report.rows):
            self.stdout.write(f"{fate:44}{report.rows[fate]:>10,}{report.money[fate]:>18,.3f}")
        if report.bad:
            self.stdout.write(
                f"{'bad rows':44}{len(report.bad):>10,}{'':>18}  listed in {_list_bad(path, report.bad)}"
            )
        rows, money = report.total
        self.stdout.write(f"{'together':44}{rows:>10,}{money:>18,.3f}")
        self.stdout.write(f"Cents moved by rounding each line: {report.rounding:,.3f}")
        self.stdout.write(f"{report.added:,} {'would be ' if dry_run else ''}added.")


def _channel(code: str) -> Channel:
    known = Channel.objects.select_related("company").filter(code=code).first()
    if known:
        return known
    companies = list(Company.objects.all()[:2])
    if len(companies) > 1:
        raise CommandError(
            f"There is no channel {code!r}, and there is more than one company to create it for. "
            "Create the channel first."
        )
    company = (
        companies[0]
        if companies
        else Company.objects.create(
            code="main", name="Our company", country="GB", currency="GBP", time_zone="Europe/London"
        )
    )
    return Channel.objects.create(
        code=code,
        name=code.replace("-", " ").capitalize(),
        kind=Channel.Kind.OWN_SITE,
        company=company,
    )


def _list_bad(path: Path, bad: list[BadRow]) -> Path:
    target = Path(f"{path.name.split('.')[0]}-bad-rows.csv")
    with target.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "problem", "content"])
        writer.writerows((row.number, row.column, row.problem, row.content) for row in bad)
    return target
