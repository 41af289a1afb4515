"""Write down the catalog of operations."""

from typing import Any

from django.core.management.base import BaseCommand

from oms.web import operation_docs


class Command(BaseCommand):
    help = "Write docs/operations.md from the catalog of operations."

    def handle(self, *args: Any, **options: Any) -> None:
        operation_docs.PAGE.write_text(operation_docs.page(), encoding="utf-8")
        self.stdout.write(f"Wrote {operation_docs.PAGE}.")
