"""Check every invariant; exit 1 and name the rows where one is broken."""

from typing import Any

from django.core.management.base import CommandError

from oms.insights import verification
from oms.web.management.base import OnTables


class Command(OnTables):
    help = "Check all data invariants. Exits with 1 and lists the offending rows if a check fails."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--list", action="store_true", help="List the checks without running them."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self.stdout.write("\n".join(verification.names()))
            return
        found = verification.breaches()
        for breach in found:
            self.stdout.write(str(breach))
        if found:
            raise CommandError(f"{len(found)} checks failed.", returncode=1)
        self.stdout.write(self.style.SUCCESS(f"All checks passed: {len(verification.names())}."))
