"""Processes beside the demo's server: they end with it, and one that dies is started again."""

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a process that died is started again
PATIENCE = 20  # seconds that a process may take to end


@contextmanager
def child(command: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with this one."""
    process = _start(command)
    try:
        yield process
    finally:
        _end(process)


@contextmanager
def kept(
    name: str, command: Sequence[str], errors: "IO[str] | Any", *, pause: float = FIRST_PAUSE
) -> Iterator["Kept"]:
    """A process that is started again when it dies, and ends with this one."""
    keeper = Kept(name, command, errors, pause)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()


class Kept(threading.Thread):
    """Watches a process; the pause before it is started again doubles while it does not last."""

    def __init__(self, name: str, command: Sequence[str], errors: Any, pause: float) -> None:
        super().__init__(daemon=True, name=f"keeper of the {name}")
        self.what, self.command, self.errors, self.first_pause = name, command, errors, pause
        self.over = threading.Event()
        self.process = _start(command)

    def run(self) -> None:
        pause, started = self.first_pause, time.monotonic()
        while True:
            code = self.process.wait()
            if self.over.is_set():
                return
            pause = self.first_pause if time.monotonic() - started > LONGEST_PAUSE else pause
            self.errors.write(
                f"The {self.what} ended with exit code {code}. Starting another in {pause:g} s.\n"
            )
            if self.over.wait(pause):
                return
            pause, started = min(pause * 2, LONGEST_PAUSE), time.monotonic()
            self.process = _start(self.command)

    def stop(self) -> None:
        self.over.set()
        _end(self.process)
        self.join(PATIENCE)
        _end(self.process)  # one that was just being started


def _start(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(list(command), cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
