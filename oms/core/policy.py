"""Who may do what, on which kind of record and with which rows: asked by every door.

An actor's grants are its roles: permissions, each within the role's reach. A model's rule turns a reach into rows;
without a rule, or without a grant, there are none. Each app declares its rules, rights and the defaults of the built-in
roles in `policies.py`.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, overload

from django.contrib.auth.models import Group
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from oms.core.actors import Actor, Outsider
from oms.core.errors import NotAllowed
from oms.core.models import Company, Document
from oms.core.models.money import AMOUNT_FIELDS
from oms.core.models.role import Grant, OutsideReach, Reach
from oms.core.reaching import PartOf, Rule, parent_of, reached, rule_of, set_rule
from oms.core.wording import Words

VIEW = ("view",)
EDIT = ("view", "add", "change", "delete")
ITSELF: Any = object()
Record = TypeVar("Record", bound=Model)
EVERY = "*"  # of the rights on a kind of record


Right = tuple[type[Model] | None, str]  # on a kind of record, or in general
_defaults: dict[Right, set[str]] = {}  # the built-in roles that have each right
_titles: dict[Right, Words] = {}  # what rights that are no Django permissions are called
_roles: dict[str, tuple[Reach, Words]] = {}
_entrusted: dict[OutsideReach, set[Right]] = {}  # what outsiders may have, by their reach
_needs: dict[Right, set[str]] = {}  # the rights in general without which a right doesn't hold
_hidden: dict[tuple[type[Model], str], set[str]] = {}  # those without which a field isn't shown
_made_of: dict[
    tuple[type[Model], str], set[type[Model]]
] = {}  # kinds without which it isn't, either


# Declaring: by `policies.py` of each app.


def role(name: str, reach: Reach, description: Words) -> None:
    """Declare a built-in role."""
    _roles[name] = (reach, description)


def declare(
    model: type[Model], rule: Rule, *, view: str = "", edit: str = "", is_kept: bool = False
) -> None:
    """Declare a model's rows, and the built-in roles (words) that view and edit it.

    Documents, and records that are kept, are never deleted.
    """
    set_rule(model, rule)
    allow(view, model, *VIEW)
    allow(
        edit,
        model,
        *(
            right
            for right in EDIT
            if right != "delete" or not (is_kept or issubclass(model, Document))
        ),
    )


def declare_parts(
    parent: type[Model], path: str, *models: type[Model], is_internal: bool = False
) -> None:
    """Declare models whose rows are seen with their parent, to which a path leads; internal ones not by outsiders."""
    for model in models:
        declare(model, PartOf(path, parent, is_internal))


def allow(roles: str, model: type[Model] | None, *rights: str) -> None:
    """Give rights on a kind of record to built-in roles (words)."""
    for right in rights:
        _defaults.setdefault((model, right), set()).update(roles.split())


def entrust(reach: OutsideReach, model: type[Model] | None, *rights: str) -> None:
    """Say which rights outsiders that reach rows so may have."""
    _entrusted.setdefault(reach, set()).update((model, right) for right in rights)


def outsider(
    reach: OutsideReach, tied_to: int, name: str, rights: Iterable[Right] | None = None
) -> Outsider:
    """An outsider that is tied to a record, with all rights that its kind may have, or some of them."""
    known = _entrusted.get(reach, set())
    chosen = known if rights is None else set(rights)
    assert chosen <= known, f"An outsider that reaches {reach} may not have {chosen - known}"
    codes = frozenset(code(right, model) for model, right in chosen)
    return Outsider(name, reach, tied_to, codes)


def offer(right: str, model: type[Model] | None, title: Words, roles: str) -> None:
    """Declare a right that is neither Django's nor an operation's, and the built-in roles (words) that have it."""
    _titles[model, right] = title
    allow(roles, model, right)


def need(right: str, model: type[Model] | None, *rights: str) -> None:
    """Let rights on a kind of record (all, unless some are named) hold only with a right such as see_money."""
    for each in rights or (EVERY,):
        _needs.setdefault((model, each), set()).add(right)


def hide(right: str, model: type[Model], *names: str) -> None:
    """Show amounts and prices of a kind of record, and what else is named, only with a right such as see_money.

    A name is a field, or a column, panel or page that is made of amounts.
    """
    amounts = [field.name for field in model._meta.get_fields() if isinstance(field, AMOUNT_FIELDS)]
    for name in (*amounts, *names):
        _hidden.setdefault((model, name), set()).add(right)


def made_of(kind: type[Model], model: type[Model], *names: str) -> None:
    """Show columns, filters and pages of a model that are made of another kind of record with the right to view that.

    Filters and columns that are relations need not be named.
    """
    for name in names:
        _made_of.setdefault((model, name), set()).add(kind)


# Asking.


def code(right: str, model: Any = None) -> str:
    """The permission of a right on a kind of record, or in general, such as `orders.confirm_order`."""
    return (
        f"{model._meta.app_label}.{right}_{model._meta.model_name}"
        if model is not None
        else f"core.{right}"
    )


def may(actor: Any, right: str, subject: Any = None) -> bool:
    """Whether an actor has a right: in general, on a kind of record, or on one row. Who may change may view."""
    if not actor.is_active:
        return False
    if actor.is_superuser:
        return True
    if not any(True for _grant in _granting(actor, right, subject)) or lacks(actor, right, subject):
        return False
    return not isinstance(subject, Model) or _reaches_row(actor, right, subject)


def lacks(actor: Any, right: str, subject: Any) -> bool:
    """Whether an actor lacks what a right on a kind of record needs, such as seeing money."""
    model = type(subject) if isinstance(subject, Model) else subject
    needed = needs(model, right)
    return not all(may(actor, each) for each in needed)


def sees(actor: Any, model: type[Model]) -> bool:
    """Whether the page of another kind of record may show an actor rows of a model.

    Parts are asked about as what they are parts of. What roles can't be given a right to view is shown by any page.
    """
    kind = model
    while (parent := parent_of(kind)) is not None:
        kind = parent
    is_offered = bool(_defaults.get((kind, "view")))
    return (not is_offered or may(actor, "view", kind)) and not lacks(actor, "view", model)


def shows(actor: Any, model: type[Model], name: str) -> bool:
    """Whether an actor is shown a field, column, filter, panel or page of a kind of record that they may view."""
    return all(may(actor, each) for each in _hidden.get((model, name), ())) and all(
        sees(actor, kind) for kind in _made_of.get((model, name), ())
    )


@overload
def scope(
    records: type[Record], actor: Any, right: str = ..., of: Any = ...
) -> QuerySet[Record]: ...
@overload
def scope(records: Any, actor: Any, right: str = ..., of: Any = ...) -> Any: ...
def scope(records: Any, actor: Any, right: str = "view", of: Any = ITSELF) -> Any:
    """The rows of a model, manager or queryset that an actor reaches for a right; none where the model has no rule.

    `of` is the kind of record that the right is on, if another, such as waves that are planned in warehouses; None
    for a right in general.
    """
    found: QuerySet[Any] = getattr(records, "_default_manager", records).all()
    ways = _ways(found.model, actor, right, found.model if of is ITSELF else of)
    if any(not way for way in ways):
        return found
    if len(ways) < 2:
        return found.filter(*ways) if ways else found.none()
    either = Q()
    for way in ways:  # a join for each would show rows twice
        either |= Q(pk__in=found.model._base_manager.filter(way).values("pk"))
    return found.filter(either)


def choosable(records: Any, actor: Any, right: str, of: Any) -> Any:
    """The rows that an actor sees, and reaches where it uses a right on a kind of record, such as adding orders."""
    return scope(scope(records, actor), actor, right, of)


def sees_all(actor: Actor, model: type[Model]) -> bool:
    """Whether an actor's view of a kind of record is not narrowed."""
    return any(not way for way in _ways(model, actor, "view", model))


