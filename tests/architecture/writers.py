"""Who writes which columns: by assignment, in bulk, set-based, by saved fields or by SQL."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

COMPUTED = "(computed)"
_SET = re.compile(
    r"\bSET\s+(?!LOCAL\b|SESSION\b|CONSTRAINTS\b|TRANSACTION\b|search_path\b)(.*?)"
    r"(?=\bFROM\b|\bWHERE\b|\bRETURNING\b|\bWHEN\b|;|$)",
    re.DOTALL | re.IGNORECASE,
)
_UPDATES = re.compile(r"\bUPDATE\b", re.IGNORECASE)
_COLUMN = re.compile(r'^\s*(?:\w+\.)?"?(\w+|\{\})"?\s*=')
LISTING = {
    "fields": "bulk_update",
    "defaults": "update_or_create",
    "create_defaults": "update_or_create",
}
Known = dict[str, list[ast.expr]]


@dataclass
class Writes:
    """The names of columns that a module writes; COMPUTED where one is written whose name it does not say."""

    constants: dict[str, set[str]]  # module-level names, and the strings in them
    names: set[str] = field(default_factory=set)

    def read(self, tree: ast.AST) -> set[str]:
        for scope in [
            tree,
            *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)),
        ]:
            known = _assigned(scope)
            for node in _own(scope):
                self._read(node, known)
        return self.names

    def _read(self, node: ast.AST, known: Known) -> None:
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self.names |= {
                    each.attr for each in _flat(target) if isinstance(each, ast.Attribute)
                }
        elif isinstance(node, ast.For | ast.comprehension):
            self.names |= {
                each.attr for each in _flat(node.target) if isinstance(each, ast.Attribute)
            }
        elif isinstance(node, ast.Call):
            self._read_call(node, known)
        elif isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            self.names |= _in_sql(_text(node))

    def _read_call(self, node: ast.Call, known: Known) -> None:
        name, of = _called(node.func)
        if (
            (name == "setattr" and len(node.args) == 3)
            or (name == "bulk_update" and len(node.args) > 1)
            or (name in {"add", "write"} and of in {"bulk_sql", ""} and len(node.args) == 2)
        ):
            self.names |= self._strings(node.args[1], known)
        for keyword in node.keywords:
            if keyword.arg == "update_fields" or (
                keyword.arg in LISTING and LISTING[keyword.arg] in name
            ):
                self.names |= self._strings(keyword.value, known)
            elif name in {"note", "update"}:
                self.names |= {keyword.arg} if keyword.arg else self._strings(keyword.value, known)
        if name == "update":  # of a row's own values; a set or a digest is no row
            self.names |= {key for each in node.args for key in self._strings(each, known)} - {
                COMPUTED
            }

    def _strings(
        self, value: ast.expr, known: Known, seen: frozenset[str] = frozenset()
    ) -> set[str]:
        """The strings that an expression may give as names of columns, through the variables of its function."""
        if isinstance(value, ast.Constant):
            return {value.value} if isinstance(value.value, str) else set()
        if isinstance(value, ast.Name) and value.id in known:
            return (
                set()
                if value.id in seen
                else set().union(
                    *(self._strings(each, known, seen | {value.id}) for each in known[value.id])
                )
            )
        if isinstance(value, ast.Name | ast.Attribute):
            return self.constants.get(
                value.id if isinstance(value, ast.Name) else value.attr, {COMPUTED}
            )
        parts = _parts_of(value)
        return (
            {COMPUTED}
            if parts is None
            else set().union(*(self._strings(part, known, seen) for part in parts))
        )


def _parts_of(value: ast.expr) -> list[ast.expr] | None:
    """Where in an expression names of columns stand; None where it cannot be told."""
    if isinstance(value, ast.Dict):
        return [_of_entry(key, each) for key, each in zip(value.keys, value.values, strict=True)]
    if isinstance(value, ast.DictComp):
        return [_of_entry(value.key, value.value)]
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return value.elts
    if isinstance(value, ast.Starred):
        return [value.value]
    if isinstance(value, ast.BinOp):
        return [value.left, value.right]
    if isinstance(value, ast.IfExp):
        return [value.body, value.orelse]
    if isinstance(value, ast.Call) and _called(value.func)[0] in {
        "list",
        "tuple",
        "set",
        "sorted",
        "dict",
    }:
        return [
            *value.args,
            *(ast.Constant(word.arg) if word.arg else word.value for word in value.keywords),
        ]
    return None


def _of_entry(key: ast.expr | None, value: ast.expr) -> ast.expr:
    """In a row's values by column it is the key, in rows by primary key it is the row."""
    is_row = isinstance(value, ast.Dict | ast.DictComp | ast.Call) and _parts_of(value) is not None
    return value if key is None or is_row else key


