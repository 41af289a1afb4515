"""What commands have in common."""

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from oms.core.wording import OURS


def is_of_an_earlier_version() -> bool:
    """Whether the tables were made by migrations that this version doesn't have anymore."""
    executor = MigrationExecutor(connection)
    applied = MigrationRecorder(connection).applied_migrations()
    ours = {config.label for config in apps.get_app_configs() if config.name.split(".")[0] in OURS}
    return any(key[0] in ours and key not in executor.loader.disk_migrations for key in applied)


class OnTables(BaseCommand):
    """A command that needs the tables as this version knows them, and says so where they are not."""

    requires_migrations_checks = True

    def check_migrations(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "The database isn't up to date. Run `manage.py migrate` first (`manage.py demo` "
                "does this for you)."
            )
