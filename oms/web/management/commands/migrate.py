"""Django's `migrate`, then the rows that every installation has, as this version declares them."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from oms.core.discovery import discover
from oms.web.management.base import is_of_an_earlier_version


class Command(Migrate):
    """Once nothing is left to migrate, the `seeds` of all rooms are written; safe to repeat."""

    def handle(self, *args: Any, **options: Any) -> None:
        if is_of_an_earlier_version():
            raise CommandError(
                "This database was made by a version before the first release and can't be upgraded. "
                "Set DATABASE_URL to an empty database (`manage.py demo --fresh` empties the demo's)."
            )
        super().handle(*args, **options)
        executor = MigrationExecutor(connections[options["database"]])
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            for room in discover("seeds"):
                room.seed()