def columns(source: str, constants: dict[str, set[str]] | None = None) -> set[str]:
    """The names of the columns that a piece of code writes."""
    tree = ast.parse(source)
    return Writes({**(constants or {}), **constants_of(tree)}).read(tree)


def constants_of(tree: ast.AST) -> dict[str, set[str]]:
    """The names that a module or its classes give to tuples and lists of strings."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
            node.value, ast.Tuple | ast.List | ast.Set
        ):
            words = {
                each.value
                for each in node.value.elts
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if words and isinstance(target, ast.Name) and target.id.isupper():
                    found[target.id] = words
    return found


def _own(scope: ast.AST) -> list[ast.AST]:
    """What a module or function consists of, without the functions in it."""
    found, queue = [], list(ast.iter_child_nodes(scope))
    while queue:
        node = queue.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef):
            queue.extend(ast.iter_child_nodes(node))
    return found


def _assigned(scope: ast.AST) -> Known:
    """The variables of a function, with all that is assigned to each, by name or by entry."""
    known: Known = {}
    for target, value in _assignments(scope):
        if (
            isinstance(target, ast.Tuple)
            and isinstance(value, ast.Tuple)
            and len(target.elts) == len(value.elts)
        ):
            pairs = list(zip(target.elts, value.elts, strict=True))
        else:
            pairs = [(each, value) for each in _flat(target)]
        for each, given in pairs:
            if isinstance(each, ast.Name):
                known.setdefault(each.id, []).append(given)
            elif isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name):
                known.setdefault(each.value.id, []).append(
                    ast.Dict(keys=[each.slice], values=[given])
                )
    return known


def _assignments(scope: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in _own(scope):
        if isinstance(node, ast.For | ast.comprehension):
            yield node.target, node.iter
        elif isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _flat(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [inner for each in target.elts for inner in _flat(each)]
    return [target.value] if isinstance(target, ast.Starred) else [target]


def _called(func: ast.expr) -> tuple[str, str]:
    """The name of what is called, and of what it is called on."""
    if isinstance(func, ast.Attribute):
        of = func.value
        return func.attr, of.id if isinstance(of, ast.Name) else of.attr if isinstance(
            of, ast.Attribute
        ) else "?"
    return (func.id, "") if isinstance(func, ast.Name) else ("", "")


def _text(node: ast.AST) -> str:
    """A string as written, with {} for what is put in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(each) if isinstance(each, ast.Constant) else "{}" for each in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_text(node.left) or "{}") + (_text(node.right) or "{}")
    return ""


def _in_sql(text: str) -> set[str]:
    """The columns that an UPDATE, an upsert or a MERGE sets."""
    if not _UPDATES.search(text):
        return set()
    words = [
        word for clause in _SET.findall(text) for part in _parts(clause) for word in _set_in(part)
    ]
    return {COMPUTED if word == "{}" else word for word in words}


def _set_in(part: str) -> list[str]:
    """The columns in one assignment; {} where it is put in."""
    if several := re.match(r"^\s*\(([^()]*)\)\s*=", part):
        return [word.strip().strip('"') for word in several.group(1).split(",")]
    if one := _COLUMN.match(part):
        return [one.group(1)]
    return ["{}"] if part.strip() == "{}" else []


def _parts(clause: str) -> list[str]:
    """The assignments of a SET clause: cut at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for letter in clause:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
