"""Secrets at rest: encrypted (Fernet: AES-128-CBC with HMAC-SHA256) with the keys of ENCRYPTION_KEYS.

The first key encrypts, all of them decrypt. `manage.py rotate_keys` encrypts everything anew with the first.
"""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext as _

from oms.core.columns import BinaryColumn
from oms.core.errors import DomainError
from oms.core.locking import atomic, lock


class KeyLost(DomainError):
    """Something was encrypted with a key that isn't there."""

    code = "key_lost"


def seal(text: str) -> bytes:
    """Encrypt a text."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode())


def unseal(token: bytes | memoryview) -> str:
    """Decrypt a text. Raises KeyLost where none of the keys fits."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(bytes(token)).decode()
    except InvalidToken as error:
        raise KeyLost(
            _(
                "This was encrypted with a key that isn't among ENCRYPTION_KEYS. Add that key, or enter the "
                "credentials again."
            )
        ) from error


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise KeyLost(
            _(
                "ENCRYPTION_KEYS is invalid: each key is 32 bytes in URL-safe base64, separated by commas."
            )
        ) from error


class SealedField(BinaryColumn):
    """A column of encrypted text; its value is what `seal` returns."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"null": True, "default": None, **options})

    def deconstruct(self) -> Any:
        """To the database it is a binary column like any other."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.BinaryField", args, options


def rotate() -> int:
    """Encrypt everything that is sealed with the first key; how many values that were. Raises KeyLost."""
    count = 0
    for model in apps.get_models():
        names = [field.name for field in model._meta.fields if isinstance(field, SealedField)]
        for key in model._base_manager.order_by("pk").values_list("pk", flat=True) if names else ():
            with atomic():
                for row in lock(model._base_manager.filter(pk=key)):
                    sealed = [name for name in names if getattr(row, name)]
                    for name in sealed:
                        setattr(row, name, seal(unseal(getattr(row, name))))
                    row.save(update_fields=sealed)
                    count += len(sealed)
    return count
