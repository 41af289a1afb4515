"""`manage.py setup` says what a machine lacks before it installs anything."""

import ast
import runpy
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


def said_by_setup():
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(MANAGE))["setup"]()
    return str(stopped.value)


def test_an_old_python_is_named_with_the_oldest_that_will_do(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert said_by_setup().startswith("OMS needs Python 3.11 or later. This is Python 3.9 (")


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_venv_names_the_package_to_install(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    assert "apt-get install python3-venv" in said_by_setup()


def test_an_old_python_can_read_the_file_far_enough_to_say_so():
    ast.parse(MANAGE.read_text(), feature_version=(3, 6))


def test_both_commands_of_the_readme_begin_with_setup():
    lines = MANAGE.with_name("README.md").read_text().splitlines()
    commands = [line for line in lines if line.startswith("python3 manage.py setup && ")]
    assert [line.split(" && ")[1] for line in commands] == [
        ".venv/bin/python manage.py demo",
        ".venv/bin/python -m pytest",
    ]
