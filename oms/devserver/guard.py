"""Stops an embedded server once no process holds it any more. Run detached, by path, with plain Python."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_SECONDS = 3


def main() -> None:
    folder, data, binaries, socket_folder = map(Path, sys.argv[1:5])
    guard_lock, throwaway = int(sys.argv[5]), sys.argv[6] == "throwaway"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    holders = os.open(folder / "holders.lock", os.O_RDWR)
    _wait_until_alone(holders)
    _stop(data, binaries)
    shutil.rmtree(socket_folder, ignore_errors=True)
    if throwaway:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        if data.parent != folder and not any(data.parent.iterdir()):
            data.parent.rmdir()
    os.close(guard_lock)  # before the holders' lock: whoever waits for that one starts a new guard
    os.close(holders)


def _wait_until_alone(holders: int) -> None:
    """Return holding the lock exclusively, when nobody has held it for the length of the grace."""
    while True:
        fcntl.flock(holders, fcntl.LOCK_EX)
        fcntl.flock(holders, fcntl.LOCK_UN)
        time.sleep(GRACE_SECONDS)
        try:
            fcntl.flock(holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return


def _stop(data: Path, binaries: Path) -> None:
    if not (data / "PG_VERSION").exists():
        return
    owner = data.stat()
    options = (
        {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    command = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "-s", "stop"]
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL, cwd="/", **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
