"""Encrypt secrets anew after a new first key in ENCRYPTION_KEYS."""

from typing import Any

from django.core.management.base import CommandError

from oms.core import secrets
from oms.core.secrets import KeyLost
from oms.web.management.base import OnTables


class Command(OnTables):
    help = "Encrypts all secrets with the first of ENCRYPTION_KEYS. Afterwards the others can be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = secrets.rotate()
        except KeyLost as lost:
            raise CommandError(lost.message) from lost
        self.stdout.write(f"Encrypted {count} secrets with the first key.")
