"""Waiting demand, line by line, and the stock that is left to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from inventory import shelf_life
from inventory.models import Demand, Stock
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Part, Source, Want
from oms.core.postal_codes import normalize

StockRows = Mapping[tuple[int, int], Stock]


@dataclass(frozen=True)
class Destination:
    """Where goods go: ISO country and postal code."""

    country: str
    postal_code: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Its country and postal code as the country writes it."""
        return self.country.upper(), normalize(self.country, self.postal_code)


@dataclass(frozen=True)
class Group:
    """The demands of one line, served together: one, or a kit's components."""

    demands: tuple[Demand, ...]

    @property
    def want(self) -> Want:
        units = min(demand.unreserved // demand.per_unit for demand in self.demands)
        parts = tuple(Part(demand.sku_id, demand.per_unit) for demand in self.demands)
        return Want(self.demands[0].line, parts, units)

    @property
    def min_life_days(self) -> int:
        return shelf_life.life_of(self.demands)

    @property
    def weight_g(self) -> int:
        return sum(demand.sku.weight_g * demand.unreserved for demand in self.demands)

    @property
    def is_uneven(self) -> bool:
        """Whether a kit has more of one part than of another, or a part of a unit."""
        return any(
            demand.unreserved != self.want.quantity * demand.per_unit for demand in self.demands
        )

    @property
    def destination(self) -> Destination:
        return Destination(self.demands[0].ship_country, self.demands[0].ship_postal_code)


def groups_of(demands: Iterable[Demand]) -> list[Group]:
    """Demands by line, in the order of the first of each."""
    lines: dict[tuple[str, int], list[Demand]] = {}
    for demand in demands:
        lines.setdefault((demand.document, demand.line), []).append(demand)
    return [Group(tuple(members)) for members in lines.values()]


def leave_to_older(
    company: int, sources: list[Source], skus: set[int], priority: int, stock: StockRows
) -> None:
    """Take off a company's sources what its waiting demand that goes first could hold now.

    Of another company's stock that it may take, whatever waits of that company goes first.
    """
    owners = {row.warehouse_id: row.warehouse.company_id for row in stock.values()}
    for owner in sorted(set(owners.values()), key=lambda owner: (owner != company, owner)):
        theirs = [source for source in sources if owners[source.warehouse] == owner]
        if owner != company:
            _leave(Demand.objects.waiting().filter(company=owner), theirs, skus, stock)
        _leave(
            Demand.objects.waiting().filter(company=company, priority__lte=priority),
            theirs,
            skus,
            stock,
        )


def _leave(
    waiting: QuerySet[Demand], sources: list[Source], skus: set[int], stock: StockRows
) -> None:
    lines = set(waiting.filter(sku__in=skus).values_list("document", "line"))
    if not lines:
        return
    siblings = (
        Demand.objects.due()
        .filter(
            document__in={document for document, _ in lines}, line__in={line for _, line in lines}
        )
        .order_by("priority", "id")
    )
    groups = [group for group in groups_of(siblings) if group.want.quantity > 0]
    layered = any(row.layers for row in stock.values())
    for assignment, group in (
        shelf_life.allocate(groups, sources, stock) if layered else _assign(groups, sources)
    ):
        available = next(
            source.available for source in sources if source.warehouse == assignment.warehouse
        )
        for part in group.want.parts:
            if part.sku in available:
                available[part.sku] -= assignment.quantity * part.per_unit  # type: ignore[index]


def _assign(
    groups: Sequence[Group], sources: Sequence[Source]
) -> list[tuple[planner.Assignment, Group]]:
    by_key = dict(enumerate(groups))
    wants = [Want(key, group.want.parts, group.want.quantity) for key, group in by_key.items()]
    return [
        (assignment, by_key[assignment.key])
        for assignment in planner.plan(wants, sources).assignments
    ]
