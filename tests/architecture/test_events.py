"""Events are declared: names that are emitted, looked for or heard stand in the catalog."""

import ast

from oms.core import event_catalog
from tests.architecture.test_house import FILES, tree

EMITS = {"emit", "record", "record_once"}


def named(path):
    """The names of events that are written out where they are emitted."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(tree(path)) if "events." in text or "states.change" in text else ():
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            texts = (
                [word.value for word in node.keywords if word.arg == "event"]
                if called == "states.change"
                else []
            )
            texts += (
                node.args[:1]
                if called.startswith("events.") and called.partition(".")[2] in EMITS
                else []
            )
            yield from (text.value for text in texts if isinstance(text, ast.Constant))


def test_every_event_that_is_emitted_by_name_is_declared():
    found = {name for path in FILES for name in named(path)}
    known = {each.name for each in event_catalog.declared()}

    assert len(found) > 70
    assert found - known == set()
