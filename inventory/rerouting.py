"""Sending what is reserved, and not being picked, from better warehouses than those that were chosen first."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from inventory import giving_back, reservations, routes, sharing, shelf_life, sourcing, waiting
from inventory.geography import Place
from inventory.holds import WHOLE
from inventory.models import Demand, Reservation, Stock, Warehouse
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Assignment, Candidate, Part, Plan, Source, Want
from inventory.sharing import Shares
from inventory.waiting import Destination
from oms.core import decisions
from oms.core.locking import atomic, lock
from oms.core.models import Company, User

Groups = dict[int, tuple[Demand, ...]]
StockRows = dict[tuple[int, int], Stock]
LeftOut = Mapping[int, str]  # why warehouses are no choice, by their key
Read = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Rerouted:
    """From where units of a document are sent, before and after, as text; how both were weighed; and what moves."""

    before: str
    after: str
    score_before: float
    score_after: float
    units_moved: int


@dataclass(frozen=True)
class _Case:
    """The lines of a document that may move, where they are reserved now, the stock there is, and where they would
    be.
    """

    document: str
    groups: Groups
    rows: list[Reservation]
    stock: StockRows
    shares: Shares
    sources: list[Source]
    current: list[Assignment]
    plan: Plan
    target: list[Assignment]

    @property
    def codes(self) -> dict[int, str]:
        return {row.warehouse_id: row.warehouse.code for row in self.stock.values()}

    @property
    def now(self) -> Candidate:
        return planner.weigh(self.current, self.sources)

    @property
    def then(self) -> Candidate:
        return planner.weigh(self.target, self.sources)


def reroute(
    document: str,
    *,
    company: Company,
    movable: Collection[int] | None = None,
    ship_to: Destination | None = None,
    to: Warehouse | None = None,
    left_out: LeftOut | None = None,
    gain: float = 0.0,
    by: User | None = None,
) -> Rerouted | None:
    """Move what a locked document holds to where it is sent best from now; None where nothing is better.

    `company`: whose warehouses it may move to. `movable`: the reservations that may move (all that are reserved and not
    allocated, if None). `ship_to`: the new destination, which all its demand keeps. `to`: that warehouse, as far as its
    stock goes, whatever the score. `left_out`: warehouses that it may not move to, and why. `gain`: by how much the
    score must fall. What finds no other place stays; what older demand could hold is left.
    """
    with atomic():
        if ship_to is not None:
            _redirect(document, ship_to)
        case = _case(document, company, movable, None, to, left_out or {}, lock)
        if case is None or not _is_better(case, to, gain):
            return None
        result = _told(case)
        _apply(case, by)
        chosen = [
            {"line": each.key, "warehouse": case.codes[each.warehouse], "quantity": each.quantity}
            for each in case.target
        ]
        decisions.record(
            "sourcing",
            subject_type="order",
            subject_number=document,
            chosen=chosen,
            candidates=routes.told([*case.plan.candidates, case.now], case.codes),
            reasons=[
                f"re-routed: was {result.before}, score {result.score_before:.2f}",
                routes.REASON,
                *(left_out or {}).values(),
            ],
        )
        return result


def rehearse(
    document: str,
    *,
    company: Company,
    movable: Collection[int] | None = None,
    ship_to: Destination | None = None,
    to: Warehouse | None = None,
    left_out: LeftOut | None = None,
    gain: float = 0.0,
) -> Rerouted | None:
    """What `reroute` would do now; nothing is locked or changed."""
    case = _case(document, company, movable, ship_to, to, left_out or {}, _in_order)
    return _told(case) if case and _is_better(case, to, gain) else None


def _in_order(rows: Any) -> list[Any]:
    return list(rows.order_by("pk"))


def _redirect(document: str, ship_to: Destination) -> None:
    country, code = ship_to.place
    rows = lock(Demand.objects.filter(document=document))
    Demand.objects.filter(pk__in=[row.pk for row in rows]).update(
        ship_country=country, ship_postal_code=code
    )


def _case(
    document: str,
    company: Company,
    movable: Collection[int] | None,
    ship_to: Destination | None,
    to: Warehouse | None,
    left_out: LeftOut,
    read: Read,
) -> _Case | None:
    demands = read(Demand.objects.filter(document=document).select_related("sku"))
    reserved = read(
        Reservation.objects.filter(
            demand__document=document, state=Reservation.State.RESERVED
        ).select_related(*WHOLE)
    )
    rows = [row for row in reserved if movable is None or row.pk in movable]
    lines = {row.demand.line for row in rows}
    groups = {line: tuple(row for row in demands if row.line == line) for line in sorted(lines)}
    current = list(_reserved_units(groups, rows))
    if not current:
        return None
    shares = sharing.shares_of([company.pk])
    stock = _stock(groups, current, {company.pk, *shares.companies()}, read)
    place = ship_to.place if ship_to else (demands[0].ship_country, demands[0].ship_postal_code)
    sources = _sources(groups, current, stock, place)
    may_send = {
        row.warehouse_id
        for row in stock.values()
        if to in (None, row.warehouse)
        and row.warehouse_id not in left_out
        and (row.warehouse.company_id == company.pk or shares.may_take(company.pk, row))
    }
    chosen = [source for source in sources if source.warehouse in may_send]
    plan = planner.plan_in_turn(
        _wants(groups, current), sourcing.own_first(company.pk, chosen, stock)
    )
    target = _with_stayers(plan.assignments, current, {source.warehouse for source in chosen})
    return _Case(document, groups, rows, stock, shares, sources, current, plan, target)


def _reserved_units(groups: Groups, rows: Sequence[Reservation]) -> Iterator[Assignment]:
    """Whole units (kits) of each line that are reserved in each warehouse."""
    reserved: dict[tuple[int, int], int] = defaultdict(int)
    for row in rows:
        reserved[row.demand_id, row.warehouse_id] += row.quantity
    for line, group in groups.items():
        for place in sorted({row.warehouse_id for row in rows if row.demand.line == line}):
            units = min(reserved[demand.pk, place] // demand.per_unit for demand in group)
            if units:
                yield Assignment(line, place, units)


def _stock(
    groups: Groups, current: Iterable[Assignment], companies: Collection[int], read: Read
) -> StockRows:
    """The stock of these companies' active warehouses, and that where the goods are reserved now."""
    skus = {demand.sku_id for group in groups.values() for demand in group}
    reserved_in = {each.warehouse for each in current}
    own = Q(warehouse__is_active=True, warehouse__company__in=companies)
    rows = read(
        Stock.objects.filter(own | Q(warehouse__in=reserved_in), sku__in=skus).select_related(
            "warehouse", "sku"
        )
    )
    shelf_life.attach(rows)
    shelf_life.ask(rows, max(waiting.Group(group).min_life_days for group in groups.values()))
    return {(row.sku_id, row.warehouse_id): row for row in rows}