def reaches(actor: Actor, right: str, model: Any) -> set[str]:
    """Within what an actor has a right; where none of its roles has it, within what it reaches at all."""
    if actor.is_superuser:
        return {Reach.EVERYTHING}
    granting = list(_granting(actor, right, model))
    if not granting and (parent := parent_of(model)):
        return reaches(actor, right, parent)
    if not granting and isinstance(actor, Outsider):
        return set()
    return {grant.reach for grant in granting or actor.grants}


def has_everywhere(actor: Actor, right: str, model: Any = None) -> bool:
    """Whether an actor has a right whatever it is used on."""
    return may(actor, right, model) and Reach.EVERYTHING in reaches(actor, right, model)


def _granting(actor: Actor, right: str, subject: Any) -> Iterator[Grant]:
    codes = {code(right, subject)} | ({code("change", subject)} if right == "view" else set())
    return (grant for grant in actor.grants if codes & grant.permissions)


def _reaches_row(actor: Actor, right: str, row: Any) -> bool:
    """Whether a row that a user sees is one for which they have a right, too: another role may show it."""
    is_enough = reaches(actor, right, type(row)) >= reaches(actor, "view", type(row))
    return (is_enough and not isinstance(actor, Outsider)) or is_reached(actor, right, row)


def is_reached(actor: Actor, right: str, row: Any) -> bool:
    """Whether a row is one for which an actor has a right, whether or not the actor sees it."""
    if Reach.EVERYTHING in reaches(actor, right, type(row)):
        return may(actor, right, type(row))
    return bool(scope(type(row), actor, right).filter(pk=row.pk).exists())


