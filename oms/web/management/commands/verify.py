"""Check every invariant; exit 1 and name the rows where one is broken."""

from typing import Any

from django.core.management.base import CommandError

from oms.insights import verification
from oms.web.management.base import OnTables


class Command(OnTables):
    help = "Check that nothing is lost, doubled or oversold: exits 1 and names the rows where an invariant is broken."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--list", action="store_true", help="List the invariants, and check nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self.stdout.write("\n".join(verification.names()))
            return
        found = verification.breaches()
        for breach in found:
            self.stdout.write(str(breach))
        if found:
            raise CommandError(f"{len(found)} invariants are broken.", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"Everything holds: {len(verification.names())} invariants."))
