#!/usr/bin/env python3
"""Run a management command of the order management system; `setup` first installs what it needs into .venv."""

import os
import subprocess
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
HERE = Path(__file__).resolve().parent


def main() -> None:
    if sys.argv[1:] == ["setup"]:
        setup()
    else:
        _manage()


def _manage() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Django isn't installed in this Python. Run `python3 manage.py setup`, then use .venv/bin/python."
        )
    execute_from_command_line(sys.argv)


def setup() -> None:
    """Bring .venv to exactly the packages of requirements.lock. Python 3.6 to 3.10 get as far as a clear message."""
    _check_python()
    environment = HERE / ".venv"
    uv = environment / "bin" / "uv"
    if not uv.exists():
        _run(sys.executable, "-m", "venv", environment)
        _run(
            environment / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "uv",
        )
    _run(uv, "pip", "sync", "-q", "--python", environment, HERE / "requirements.lock")


def _check_python() -> None:
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = (
            ".".join(map(str, version[:2])) for version in (OLDEST_PYTHON, sys.version_info)
        )
        sys.exit(
            f"OMS needs Python {wanted} or later. This is Python {found} ({sys.executable}). "
            f"Run the command with a later one, for example `python3.12 manage.py setup`."
        )
    try:
        import ensurepip  # noqa: F401  Debian leaves it out of python3
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            "This Python can't create virtual environments: its venv module is missing. Install it "
            "(Debian and Ubuntu: `apt-get install python3-venv`), then run the command again."
        )


def _run(*command: "str | Path") -> None:
    words = [str(word) for word in command]
    if subprocess.call(words):
        sys.exit(f"Setup stopped: `{' '.join(words)}` failed. See the message above.")


if __name__ == "__main__":
    main()