def _wants(groups: Groups, current: Iterable[Assignment]) -> list[Want]:
    units: dict[int, int] = defaultdict(int)
    for each in current:
        units[each.key] += each.quantity
    return [
        Want(line, tuple(Part(demand.sku_id, demand.per_unit) for demand in groups[line]), quantity)
        for line, quantity in units.items()
    ]


def _sources(
    groups: Groups, current: Sequence[Assignment], stock: StockRows, place: Place
) -> list[Source]:
    """Active warehouses with what is free there, less what older demand could hold, and what may move itself."""
    first = next(iter(groups.values()))[0]
    active = {key: row for key, row in stock.items() if row.warehouse.is_active}
    weight = sum(
        each.quantity * demand.per_unit * demand.sku.weight_g
        for each in current
        for demand in groups[each.key]
    )
    found = routes.sources(active, place, weight)
    waiting.leave_to_older(
        first.company_id, found, {sku for sku, _place in stock}, first.priority, stock
    )
    available: dict[int, Any] = {source.warehouse: source.available for source in found}
    for each in current:
        for demand in groups[each.key] if each.warehouse in available else ():
            available[each.warehouse][demand.sku_id] += each.quantity * demand.per_unit
    return found


def _with_stayers(
    planned: Sequence[Assignment], current: Sequence[Assignment], sources: Collection[int]
) -> list[Assignment]:
    """A plan, and what found no place in it, where it is reserved now: first in warehouses that were no choice."""
    units: dict[tuple[int, int], int] = defaultdict(int)
    left: dict[int, int] = defaultdict(int)
    for each in current:
        left[each.key] += each.quantity
    for each in planned:
        units[each.key, each.warehouse] += each.quantity
        left[each.key] -= each.quantity
    for each in sorted(current, key=lambda each: each.warehouse in sources):
        stays = min(left[each.key], each.quantity)
        units[each.key, each.warehouse] += stays
        left[each.key] -= stays
    return [
        Assignment(line, place, quantity)
        for (line, place), quantity in sorted(units.items())
        if quantity
    ]


