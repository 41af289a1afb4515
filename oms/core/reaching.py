"""Rules: which rows of a model a reach leads to. Each app declares one for each of its models (`oms.core.policy`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet

from oms.core.actors import Actor
from oms.core.models import Company
from oms.core.models.role import OutsideReach, Reach

OUTSIDE = frozenset(str(each) for each in OutsideReach)
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


def reached(model: Any, actor: Actor, reach: str) -> Q | None:
    """The condition of the rows of a model that a reach leads an actor to; None where there are none.

    Outsiders are led by rules alone that name their reach.
    """
    rule = rule_of(model)
    if rule is None or (reach in OUTSIDE and reach not in open_to(rule)):
        return None
    return rule(actor, reach)


def open_to(rule: Rule) -> frozenset[str]:
    """The reaches of outsiders that a rule leads to rows."""
    return getattr(rule, "open_to", frozenset())


def every_row(actor: Actor, reach: str) -> Q | None:
    """Master data: whoever may look at the kind sees all of it."""
    return Q()


@dataclass(frozen=True)
class ByPaths:
    """Rows by the paths that lead from them to what an actor's reach is about, as `rows` says."""

    paths: Mapping[str, Sequence[str]]
    own: str | None
    is_shared: bool

    def __call__(self, actor: Actor, reach: str) -> Q | None:
        if reach == Reach.EVERYTHING:
            return Q()
        if reach not in self.paths:
            return Q(**{self.own: actor.pk}) if self.own else None
        if ALL in self.paths[reach]:
            return Q()
        found = Q()
        for path in self.paths[reach]:
            found |= _led(actor, reach, path)
            if self.is_shared and reach == Reach.COMPANIES:
                found |= Q(**{f"{path}__isnull": True})
        return found

    @property
    def open_to(self) -> frozenset[str]:
        return frozenset(self.paths) & OUTSIDE


def rows(
    *,
    customer: str | None = None,
    warehouse: str | None = None,
    company: str | Sequence[str] | None = None,
    order: str | None = None,
    channel: str | None = None,
    own: str | None = None,
    is_shared: bool = False,
) -> ByPaths:
    """Rows by the paths that lead to their customer, warehouse or company, or to the person whose own they are.

    Paths to their order and channel are for outsiders. A path is empty on the customer, warehouse … itself, ALL where
    every row counts; several lead to a company by either. `is_shared`: rows that lead to no company are every
    company's. Without a path, only actors who reach everything see rows.
    """
    known = {
        Reach.CUSTOMERS: customer,
        Reach.WAREHOUSES: warehouse,
        Reach.COMPANIES: company,
        OutsideReach.ORDER: order,
        OutsideReach.CHANNEL: channel,
    }
    paths = {
        str(reach): (path,) if isinstance(path, str) else tuple(path)
        for reach, path in known.items()
        if path is not None
    }
    return ByPaths(paths, own, is_shared)


def master(*company: str, is_shared: bool = False) -> ByPaths:
    """Master data of companies: whoever may look at the kind sees all of it, unless they reach only own companies."""
    return rows(customer=ALL, warehouse=ALL, company=company, is_shared=is_shared)


def _led(actor: Any, reach: str, path: str) -> Q:
    """The condition that a path leads to what is an actor's."""
    if reach in OUTSIDE:
        return Q(**{path or "pk": actor.tied_to})
    if reach == Reach.COMPANIES:  # not by a join: a row may have several paths
        return Q(**{f"{path}__in" if path else "pk__in": companies_of(actor)})
    tie = TIES[Reach(reach)]
    return Q(**{f"{path}__{tie}" if path else tie: actor.pk})


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


def leads(*reaches: OutsideReach) -> Callable[[Rule], Rule]:
    """Let a function that is a rule lead outsiders to rows, too."""

    def mark(rule: Rule) -> Rule:
        rule.open_to = frozenset(str(each) for each in reaches)  # type: ignore[attr-defined]
        return rule

    return mark


@dataclass(frozen=True)
class PartOf:
    """Rows of a parent: those of the parents that the actor sees; no outsider's where they are `internal`."""

    path: str
    parent: type[Model]
    is_internal: bool = False

    def __call__(self, actor: Actor, reach: str) -> Q | None:
        known = reached(self.parent, actor, reach)
        return (
            Q(**{f"{self.path}__in": self.parent._base_manager.filter(known)}) if known else known
        )

    @property
    def open_to(self) -> frozenset[str]:
        rule = rule_of(self.parent)
        return frozenset() if self.is_internal or rule is None else open_to(rule)
