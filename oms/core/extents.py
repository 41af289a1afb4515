"""How much an actor saw of some kinds of records when something was made of them, such as a file.

Whatever was made is for whoever still sees as much: its maker, as long as no right and no company, customer or
warehouse was taken away, and colleagues with the same rights to as many rows.
"""

from typing import Any

from django.apps import apps
from django.db.models import Model

from oms.core import policy
from oms.core.actors import SYSTEM, Actor
from oms.core.models import Company
from oms.core.models.role import Reach
from oms.core.reaching import TIES, rule_of

Extent = dict[str, Any]
"""JSON: `rights` that guard amounts; `kinds`, each with the reaches of its rows (none: all rows); `tied`, the keys of
companies, customers and warehouses by reach; `by`, the key of who saw it. Empty where nothing is shown."""


def seen_by(actor: Actor | None, *models: type[Model]) -> Extent:
    """What an actor sees of these kinds of records now, of those that they may view; without an actor, everything."""
    who = actor or SYSTEM
    kinds = {
        model._meta.label: []
        if policy.sees_all(who, model)
        else sorted(map(str, policy.reaches(who, "view", model)))
        for model in models
        if policy.sees(who, model)
    }
    reached = {each for reaches in kinds.values() for each in reaches}
    return {
        "rights": sorted(each for each in policy.guards() if policy.may(who, each)),
        "kinds": kinds,
        "tied": {each: _tied(who, each) for each in sorted(reached)},
        "by": who.pk,
    }


def of_company(company: Company, *models: type[Model]) -> Extent:
    """All that there is of these kinds of records in one company."""
    return {
        "rights": sorted(policy.guards()),
        "kinds": {model._meta.label: [str(Reach.COMPANIES)] for model in models},
        "tied": {str(Reach.COMPANIES): [company.pk]},
        "by": None,
    }


def covers(actor: Actor, extent: Extent) -> bool:
    """Whether an actor sees as much now."""
    return not extent or (
        all(policy.may(actor, right) for right in extent["rights"])
        and all(
            _covers_kind(actor, apps.get_model(label), reaches, extent)
            for label, reaches in extent["kinds"].items()
        )
    )


def _covers_kind(actor: Actor, model: type[Model], reaches: list[str], extent: Extent) -> bool:
    if not policy.sees(actor, model):
        return False
    if policy.sees_all(actor, model):
        return True
    is_personal = bool(getattr(rule_of(model), "own", None))
    if not reaches or (is_personal and actor.pk != extent["by"]):
        return False
    return set(reaches) <= policy.reaches(actor, "view", model) and all(
        set(extent["tied"][each]) <= set(_tied(actor, each)) for each in reaches
    )


def _tied(actor: Actor, reach: str) -> list[int]:
    """The keys of the companies, customers or warehouses that a reach is about."""
    if reach not in TIES or actor.pk is None:
        return []
    return sorted(getattr(actor, reach).values_list("pk", flat=True))
