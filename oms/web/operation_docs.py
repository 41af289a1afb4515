"""What is written down of the catalog of operations: a page with who may run each, and what it asks for."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings

from oms.core import inputs, operations, policy
from oms.core.inputs import Field, key_of
from oms.core.operations import Operation
from oms.core.wording import sentence

PAGE: Path = settings.BASE_DIR / "docs" / "operations.md"
HEAD = """# Operations

Written by `manage.py describe_operations` from the catalog (`operations.py` of each app); don't edit it.

An operation is a button on its document's page, an action on a list's selection where it says *list*, and
`POST /api/v1/DOCUMENTS/NUMBER/OPERATION/` where the API has the document. Superusers may run all of them. Fields in
*italics* may be left out; where the operation starts from what the document offers (*prefilled*), all of them may.
"""
TYPES = {bool: "yes or no", int: "integer", Decimal: "decimal", date: "date", str: "text"}


def page() -> str:
    """The list of operations, by what they change."""
    kinds = sorted(
        (model for model in apps.get_models() if operations.of(model)),
        key=lambda model: (model._meta.app_label, model.__name__),
    )
    return HEAD + "".join(_section(model) for model in kinds)


def _section(model: type[Any]) -> str:
    rows = "".join(
        _row(step) for step in sorted(operations.of(model).values(), key=lambda step: step.name)
    )
    return (
        f"\n## {sentence(str(model._meta.verbose_name))} ({model._meta.app_label})\n\n"
        f"| operation | button | roles | asks for | more | runs |\n|---|---|---|---|---|---|\n{rows}"
    )


def _row(step: Operation) -> str:
    roles = ", ".join(sorted(policy.roles_with(step.name, step.model)))
    cells = (
        f"`{step.name}`",
        step.title,
        roles,
        _asked(step),
        _more(step),
        f"`{step.run.__module__}.{step.run.__name__.lstrip('_')}`",
    )
    return f"| {' | '.join(cells)} |\n"


def _asked(step: Operation) -> str:
    return _fields(inputs.describe(step.input).fields) if step.input else ""


def _fields(fields: tuple[Field, ...]) -> str:
    return ", ".join(
        f"{field.name if field.is_required else f'*{field.name}*'}: {_type(field)}"
        for field in fields
    )


def _type(field: Field) -> str:
    if field.rows is not None:
        return f"rows ({_fields(field.rows.fields)})"
    if field.is_record:
        return f"{field.kind._meta.verbose_name} (by {key_of(field.kind)})"
    if field.is_choice:
        return " or ".join(f"`{member.value}`" for member in field.kind)
    return TYPES[field.kind]


def _more(step: Operation) -> str:
    told = {
        "list": step.many,
        "prefilled": step.initial is not None,
        "preview": step.has_preview,
        "asks for confirmation": step.danger,
        f"undone by `{step.inverse}`": bool(step.inverse),
    }
    return ", ".join(word for word, holds in told.items() if holds)
