"""The folder itself: files that come in are taken once, orders are kept by their id, answers are written whole.

```
in/           what the other program leaves: *.json, *.csv, *.xlsx; written under a name that ends in .tmp, then renamed
in/taken/     files that were taken, by month
in/refused/   files that were not, each with a .txt that says why
out/          stock.csv, shipments/, cancellations/, refunds/
kept/         each order as it was told last, and which changed when
```
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from orders.channels.connectors.errors import Invalid, NotFound, Unavailable

FOLDERS = (
    "in/taken",
    "in/refused",
    "out/shipments",
    "out/cancellations",
    "out/refunds",
    "kept/orders",
    "kept/changed",
    "kept/placed",
)
KINDS = (".json", ".csv", ".xlsx")
SETTLED = 10  # seconds since a file was written last, for programs that don't rename


class Folder:
    """The folder of one channel."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """Make what is missing. Raises Unavailable where that can't be written."""
        try:
            for name in FOLDERS:
                (self.path / name).mkdir(parents=True, exist_ok=True)
            self.write("out/.written", b"")
        except OSError as error:
            raise Unavailable(
                _("The folder %(path)s can't be written: %(error)s.")
                % {"path": self.path, "error": error.strerror or error}
            ) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process at a time takes files or rewrites what is kept."""
        with (self.path / "kept" / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def take(self, read: Callable[[Path], None]) -> None:
        """Have each file that came in read, the oldest first, and move it away; a refused one with the reason."""
        waiting = [
            file
            for file in (self.path / "in").iterdir()
            if file.is_file() and file.suffix.lower() in KINDS and not file.name.startswith(".")
        ]
        for file in sorted(waiting, key=lambda file: (file.stat().st_mtime, file.name)):
            if file.stat().st_mtime > time.time() - SETTLED:
                continue
            try:
                read(file)
            except Invalid as refused:
                target = self._free(self.path / "in" / "refused" / file.name)
                file.rename(target)
                target.with_name(f"{target.name}.txt").write_text(f"{refused.message}\n", "utf-8")
            else:
                month = self.path / "in" / "taken" / datetime.now(UTC).strftime("%Y-%m")
                month.mkdir(exist_ok=True)
                file.rename(self._free(month / file.name))

    def _free(self, path: Path) -> Path:
        """A name that no other file has."""
        number, found = 1, path
        while found.exists():
            number += 1
            found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        return found

    def refused(self) -> list[str]:
        """The names of files that were refused and are still there."""
        return sorted(
            file.name
            for file in (self.path / "in" / "refused").iterdir()
            if file.suffix.lower() in KINDS
        )

    def keep(self, key: str, order: Mapping[str, Any], placed_at: datetime) -> None:
        """Keep an order as it is now; journals of the day name it as changed, and at first as placed."""
        file = self._of_order(key)
        text = json.dumps(order, ensure_ascii=False, sort_keys=True).encode()
        if not file.exists():
            self._note("placed", key, placed_at)
        elif file.read_bytes() == text:
            return
        self._note(
            "changed", key, datetime.now(UTC)
        )  # first: a kill in between has it noted twice, never missed
        file.parent.mkdir(exist_ok=True)
        _write(file, text)

    def _of_order(self, key: str) -> Path:
        name = quote(key, safe="")
        return self.path / "kept" / "orders" / name[-2:].rjust(2, "_") / f"{name}.json"

    def order(self, key: str) -> dict[str, Any]:
        """An order as it was told last. Raises NotFound."""
        try:
            text = self._of_order(key).read_bytes()
        except OSError as error:
            raise NotFound(_("Order %(number)s not found.") % {"number": key}) from error
        found: dict[str, Any] = json.loads(text)
        return found

    def _note(self, journal: str, key: str, at: datetime) -> None:
        day = at.astimezone(UTC).date().isoformat()
        with (self.path / "kept" / journal / f"{day}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, at.isoformat()]) + "\n")

    def noted(self, journal: str, since: datetime, until: datetime) -> list[tuple[str, datetime]]:
        """What a journal names within a span, the oldest first; only its days are read."""
        found = []
        day = since.astimezone(UTC).date()
        while day <= until.astimezone(UTC).date():
            file = self.path / "kept" / journal / f"{day.isoformat()}.jsonl"
            if file.exists():
                for line in file.read_text("utf-8").splitlines():
                    key, text = json.loads(line)
                    at = datetime.fromisoformat(text)
                    if since <= at < until:
                        found.append((key, at))
            day += timedelta(days=1)
        return sorted(found, key=lambda each: each[1])

    def read(self, name: str) -> Any:
        """What is kept under a name, None where there is nothing."""
        file = self.path / name
        return json.loads(file.read_bytes()) if file.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: whoever reads it sees the old one or the new one."""
        _write(self.path / name, content)

    def has(self, name: str) -> bool:
        return (self.path / name).exists()


def _write(file: Path, content: bytes) -> None:
    unfinished = file.with_name(f"{file.name}.tmp")
    unfinished.write_bytes(content)
    unfinished.replace(file)
