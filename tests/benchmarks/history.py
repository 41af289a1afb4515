"""Importing history against a bare bulk_create of every row that it left. Run: python -m tests.benchmarks.history FILE

Prints both times and their ratio, measured in one run on a throwaway database, and the import's peak memory.
"""

import os
import resource
import sys
import time


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    call_command("import_orders", sys.argv[1], "--format", "online-retail", "--as", "history")
    imported = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    from django.apps import apps

    models = [
        model
        for model in apps.get_models()
        if model._meta.app_label in {"core", "inventory", "orders"}
    ]
    tables = [(model, list(model._base_manager.order_by("pk"))) for model in models]
    tables = [
        (model, rows) for model, rows in tables if rows and model._meta.label != "core.Stream"
    ]
    count = sum(len(rows) for _, rows in tables)
    with connection.cursor() as cursor:
        names = ", ".join(model._meta.db_table for model, _ in tables)
        cursor.execute(f"TRUNCATE {names} CASCADE")
        cursor.execute(
            "SET session_replication_role = replica"
        )  # in any order of the tables; checks no foreign keys
    started = time.perf_counter()
    for model, rows in tables:
        model._base_manager.bulk_create(rows, batch_size=5000)
    bare = time.perf_counter() - started
    print(
        f"{count:,} rows: import {imported:.1f} s, bulk_create {bare:.1f} s, ratio {imported / bare:.2f}, "
        f"{memory:.0f} MiB at the most during the import"
    )


if __name__ == "__main__":
    main()
