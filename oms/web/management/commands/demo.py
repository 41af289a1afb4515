"""Set up the back office on real orders, show the log-ins, and serve it on this machine."""

import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from oms.core.models import Company, User
from oms.printing import rendering
from oms.web import demo
from oms.web.children import child, kept
from oms.web.management.base import is_of_an_earlier_version


class Command(BaseCommand):
    help = "Create the database, load the sample orders, print the logins and start the server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="don't start the server")
        parser.add_argument(
            "--fresh", action="store_true", help="delete the demo data and start over"
        )
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        if not rendering.can_render():
            self.stderr.write(
                f"{rendering.MISSING_SYSTEM_LIBRARY} Everything but PDFs works without it."
            )
        if not options["fresh"] and self._is_outdated():
            raise CommandError(
                "The demo's data was written by an earlier version: run this again with --fresh."
            )
        if options["fresh"] or self._was_interrupted():
            self._start_over()
        call_command("migrate", verbosity=0)
        if demo.is_loaded():
            self.stdout.write("Demo data already loaded. Use --fresh to start over.")
        else:
            self._require_empty()
            demo.load()
        self._show_log_ins(options["port"])
        if not options["no_serve"]:
            connection.close()
            self._serve(options["port"])

    def _start_over(self) -> None:
        """Empty the database, if it is the demo's."""
        if self._has_tables() and not demo.is_begun():
            self._require_empty()
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")

    def _has_tables(self) -> bool:
        return "core_company" in connection.introspection.table_names()

    def _is_outdated(self) -> bool:
        return self._has_tables() and (
            is_of_an_earlier_version() or (demo.is_begun() and demo.is_outdated())
        )

    def _was_interrupted(self) -> bool:
        return self._has_tables() and demo.is_begun() and not demo.is_loaded()

    def _require_empty(self) -> None:
        if User.objects.exists() or Company.objects.exists():
            raise CommandError(
                "This database contains other data. Set DATABASE_URL to an empty database."
            )

    def _show_log_ins(self, port: int) -> None:
        self.stdout.write(f"\nLog in at http://127.0.0.1:{port}/admin/ as:\n")
        for name, password in demo.LOG_INS.items():
            self.stdout.write(f"  {name:12} password: {password}")
        self.stdout.write("")

    def _serve(self, port: int) -> None:
        """Serve on the loopback address alone, with a worker beside it, until interrupted."""
        command = [
            str(Path(sys.executable).parent / "gunicorn"),
            "oms.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "2",
            "--threads",
            "4",
            "--access-logfile",
            "/dev/null",
        ]
        signal.signal(
            signal.SIGTERM, signal.default_int_handler
        )  # however it is stopped, its children stop too
        with (
            kept("worker", _worker_command(), self.stderr),
            kept("clock", _clock_command(), self.stderr),
            child(command) as server,
        ):
            self.stdout.write("Serving; stop with Ctrl-C.")
            try:
                server.wait()
            except KeyboardInterrupt:
                self.stdout.write("Stopped.")


def _worker_command() -> list[str]:
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "oms",
        "worker",
        "--concurrency",
        "1",
        "--loglevel",
        "WARNING",
    ]


def _clock_command() -> list[str]:
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "oms",
        "beat",
        "--loglevel",
        "WARNING",
        "--pidfile",
        "",
        "--schedule",
        str(settings.DATA_FOLDER / "beat-schedule"),
    ]
