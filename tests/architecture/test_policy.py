"""Rights live in the policy: no role is named outside of it, and no door keeps a list of pages or scopes of its own."""

import ast

from oms.core import operations, policy
from tests.architecture.test_house import FILES, functions, module, tree

ROLES = set(policy.built_in_roles())
DEMO = "oms.web.demo"  # its people are called after what they do
COLUMN = "rep"  # of a customer


def texts(path):
    """The texts of a file that are no docstrings, each with its line."""
    documented = {
        ast.get_docstring(node, clean=False)
        for node in (
            *functions(path),
            tree(path),
            *(each for each in ast.walk(tree(path)) if isinstance(each, ast.ClassDef)),
        )
    }
    return (
        (node.lineno, node.value)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value not in documented
    )


def names_roles(text):
    words = set(text.split())
    return bool(words) and words <= ROLES and words != {COLUMN}


def test_no_role_is_named_outside_the_policy():
    named = [
        f"{module(path)}:{line} {text!r}"
        for path in FILES
        if path.name != "policies.py" and not module(path).startswith(DEMO)
        for line, text in texts(path)
        if names_roles(text)
    ]

    assert len(ROLES) == 6
    assert names_roles("picker packer manager") and not names_roles("rep")
    assert named == []


def test_nobody_looks_into_the_registry_of_pages():
    wrong = [
        f"{module(path)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("_registry", "visible_to")
    ]

    assert wrong == []


def test_every_operation_is_somebodys():
    nobodys = [
        f"{each.model.__name__}.{each.name}"
        for each in operations.every()
        if not policy.roles_with(each.name, each.model)
    ]

    assert nobodys == []
