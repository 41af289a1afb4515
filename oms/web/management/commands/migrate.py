"""Django's `migrate`, then the permissions and built-in roles of this version."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from oms.core import roles


class Command(Migrate):
    """Once nothing is left to migrate, roles are written as the policy declares them."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        executor = MigrationExecutor(connections[options["database"]])
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            roles.seed()
