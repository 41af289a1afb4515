"""The broker without Redis: messages as files, put in place by renaming, so that none can be read half-written."""

import logging
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)


class Channel(virtual.Channel):
    """A folder of messages: written under another name first, taken by renaming, thrown away where unreadable."""

    supports_fanout = False

    @property
    def folder(self) -> Path:
        client: Any = self.connection.client
        folder = Path(client.transport_options["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        part = self.folder / f"{name}.part"
        part.write_text(dumps(message), encoding="utf-8")
        part.replace(self.folder / f"{name}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for path in self._messages(queue):
            taken = path.with_suffix(f".{os.getpid()}")
            try:
                path.rename(taken)
            except OSError:
                continue  # another worker has it, or nobody can take it
            message = _read(taken)
            with suppress(OSError):  # under its new name nobody reads it again
                taken.unlink()
            if message is not None:
                return message
        raise Empty

    def _messages(self, queue: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{queue}.msg"))

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for path in messages:
            path.unlink(missing_ok=True)
        return len(messages)


def _read(path: Path) -> dict[str, Any] | None:
    """A message; None where it is none, which costs nothing: the row that it rang for is found without it."""
    try:
        message = loads(path.read_text(encoding="utf-8"))
        if not isinstance(message, dict) or not isinstance(
            message["properties"]["delivery_info"], dict
        ):
            raise ValueError("it is no message")
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("message_unreadable file=%s error=%s", path.name, error)
        return None
    return message


class Transport(virtual.Transport):
    """Kombu's transport for `files://`."""

    Channel = Channel
    driver_type = driver_name = "files"
    default_port = 0
    global_state = virtual.BrokerState()
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct", "topic"])
    )

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.state = self.global_state

    def driver_version(self) -> str:
        return "1"
