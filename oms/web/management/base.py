"""What commands have in common."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class OnTables(BaseCommand):
    """A command that needs the tables as this version knows them, and says so where they are not."""

    requires_migrations_checks = True

    def check_migrations(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("The database isn't up to date. Run `manage.py migrate` first (`manage.py demo` "
                               "does this for you).")
