"""What people read is marked for translation where it is written."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for app in ("oms", "inventory", "orders", "fulfillment", "returns")
    for path in (ROOT / app).rglob("*.py")
    if not {"migrations", "planners", "commands", "demo", "connectors"} & set(path.parts)
]
ERRORS = {
    "Refused",
    "WrongState",
    "Conflict",
    "NotAllowed",
    "ConnectorError",
    "ValidationError",
    "PermissionDenied",
}
WORDS = {"help_text", "verbose_name", "description", "label"}


def written(node):
    """Whether a text stands here as it is, without a mark."""
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value
    return isinstance(node, ast.JoinedStr) or is_text


def unmarked(tree):
    """The lines of texts that people read and nobody can translate."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            texts = node.args[:1] if name in ERRORS else []
            if name in {"display", "declare", "Subscription"} or name.endswith("Field"):
                texts = texts + [word.value for word in node.keywords if word.arg in WORDS]
        elif isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith("Choices") for base in node.bases
        ):
            texts = [
                line.value.elts[1]
                for line in node.body
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple)
            ]
        else:
            continue
        yield from (text.lineno for text in texts if written(text))


def test_every_text_that_people_read_is_marked():
    assert len(CODE) > 200
    assert [
        f"{path.relative_to(ROOT)}:{line}"
        for path in CODE
        for line in unmarked(ast.parse(path.read_text(encoding="utf-8")))
    ] == []


def test_a_text_without_a_mark_is_found():
    found = list(
        unmarked(
            ast.parse(
                'raise Refused(f"No {x}.")\nraise Refused(_("No."))\nCharField(help_text="Why.")'
            )
        )
    )

    assert found == [1, 3]
