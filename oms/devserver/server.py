"""An embedded PostgreSQL server that several processes share.

Each process holds a shared lock on a file, which the kernel frees however the process dies. A small detached guard
(guard.py) waits until nobody holds it, and then stops the server. The server's data survives.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from oms.devserver.account import Place, find_place

ROLE = "oms"
START_SECONDS = 60
START_TRIES = 10
SETTINGS = """\
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
timezone = 'UTC'
log_min_messages = warning
"""
# Durability off is right for a server that is thrown away after its tests, and nowhere else.
THROWAWAY_SETTINGS = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    """Where a running server listens."""

    socket_folder: str
    user: str


_reserved: dict[
    tuple[int, Path], int
] = {}  # (process id, folder) -> file descriptor of the shared lock
_databases: set[tuple[int, Path, str]] = set()


def ensure_running(folder: Path, database: str) -> Address:
    """Start the server of this data folder unless it runs, create the database unless it exists, and hold both.

    Safe to call from any number of processes at once. A folder that holds a file `throwaway` is removed with its
    server, which then need not be durable. Raises EmbeddedServerError where the folder cannot be written
    or the server does not start.
    """
    folder = folder.resolve()
    throwaway = (folder / "throwaway").exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _hold(folder)
        address = _start_unless_alive(folder, throwaway)
    except OSError as error:
        raise EmbeddedServerError(
            f"The embedded database cannot use the folder {folder}: {error}. "
            "Make it writable, choose another with OMS_DATA_FOLDER, or set DATABASE_URL to a PostgreSQL server."
        ) from error
    _create_database(folder, address, database)
    return address


def _hold(folder: Path) -> None:
    if (os.getpid(), folder) not in _reserved:
        descriptor = os.open(folder / "holders.lock", os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        _reserved[os.getpid(), folder] = descriptor


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """OrderHold an exclusive lock on a file."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _start_unless_alive(folder: Path, throwaway: bool) -> Address:
    with locked(folder / "start.lock"):
        place = find_place(folder / "postgres")
        socket_folder = _socket_folder(folder)
        address = Address(str(socket_folder), ROLE)
        if not (is_ready(place.data) and _answers(address)):
            _initialize(place, throwaway)
            _start(place, socket_folder)
        _start_guard(folder, place, socket_folder, throwaway)
        return address


def _socket_folder(folder: Path) -> Path:
    """A short path of its own: long ones break sockets, and a re-created data folder must not meet its old server."""
    token_file = folder / "token"
    if not token_file.exists():
        token_file.write_text(secrets.token_hex(8))
    key = f"{os.geteuid()}:{folder}:{token_file.read_text()}"
    return Path(tempfile.gettempdir()) / f"oms-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def is_ready(data: Path) -> bool:
    """Whether postmaster.pid names a live server of this folder that says it is ready."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return len(lines) >= 8 and lines[7].strip() == "ready" and _runs_in(int(lines[0]), data)
    except (OSError, ValueError):
        return False


def _runs_in(pid: int, data: Path) -> bool:
    """Whether a live process (no zombie) works in this data folder; elsewhere than on Linux, whether it lives."""
    try:
        os.kill(pid, 0)
        if sys.platform != "linux":
            return True
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except PermissionError:
        return True
    except OSError:
        return False


def _connect(address: Address, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host=address.socket_folder, user=address.user, dbname=database, autocommit=True
    )


def _answers(address: Address) -> bool:
    try:
        _connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


def _initialize(place: Place, throwaway: bool) -> None:
    """Create the cluster beside its place and rename it, so that a killed initdb never looks like a database."""
    if not (place.data / "PG_VERSION").exists():
        unfinished = Path(tempfile.mkdtemp(prefix="new-", dir=place.data.parent))
        place.account.own(unfinished)
        command = [
            place.binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            ROLE,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        if throwaway:
            command.append("--no-sync")
        _run(command, place)
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("include_if_exists = 'oms.conf'\n")
        unfinished.rename(place.data)
    _write_settings(place, throwaway)


def _write_settings(place: Place, throwaway: bool) -> None:
    path = place.data / "oms.conf"
    path.unlink(missing_ok=True)  # never through a link or into another's file
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "w") as settings:
        settings.write(SETTINGS + (THROWAWAY_SETTINGS if throwaway else ""))


def _start(place: Place, socket_folder: Path) -> None:
    shutil.rmtree(socket_folder, ignore_errors=True)
    socket_folder.mkdir(mode=0o700)
    place.account.own(socket_folder)
    log = place.data / "server.log"
    command = [
        place.binaries / "pg_ctl",
        "-D",
        place.data,
        "-l",
        log,
        "-w",
        "-t",
        str(START_SECONDS),
        "-s",
        "-o",
        f"-k '{socket_folder}'",
        "start",
    ]
    for remaining in reversed(range(START_TRIES)):
        _remove_stale_pid(place.data)
        try:
            _run(command, place, log)
            return
        except EmbeddedServerError:  # the children of a killed server may need a moment to notice
            if not remaining:
                raise
            time.sleep(1)


def _remove_stale_pid(data: Path) -> None:
    """Remove the note of a server that is dead: PostgreSQL itself takes a zombie for a live one."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        if not _runs_in(int((data / "postmaster.pid").read_text().split()[0]), data):
            (data / "postmaster.pid").unlink()


def _run(command: list[object], place: Place, log: Path | None = None) -> None:
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # type: ignore[call-overload]
            [str(part) for part in command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            **place.account.process_options,
        )
        output.seek(0)
        text = output.read().strip()
    if done.returncode != 0:
        tail = log.read_text()[-500:] if log and log.exists() else ""
        name = Path(str(command[0])).name
        raise EmbeddedServerError(f"The embedded database did not start ({name}): {text} {tail}")


def _start_guard(folder: Path, place: Place, socket_folder: Path, throwaway: bool) -> None:
    """Start the process that stops the server when its last holder is gone, unless one is at work."""
    descriptor = os.open(folder / "guard.lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:  # the guard inherits the lock, so there is never a moment without it
        fate = "throwaway" if throwaway else "keep"
        arguments = [folder, place.data, place.binaries, socket_folder, descriptor, fate]
        subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("guard.py")), *map(str, arguments)],
            pass_fds=[descriptor],
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.close(descriptor)


def _create_database(folder: Path, address: Address, database: str) -> None:
    key = (os.getpid(), folder, database)
    if key in _databases or database == "postgres":
        return
    deadline = time.monotonic() + START_SECONDS
    while key not in _databases:
        with _connect(address) as connection:
            if connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [database]
            ).fetchone():
                _databases.add(key)
                return
            with contextlib.suppress(
                psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
            ):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"The database {database} could not be created.")
