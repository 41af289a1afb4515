"""Private attributes of foreign objects are left alone: nothing but what Django documents, and that only read."""

import ast
from pathlib import Path

from django.conf import settings

DOCUMENTED = {"_meta", "_state", "_default_manager", "_base_manager"}  # of Django's models
WITHOUT_A_PUBLIC_WAY = {  # each with what it does that nothing public can
    "oms/backoffice/people.py": {"_save_m2m", "_post_clean"},  # hooks of Django's model forms
    "oms/core/bulk_sql.py": {"_result_cache", "_prefetch_done"},  # prefetched without a query
    "oms/files/records.py": {"self._meta.use_bulk is written"},  # import-export, row by row
    "oms/files/workbooks.py": {  # openpyxl: cells read as they are written
        "_archive",
        "_cell_styles",
        "_date_formats",
        "_number_formats",
        "_shared_strings",
        "_timedelta_formats",
        "_worksheet_path",
    },
    "oms/rest/records.py": {"_readable_fields"},  # of REST framework's serializers
    "oms/rest/schema.py": {"_map_basic_serializer"},  # of drf-spectacular
}


def sources():
    rooms = {room.partition(".")[0] for room in settings.ROOMS}
    for room in sorted(rooms):
        for path in sorted((settings.BASE_DIR / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(settings.BASE_DIR)), ast.parse(Path(path).read_text())


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def is_call_of(node, name):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def is_of_itself(node):
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    )


def defined(tree):
    """The private names that a file gives to functions, attributes and fields of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif is_of_itself(node) and isinstance(node.ctx, ast.Store):
            yield node.attr


def touched(tree, own, everywhere):
    """The private attributes of others that a file reads or writes, and changes of what it may only read."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if not isinstance(node.ctx, ast.Load) and "_meta" in ast.unparse(node.value).split("."):
            yield f"{ast.unparse(node)} is written"
        if not is_private(node.attr):
            continue
        known = everywhere if is_of_itself(node) else own
        if is_call_of(node.value, "super") or node.attr not in known | DOCUMENTED:
            yield node.attr
        elif node.attr in DOCUMENTED and not isinstance(node.ctx, ast.Load):
            yield f"{node.attr} is written"


def test_no_private_attribute_of_a_foreign_object_is_used():
    trees = dict(sources())
    own = {name: set(defined(tree)) for name, tree in trees.items()}
    everywhere = set().union(*own.values())

    found = {name: set(touched(tree, own[name], everywhere)) for name, tree in trees.items()}

    assert {name: names for name, names in found.items() if names} == WITHOUT_A_PUBLIC_WAY


def test_private_attributes_of_others_are_found():
    tree = ast.parse("row._cache\nrow._meta.ordering = []\nrow._meta.ordering\nself._own\nrow._own")

    assert set(touched(tree, {"_own"}, {"_own"})) == {"_cache", "row._meta.ordering is written"}
