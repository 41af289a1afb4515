"""The catalog of operations: from one declaration come button, bulk action, form page and API endpoint."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from inspect import signature
from typing import Any

from django.utils.translation import gettext as _

from oms.core import actors, confirming, policy
from oms.core.actors import Actor
from oms.core.confirming import Agreed
from oms.core.errors import NotAllowed
from oms.core.locking import run_again, whole
from oms.core.models import Document
from oms.core.wording import Words, spoken

RESERVED = {"by", "agreed", "confirm"}


def _always(document: Any) -> bool:
    return True


def _never(document: Any) -> bool:
    return False


@dataclass(frozen=True)
class Operation:
    """How people and programs ask for a named change.

    `run(document, by=…, **input)` is the operation; `input` a frozen dataclass whose fields and types give the form
    and the schema (`oms.core.inputs`); `initial` fills it from the document; `preview` tells what would happen;
    `inverse` names what undoes it. `many`: offered on selections, too. `comes_last`: whether other steps are
    likelier for a document as it is. Who may is the right of its name.
    `acts_on` names the field with the record that is changed instead of the document. `example`: what a program might
    send, for the description.
    """

    name: str
    model: type[Any]
    run: Callable[..., Any]
    label: Words = ""
    available: Callable[[Any], bool] = _always
    comes_last: Callable[[Any], bool] = _never
    input: type[Any] | None = None
    initial: Callable[[Any], Any] | None = None
    preview: Callable[..., Any] | None = None
    inverse: str = ""
    acts_on: str = ""
    many: bool = False
    danger: bool = False
    example: dict[str, Any] | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        return str(self.label) if self.label else spoken(self.name)

    @property
    def has_form(self) -> bool:
        """Whether it asks for input. (Templates call classes and functions, so they must not ask for those.)"""
        return self.input is not None

    @property
    def has_preview(self) -> bool:
        return self.preview is not None

    def allowed_for(self, actor: Actor, document: Any = None) -> bool:
        """Whether an actor may run it at all, or on a document."""
        return policy.may(actor, self.name, document or self.model)

    def require(self, actor: Actor, document: Any = None) -> None:
        """Raise NotAllowed for an actor who may not run it, or not on this document."""
        if not self.allowed_for(actor, document):
            raise NotAllowed(self.refusal())
        if document is not None:
            policy.require_reach(actor, self.name, document)

    def refusal(self) -> str:
        """What a person is told who may not run it."""
        roles = policy.holders(self.name, self.model)
        return _("%(title)s requires one of these roles: %(roles)s.") % {
            "title": self.title,
            "roles": ", ".join(roles),
        }

    def perform(self, document: Any, /, *, by: Actor, agreed: Agreed = False, **values: Any) -> Any:
        """Check the permission and run, in one transaction. Raises NotAllowed, or what the operation raises.

        `agreed` is the answer to what the operation may ask (`oms.core.confirming`).
        """
        self.require(by, document)
        with confirming.agreed(agreed), actors.acting(by) as user:
            return whole(self.run)(values.pop(self.acts_on, document), by=user, **values)

    def rehearse(self, document: Any, /, *, by: Actor, **values: Any) -> Any:
        """What it would do, as a dataclass; nothing is changed."""
        assert self.preview is not None
        with actors.acting(by) as user:
            return run_again(self.preview, document, by=user, **values)


def told(effect: Any, actor: Actor) -> dict[str, Any]:
    """What a rehearsal found, by name; without amounts for actors who see none."""
    sees = policy.may(actor, "see_money") and policy.may(actor, "see_cost")
    return {
        name: value
        for name, value in vars(effect).items()
        if sees or not isinstance(value, Decimal)
    }


_catalog: dict[type[Any], dict[str, Operation]] = {}


def declare(name: str, model: type[Any], run: Callable[..., Any], **options: Any) -> Operation:
    """Add an operation to the catalog. Its name is the right to it (`oms.core.policy`)."""
    operation = Operation(name, model, run, **options)
    asked = {each.name for each in fields(operation.input)} if operation.input else set()
    assert not asked & RESERVED, (
        f"{name} of {model.__name__} asks for {asked & RESERVED}, which have a meaning already"
    )
    signature(run).bind(
        None, by=None, **dict.fromkeys(asked - {operation.acts_on})
    )  # it takes what is asked for
    known = _catalog.setdefault(model, {})
    assert name not in known, f"{model.__name__} has an operation {name} already"
    known[name] = operation
    return operation


def in_status(*statuses: str) -> Callable[[Any], bool]:
    """A condition of operations: that a document is in one of these statuses."""
    return lambda document: document.status in statuses


def of(model: type[Any]) -> dict[str, Operation]:
    """The operations on a kind of document, by name, in the order of their declaration."""
    return _catalog.get(model, {})


def every() -> Iterator[Operation]:
    """All operations."""
    return (operation for known in _catalog.values() for operation in known.values())


def next_steps(document: Document, actor: Actor) -> list[Operation]:
    """What this actor can do with this document now, the likeliest first."""
    steps = [
        operation
        for operation in of(type(document)).values()
        if operation.available(document) and operation.allowed_for(actor, document)
    ]
    return sorted(steps, key=lambda operation: (operation.comes_last(document), operation.danger))
