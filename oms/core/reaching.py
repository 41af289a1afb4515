"""Rules: which rows of a model a reach leads to. Each app declares one for each of its models (`oms.core.policy`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from oms.core.actors import Actor
from oms.core.models import Company
from oms.core.models.role import Reach

ALL = "*"  # a path to a scope in place of which every row counts
TIES = {
    Reach.COMPANIES: "staff",
    Reach.CUSTOMERS: "rep",
    Reach.WAREHOUSES: "staff",
}  # how companies, customers and warehouses name their people
Rule = Callable[
    [Any, str], Q | None
]  # (actor, reach) to the rows that are reached; None where there are none
_rules: dict[type[Model], Rule] = {}


def set_rule(model: type[Model], rule: Rule) -> None:
    """Say which rows of a model are reached."""
    assert model not in _rules, f"{model.__name__} has a rule already"
    _rules[model] = rule


def rule_of(model: Any) -> Rule | None:
    """Which rows of a model are reached; None where nobody said so."""
    return _rules.get(model)


def parent_of(model: Any) -> type[Model] | None:
    """The kind of record with which rows of a model are seen as its parts; None where they are seen on their own."""
    rule = rule_of(model)
    return rule.parent if isinstance(rule, PartOf) else None


def every_row(actor: Actor, reach: str) -> Q | None:
    """Master data: whoever may look at the kind sees all of it."""
    return Q()


def rows(
    *,
    customer: str | None = None,
    warehouse: str | None = None,
    company: str | Sequence[str] | None = None,
    is_shared: bool = False,
    own: str | None = None,
) -> Rule:
    """Rows by the paths that lead to their customer, warehouse and company, or to the person whose own they are.

    A path is empty on the customer, warehouse or company itself, ALL where every row counts; several lead to a company
    by either. `is_shared`: rows that lead to no company are every company's. Without a path, only actors who reach
    everything see rows.
    """
    paths = {Reach.CUSTOMERS: customer, Reach.WAREHOUSES: warehouse, Reach.COMPANIES: company}

    def rule(actor: Actor, reach: str) -> Q | None:
        if reach == Reach.EVERYTHING:
            return Q()
        path = paths.get(Reach(reach)) if reach else None
        if path == ALL:
            return Q()
        if path is None:
            return Q(**{own: actor.pk}) if own else None
        if reach == Reach.COMPANIES:
            return _of_companies(actor, [path] if isinstance(path, str) else path, is_shared)
        return Q(**{f"{path}__{TIES[Reach(reach)]}" if path else TIES[Reach(reach)]: actor.pk})

    return rule


def master(*company: str, is_shared: bool = False) -> Rule:
    """Master data of companies: whoever may look at the kind sees all of it, unless they reach only own companies."""
    return rows(customer=ALL, warehouse=ALL, company=company, is_shared=is_shared)


def _of_companies(actor: Actor, paths: Sequence[str], is_shared: bool) -> Q:
    """The condition that a row leads to one of an actor's companies by one of the paths."""
    found = Q()
    for path in paths:
        found |= Q(**{f"{path}__in" if path else "pk__in": companies_of(actor)})
        found |= Q(**{f"{path}__isnull": True}) if is_shared else Q()
    return found


def companies_of(actor: Actor) -> QuerySet[Company]:
    """The companies whose staff an actor is."""
    return Company.objects.filter(staff=actor.pk)


def each_of(*rules: Rule) -> Rule:
    """Rows that all of these rules lead to."""

    def rule(actor: Actor, reach: str) -> Q | None:
        found = Q()
        for each in rules:
            if (way := each(actor, reach)) is None:
                return None
            found &= way
        return found

    return rule


def own(path: str) -> Rule:
    """Rows of the actor's own, whoever asks."""
    return lambda actor, reach: Q(**{path: actor.pk})


@dataclass(frozen=True)
class PartOf:
    """Rows of a parent: those of the parents that the actor sees."""

    path: str
    parent: type[Model]

    def __call__(self, actor: Actor, reach: str) -> Q | None:
        known = _rules[self.parent](actor, reach)
        return (
            Q(**{f"{self.path}__in": self.parent._base_manager.filter(known)}) if known else known
        )