def must_name_company(actor: Actor, model: type[Model]) -> bool:
    """Whether new records of a model, which may be of no company, are of one where this actor adds them."""
    field = next((each for each in model._meta.fields if each.name == "company"), None)
    return field is not None and field.null and not sees_all(actor, Company)


def require_reach(actor: Any, right: str, row: Any) -> None:
    """Raise NotAllowed where a row is none for which an actor has a right."""
    if not is_reached(actor, right, row):
        raise NotAllowed(
            _(
                "%(record)s is outside your companies, customers or warehouses. Choose one of yours, or ask someone "
                "with a wider reach."
            )
            % {"record": row}
        )


def _ways(model: type[Model], actor: Actor, right: str, of: type[Model] | None) -> list[Q]:
    """The conditions of which a row must meet one, for a right on a kind of record."""
    if not actor.is_active or lacks(actor, right, of):
        return []
    found = [reached(model, actor, reach) for reach in sorted(reaches(actor, right, of))]
    return [way for way in found if way is not None]


def holders(right: str, model: Any = None) -> list[str]:
    """The roles that have a right, by name."""
    app, _, codename = code(right, model).partition(".")
    found = Group.objects.filter(
        permissions__codename=codename, permissions__content_type__app_label=app
    )
    return list(found.order_by("name").values_list("name", flat=True))


# What was declared.


def needs(model: type[Model] | None, right: str) -> set[str]:
    """The rights in general without which a right on a kind of record doesn't hold."""
    return _needs.get((model, EVERY), set()) | _needs.get((model, right), set())


def hidden(model: type[Model]) -> set[str]:
    """The names of a kind of record that aren't shown to everybody who may view it."""
    return {name for kind, name in (*_hidden, *_made_of) if kind is model}


def made_for(model: type[Model]) -> set[type[Model]]:
    """The other kinds of records of which something is made that is shown of a kind of record."""
    return {each for (kind, _name), made in _made_of.items() if kind is model for each in made}


def made_of_others() -> dict[tuple[type[Model], str], set[type[Model]]]:
    """What is shown of a kind of record, by its name, and the other kinds of which it is made."""
    return dict(_made_of)


def guards() -> set[str]:
    """The rights in general without which some amounts aren't shown."""
    return {right for rights in (*_needs.values(), *_hidden.values()) for right in rights}


def has_rule(model: type[Model]) -> bool:
    """Whether it was said which rows of a model who sees."""
    return rule_of(model) is not None


def roles_with(right: str, model: type[Model] | None = None) -> set[str]:
    """The built-in roles that have a right."""
    changing = _defaults.get((model, "change"), set()) if right == "view" else set()
    return _defaults.get((model, right), set()) | changing


def built_in_roles() -> dict[str, tuple[Reach, Words]]:
    """The reach and the description of each built-in role."""
    return dict(_roles)


def default_permissions(name: str) -> set[str]:
    """The permissions of a built-in role."""
    return {code(right, model) for (model, right), roles in _defaults.items() if name in roles}


def offered() -> dict[type[Model] | None, list[str]]:
    """The rights that roles can be made of, by kind of record: those that some built-in role has."""
    found: dict[type[Model] | None, list[str]] = {}
    for (model, right), roles in _defaults.items():
        if roles:
            found.setdefault(model, []).append(right)
    return found


def titles() -> dict[Right, Words]:
    """What rights are called that are neither Django's nor an operation's."""
    return dict(_titles)
