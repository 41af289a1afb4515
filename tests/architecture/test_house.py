"""The laws of the house that a machine can hold: floors, single writers, pure planners, sizes."""

import ast
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
FLOORS = settings.ROOMS
PACKAGES = ["oms", "inventory", "orders", "fulfillment", "returns"]
FILES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
BANNED = {"utils.py", "helpers.py", "common.py", "services.py", "signals.py"}


@cache
def tree(path):
    return ast.parse(path.read_text())


def module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def floor(name):
    """The floor of the innermost room that a module is in; None of what is in no room."""
    rooms = [room for room in FLOORS if f"{name}.".startswith(f"{room}.")]
    return FLOORS.index(max(rooms, key=len)) if rooms else None


def imports(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path):
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_imports_go_down_only():
    upward = [
        f"{module(path)} imports {name}"
        for path in FILES
        for name in imports(path)
        if floor(module(path)) is not None
        and floor(name) is not None
        and floor(name) > floor(module(path))
    ]

    assert upward == []


def test_foreign_keys_go_down_only():
    from django.apps import apps

    upward = [
        f"{model.__module__}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if floor(model.__module__) is not None
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and field.related_model
        and (floor(field.related_model.__module__) or 0) > floor(model.__module__)
    ]

    assert upward == []


def test_planners_know_no_django():
    impure = [
        f"{module(path)} imports {name}"
        for path in FILES
        if "planners" in path.parts
        for name in imports(path)
        if name.split(".")[0] in {"django", "oms", "celery"} or ".models" in name
        if name != "oms.core.money" and not name.startswith("oms.core.money.")
    ]
    money = set(imports(ROOT / "oms/core/money.py"))

    assert impure == []
    assert not {name for name in money if name.split(".")[0] in {"django", *PACKAGES}}


def test_activities_import_no_tasks_or_handlers():
    activities = [
        path
        for path in FILES
        if path.name not in {"apps.py", "celery.py"} and "admin" not in path.parts
    ]
    wrong = [
        f"{module(path)} imports {name}"
        for path in activities
        for name in imports(path)
        if name.split(".")[-1] in {"handlers", "tasks"} and floor(name) is not None
    ]

    assert wrong == []


def test_connectors_import_no_operations_or_models():
    wrong = [
        f"{module(path)} imports {name}"
        for path in FILES
        if "connectors" in path.parts
        for name in imports(path)
        if ".models" in name or name.startswith("django.db")
    ]

    assert wrong == []


def test_no_catch_all_modules():
    assert [str(path) for path in FILES if path.name in BANNED] == []


def test_no_generic_foreign_keys_or_signals():
    wrong = [
        f"{module(path)} imports {name}"
        for path in FILES
        for name in imports(path)
        if "GenericForeignKey" in name
        or "django.db.models.signals" in name
        or "django.dispatch" in name
    ]

    assert wrong == []


def test_files_and_functions_stay_small():
    large_files = {
        module(path): len(path.read_text().splitlines())
        for path in FILES
        if len(path.read_text().splitlines()) > 400
    }
    long_functions = {
        f"{module(path)}.{node.name}": node.end_lineno - node.lineno + 1
        for path in FILES
        for node in functions(path)
        if node.end_lineno - node.lineno + 1 > 50
    }
    lengths = sorted(
        node.end_lineno - node.lineno + 1 for path in FILES for node in functions(path)
    )

    assert (large_files, long_functions) == ({}, {})
    assert lengths[len(lengths) // 2] <= 10


def test_the_top_level_holds_what_belongs_there():
    known = {
        "manage.py",
        "pyproject.toml",
        "oms",
        "orders",
        "inventory",
        "fulfillment",
        "returns",
        "templates",
        "tests",
        "README.md",
        "docs",
        "LICENSE",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "requirements.lock",
    }

    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert found - {"__pycache__", "static-built", "uv.lock"} <= known