def _is_better(case: _Case, to: Warehouse | None, gain: float) -> bool:
    if not any(_losses(case)) or not _fits(case):
        return False
    more = case.then.units - case.now.units
    return (
        to is not None
        or more > 0
        or (more == 0 and case.now.score - case.then.score > max(gain, 0.005))
    )


def _fits(case: _Case) -> bool:
    """Whether each warehouse has what it shall send: lines that share a SKU may not both stay and move there."""
    needed: dict[tuple[int, int], int] = defaultdict(int)
    for each, sign in [
        *((each, 1) for each in case.target),
        *((each, -1) for each in case.current),
    ]:
        for demand in case.groups[each.key]:
            needed[demand.sku_id, each.warehouse] += sign * each.quantity * demand.per_unit
    return all(
        quantity <= 0 or (key in case.stock and quantity <= case.stock[key].available)
        for key, quantity in needed.items()
    )


def _losses(case: _Case) -> list[Assignment]:
    """Units that leave a warehouse, by line."""
    return _difference(case.current, case.target)


def _difference(of: Iterable[Assignment], than: Iterable[Assignment]) -> list[Assignment]:
    left = {(each.key, each.warehouse): each.quantity for each in of}
    for each in than:
        left[each.key, each.warehouse] = left.get((each.key, each.warehouse), 0) - each.quantity
    return [
        Assignment(line, place, quantity)
        for (line, place), quantity in sorted(left.items())
        if quantity > 0
    ]


def _apply(case: _Case, by: User | None) -> None:
    """Free what leaves a warehouse and hold it where it goes, in one transaction: nobody can take it in between."""
    gone: list[Reservation] = []
    for each in _losses(case):
        for demand in case.groups[each.key]:
            own = [
                row
                for row in case.rows
                if row.demand_id == demand.pk and row.warehouse_id == each.warehouse
            ]
            gone += reservations.cut(
                sorted(own, key=_whole_bundles), each.quantity * demand.per_unit
            )
    giving_back.unreserve_locked(gone, stock=case.stock)
    groups = {line: waiting.Group(group) for line, group in case.groups.items()}
    sourcing.reserve_plan(
        _difference(case.target, case.current), groups, case.stock, case.shares, by=by
    )
    giving_back.announce_unreserved(gone, by=by)


def _whole_bundles(row: Reservation) -> tuple[str, int]:
    """The parts of a kit in one order, so that the same kits go of each."""
    return str(row.bundle), row.pk


def _told(case: _Case) -> Rerouted:
    return Rerouted(
        _in_words(case, case.current),
        _in_words(case, case.target),
        round(case.now.score, 2),
        round(case.then.score, 2),
        sum(each.quantity for each in _losses(case)),
    )


def _in_words(case: _Case, assignments: Iterable[Assignment]) -> str:
    """Units by warehouse: "LON 3, MAN 2"."""
    units: dict[str, int] = defaultdict(int)
    for each in assignments:
        units[case.codes[each.warehouse]] += each.quantity
    return ", ".join(f"{code} {quantity}" for code, quantity in sorted(units.items()))
