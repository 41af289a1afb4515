"""The glossary's names are those of the code."""

import ast
import re

import pytest

from tests.architecture.test_house import FILES, ROOT, module, tree

TEXT = (ROOT / "docs/glossary.md").read_text()
TERMS = re.findall(r"^\| ([^|]+) \| [^|]+ \|[^|]*\| `(\w+)` \|$", TEXT, re.MULTILINE)


@pytest.fixture(scope="module")
def names():
    known = {part for path in FILES for part in module(path).split(".")} | {"ROOMS"}
    for path in FILES:
        for node in ast.walk(tree(path)):
            match node:
                case (
                    ast.ClassDef(name=name)
                    | ast.FunctionDef(name=name)
                    | ast.Name(id=name)
                    | ast.arg(arg=name)
                ):
                    known.add(name)
                case ast.AnnAssign(target=ast.Name(id=name)):
                    known.add(name)
    return known


def test_it_is_not_empty():
    assert len(TERMS) > 90


def test_each_term_is_in_the_code(names):
    assert [f"{term}: {name}" for term, name in TERMS if name not in names] == []


def test_no_term_is_explained_twice():
    terms = [term for term, _name in TERMS]

    assert len(terms) == len(set(terms))
