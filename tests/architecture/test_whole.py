"""An activity that changes two things does so in one transaction: read from the code, function by function.

A transaction begins at `atomic()`, `states.advance()` or `states.change()`, at a function that is `@whole`, and in
whatever calls one of these outside of another. What opens two, one after the other, can stop between them.
"""

import ast
from functools import cache

from tests.architecture.test_house import FILES, module, tree

OPENING = {"atomic", "advance", "change", "rolled_back_if", "locked"}
DOORS = {"admin", "api", "operations", "management", "demo", "models", "connectors", "planners"}
NO_ACTIVITIES = {"handlers.py", "tasks.py", "operations.py", "outbox.py"}
ACTIVITIES = [
    path for path in FILES if path.name not in NO_ACTIVITIES and not DOORS & set(path.parts)
]
PIECEWISE = {  # what does one thing after the other on purpose, and goes on where it stopped
    "fulfillment.stations.actions.pack",  # within the transaction of its scan
    "oms.background.jobs.each",
    "oms.background.jobs.run",
    "oms.background.jobs.work_waiting",
    "oms.core.secrets.rotate",
    "oms.messaging.webhooks.deliver",
    "oms.messaging.webhooks.fan_out",
    "oms.web.importing.import_open",
    "orders.accounting.consolidated_invoicing.collect_all",
    *(  # they ask the world in between, and take over one order or listing after the other
        f"orders.channels.{name}"
        for name in (
            "accepted.look_again",
            "accounts.connect",
            "incoming.act",
            "intake.retry_unmatched",
            "intake.take",
            "intake.take_now",
            "intake.take_over",
            "listings.read",
            "listings.set_sku",
            "pulling.compare",
            "pulling.look",
            "pulling.pull",
            "pulling.sweep",
            "pushing.push",
            "telling.send_due",
        )
    ),
}


def called(node):
    """The dotted name of a call, as far as it is one."""
    function, names = node.func, []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    return ".".join(reversed([*names, function.id])) if isinstance(function, ast.Name) else ""


@cache
def names_of(path):
    """What the names of a module mean: its own functions, and what it imports."""
    known = {
        node.name: f"{module(path)}.{node.name}"
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    return known


@cache
def all_functions():
    return {
        f"{module(path)}.{node.name}": (path, node)
        for path in FILES
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
    }


def is_whole(node):
    return any(isinstance(each, ast.Name) and each.id == "whole" for each in node.decorator_list)


def is_job(node):
    """Jobs do one item after the other, and go on where they stopped."""
    return any(
        isinstance(each, ast.Call) and called(each).endswith("runs") for each in node.decorator_list
    )


def opened_by(name, seen=()):
    """How many transactions a call begins, where none is open."""
    if name not in all_functions() or name in seen:
        return 0
    path, node = all_functions()[name]
    return 1 if is_whole(node) else transactions(path, node.body, (*seen, name))


def begins(path, call, seen):
    name = called(call)
    head, _, rest = name.partition(".")
    meaning = names_of(path).get(head, head) + (f".{rest}" if rest else "")
    if meaning.rpartition(".")[2] in OPENING and meaning.startswith(("oms.core", "django.db")):
        return 1
    return opened_by(meaning, seen)


def transactions(path, body, seen):
    """How many transactions these statements begin at the most, one after the other; 2 stands for more."""
    if not body:
        return 0
    first, rest = body[0], body[1:]
    if isinstance(first, ast.If):
        ways = [
            transactions(path, [*branch, *([] if ends(branch) else rest)], seen)
            for branch in (first.body, first.orelse)
        ]
        return min(2, of_expression(path, first.test, seen) + max(ways))
    return min(
        2,
        of_statement(path, first, seen) + (0 if ends([first]) else transactions(path, rest, seen)),
    )


def ends(body):
    return bool(body) and isinstance(body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)


def of_statement(path, statement, seen):
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return 0
    if isinstance(statement, ast.For | ast.While):
        head = statement.iter if isinstance(statement, ast.For) else statement.test
        return of_expression(path, head, seen) + 2 * transactions(path, statement.body, seen)
    if isinstance(statement, ast.With):
        opened = sum(of_expression(path, item.context_expr, seen) for item in statement.items)
        return 1 if opened else transactions(path, statement.body, seen)
    if isinstance(statement, ast.Try):
        handled = max(
            (transactions(path, handler.body, seen) for handler in statement.handlers), default=0
        )
        return handled + transactions(
            path, [*statement.body, *statement.orelse, *statement.finalbody], seen
        )
    return sum(of_expression(path, node, seen) for node in ast.iter_child_nodes(statement))


def of_expression(path, node, seen):
    """Transactions that an expression begins; those in a comprehension come again and again."""
    if isinstance(node, ast.Lambda):
        return 0
    inner = sum(of_expression(path, child, seen) for child in ast.iter_child_nodes(node))
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return 2 * inner
    if isinstance(node, ast.IfExp):
        return of_expression(path, node.test, seen) + max(
            of_expression(path, node.body, seen), of_expression(path, node.orelse, seen)
        )
    return inner + (begins(path, node, seen) if isinstance(node, ast.Call) else 0)


def test_activities_are_whole():
    torn = {
        name
        for name, (path, node) in all_functions().items()
        if path in ACTIVITIES
        and not node.name.startswith("_")
        and not is_job(node)
        and not is_whole(node)
        and transactions(path, node.body, (name,)) > 1
    }

    assert sorted(torn - PIECEWISE) == []
