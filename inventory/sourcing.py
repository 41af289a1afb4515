"""Promising stock: which warehouses serve which demand."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from inventory import availability, catalog, reservations, routes, sharing, shelf_life
from inventory.holds import lock_holds
from inventory.models import SKU, Demand, KitComponent, Stock, Warehouse
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Part, Plan, Source, Want
from inventory.reservations import ReservationRequest
from inventory.sharing import Shares
from inventory.waiting import Destination as Destination
from inventory.waiting import Group, StockRows, groups_of, leave_to_older
from oms.core import decisions, events
from oms.core.errors import NotEnough
from oms.core.locking import atomic, lock, mark_created
from oms.core.models import Company, User

SentFrom = dict[int, dict[Warehouse, int]]  # units of each line, by the warehouse that holds them


@dataclass(frozen=True)
class Wanted:
    """A line of a document that wants stock, in units of its SKU (kits in kits)."""

    line: int
    sku: SKU
    quantity: int


@dataclass(frozen=True)
class Terms:
    """How a document's demand is served: what cannot be reserved may wait or is refused; lower priority goes first.

    `reserve_from`: a later day until which nothing is reserved; it is promised against the stock projected for that
    day.
    """

    can_backorder: bool = False
    priority: int = 100
    requested_on: date | None = None
    reserve_from: date | None = None
    min_life_days: int = 0


def promise(
    document: str,
    company: Company,
    wanted: Sequence[Wanted],
    ship_to: Destination,
    terms: Terms,
    *,
    by: User | None = None,
) -> SentFrom:
    """Promise a document's lines from its company's stock: hold what there is, and let the rest wait or refuse.

    What that can't serve may come from the stock that other companies share with it. Returns what was reserved. Raises
    NotEnough with the shortfall by SKU where something cannot be reserved and may not wait. What older demand of the
    same or a better priority could hold now is left to it. The caller has locked the document.
    """
    with atomic():
        kits = catalog.components(want.sku for want in wanted)
        wants = [want_of(line, kits) for line in wanted]
        skus = {part.sku for want in wants for part in want.parts}
        stock, shares = lock_candidates(skus, {company.pk})
        shelf_life.ask(stock.values(), terms.min_life_days)
        if terms.reserve_from is not None:
            _require_projected(company, wanted, wants, terms, kits)
            plan = Plan(())
        else:
            sources = routes.sources(stock, ship_to.place, weight_g(wanted))
            leave_to_older(company.pk, sources, skus, terms.priority, stock)
            plan = planner.plan_in_turn(wants, own_first(company.pk, sources, stock))
        if plan.short and not terms.can_backorder:
            raise NotEnough(_shortfall(wanted, wants, plan, sources, kits))
        _write_promise(document, company, wants, plan, stock, shares, ship_to, terms, kits, by)
        return _sent_from(plan, stock)


def _sent_from(plan: Plan, stock: dict[tuple[int, int], Stock]) -> SentFrom:
    warehouses = {row.warehouse_id: row.warehouse for row in stock.values()}
    found: SentFrom = {}
    for each in plan.assignments:
        units = found.setdefault(each.key, {})
        units[warehouses[each.warehouse]] = units.get(warehouses[each.warehouse], 0) + each.quantity
    return found


def want_of(line: Wanted, kits: dict[int, list[KitComponent]]) -> Want:
    """A line as the planner knows it: a kit by its components."""
    components = kits.get(line.sku.pk)
    if components is None:
        return Want(line.line, (Part(line.sku.pk),), line.quantity)
    return Want(
        line.line,
        tuple(Part(part.component_id, part.quantity) for part in components),
        line.quantity,
    )


def own_first(
    company: int, sources: Sequence[Source], stock: StockRows
) -> tuple[list[Source], list[Source]]:
    """A company's own sources, then those of others."""
    owners = {row.warehouse_id: row.warehouse.company_id for row in stock.values()}
    return (
        [source for source in sources if owners[source.warehouse] == company],
        [source for source in sources if owners[source.warehouse] != company],
    )


def lock_candidates(
    skus: Iterable[int], companies: Collection[int]
) -> tuple[dict[tuple[int, int], Stock], Shares]:
    """Lock the stock that companies may promise, and say which shares it is promised under."""
    rows = (
        Stock.objects.promised_by(*companies)
        .filter(sku__in=list(skus))
        .select_related("warehouse", "sku")
    )
    locked = {(row.sku_id, row.warehouse_id): row for row in lock(rows)}
    shelf_life.attach(locked.values())
    if len(companies) < 2 and all(row.warehouse.company_id in companies for row in locked.values()):
        return locked, Shares()
    shares = sharing.shares_of(companies)
    known = {*companies, *shares.companies()}  # sharing may have stopped since
    return {key: row for key, row in locked.items() if row.warehouse.company_id in known}, shares


def weight_g(wanted: Sequence[Wanted]) -> int:
    """What lines weigh together, in grams."""
    return sum(line.sku.weight_g * line.quantity for line in wanted)


def _require_projected(
    company: Company,
    wanted: Sequence[Wanted],
    wants: Sequence[Want],
    terms: Terms,
    kits: dict[int, list[KitComponent]],
) -> None:
    """Raise NotEnough where the stock of the day from which it reserves will not do, unless the rest may wait."""
    needed, codes = _needed(wants), _codes(wanted, kits)
    there = availability.projected(needed, company, terms.reserve_from)
    short = {
        codes[sku]: quantity - max(0, there[sku])
        for sku, quantity in needed.items()
        if quantity > there[sku]
    }
    if short and not terms.can_backorder:
        raise NotEnough(short)


def _needed(wants: Sequence[Want]) -> dict[int, int]:
    needed: dict[int, int] = defaultdict(int)
    for want in wants:
        for part in want.parts:
            needed[part.sku] += part.per_unit * want.quantity
    return needed


def _codes(wanted: Sequence[Wanted], kits: dict[int, list[KitComponent]]) -> dict[int, str]:
    codes = {line.sku.pk: line.sku.code for line in wanted}
    return codes | {
        part.component_id: part.component.code for parts in kits.values() for part in parts
    }


def _shortfall(
    wanted: Sequence[Wanted],
    wants: Sequence[Want],
    plan: Plan,
    sources: Sequence[Source],
    kits: dict[int, list[KitComponent]],
) -> dict[str, int]:
    """What is missing in base units by SKU code; kits exploded, unless only the kit as a whole finds no warehouse."""
    codes, needed = _codes(wanted, kits), _needed(wants)
    there = {sku: sum(max(0, source.available.get(sku, 0)) for source in sources) for sku in needed}
    short = {
        codes[sku]: quantity - there[sku]
        for sku, quantity in needed.items()
        if quantity > there[sku]
    }
    return short or {
        line.sku.code: plan.short[line.line] for line in wanted if line.line in plan.short
    }


def _write_promise(
    document: str,
    company: Company,
    wants: Sequence[Want],
    plan: Plan,
    stock: dict[tuple[int, int], Stock],
    shares: Shares,
    ship_to: Destination,
    terms: Terms,
    kits: dict[int, list[KitComponent]],
    by: User | None,
) -> None:
    demands = _write_demands(document, company, wants, plan, ship_to, terms, kits)
    by_line = {group.demands[0].line: group for group in groups_of(demands)}
    reserve_plan(plan.assignments, by_line, stock, shares, counted=True, by=by)
    _record_decision(document, plan, stock, terms)
    if plan.short:
        events.record(
            "demand.backordered",
            subject_type="demand",
            subject_number=document,
            order_number=document,
            by=by,
            skus=sorted({demand.sku_id for demand in demands}),
        )


def _write_demands(
    document: str,
    company: Company,
    wants: Sequence[Want],
    plan: Plan,
    ship_to: Destination,
    terms: Terms,
    kits: dict[int, list[KitComponent]],
) -> list[Demand]:
    """The demand of each line, of kits one for each component, with what the plan reserves of it."""
    components = {part.component_id for parts in kits.values() for part in parts}
    reserved: dict[int, int] = defaultdict(int)
    for assignment in plan.assignments:
        reserved[assignment.key] += assignment.quantity
    country, code = ship_to.place
    demands = Demand.objects.bulk_create(
        Demand(
            company=company,
            document=document,
            line=want.key,
            sku_id=part.sku,
            per_unit=part.per_unit,
            is_component=part.sku in components and (len(want.parts) > 1 or part.per_unit > 1),
            quantity=part.per_unit * want.quantity,
            reserved=part.per_unit * reserved[want.key],
            can_backorder=terms.can_backorder,
            priority=terms.priority,
            requested_on=terms.requested_on,
            reserve_from=terms.reserve_from,
            ship_country=country,
            ship_postal_code=code,
            min_life_days=terms.min_life_days,
        )
        for want in wants
        for part in want.parts
    )
    mark_created(demands)
    return demands


def reserve_plan(
    assignments: Iterable[planner.Assignment],
    groups: dict[int, Group],
    stock: dict[tuple[int, int], Stock],
    shares: Shares,
    *,
    counted: bool = False,
    by: User | None = None,
) -> None:
    """Reserve what a plan allocates to lines, under locks that the caller has taken; a kit's parts in one bundle."""
    reservations.reserve(
        counted=counted,
        by=by,
        holds=[
            ReservationRequest(
                demand,
                row,
                assignment.quantity * demand.per_unit,
                bundle,
                shares.under(demand.company_id, row),
            )
            for assignment in assignments
            for bundle in [uuid.uuid4()]
            for demand in groups[assignment.key].demands
            for row in [stock[demand.sku_id, assignment.warehouse]]
        ],
    )


def _record_decision(
    document: str, plan: Plan, stock: dict[tuple[int, int], Stock], terms: Terms
) -> None:
    codes = {row.warehouse_id: row.warehouse.code for row in stock.values()}
    chosen = [
        {"line": each.key, "warehouse": codes[each.warehouse], "quantity": each.quantity}
        for each in plan.assignments
    ]
    decisions.record(
        "sourcing",
        subject_type="order",
        subject_number=document,
        chosen=chosen,
        candidates=routes.told(plan.candidates, codes),
        reasons=[
            f"wanted on {terms.requested_on}: reserves stock from {terms.reserve_from} on"
            if terms.reserve_from
            else routes.REASON
        ],
    )


def reschedule(
    document: str, *, requested_on: date | None, reserve_from: date | None, by: User | None = None
) -> None:
    """Let a locked document's demand be wanted on another day; what is wanted now is served, as far as there is stock.

    What is far off then is given back by whoever knows what of it nobody has begun with.
    """
    with atomic():
        demands = lock(Demand.objects.filter(document=document))
        for demand in demands:
            demand.requested_on, demand.reserve_from = requested_on, reserve_from
        Demand.objects.bulk_update(demands, ["requested_on", "reserve_from"])
        if reserve_from is None:
            events.record(
                "demand.backordered",
                subject_type="demand",
                subject_number=document,
                order_number=document,
                by=by,
                skus=sorted({demand.sku_id for demand in demands if demand.unreserved}),
            )


def announce_change(warehouse: Warehouse, *, by: User | None = None) -> None:
    """Tell that a warehouse was opened, closed or moved: waiting demand and what is reserved may fare better now."""
    with atomic():
        events.record(
            "warehouse.changed",
            subject_type="warehouse",
            subject_number=warehouse.code,
            by=by,
            is_active=warehouse.is_active,
        )


def lock_change(document: str, skus: Iterable[SKU]) -> None:
    """Lock, in one pass, what an amendment may touch that frees stock of a document and promises more of these SKUs."""
    skus = list(skus)
    kits = catalog.components(skus)
    parts = {part.component_id for found in kits.values() for part in found} | {
        sku.pk for sku in skus
    }
    lock_holds(Demand.objects.filter(document=document), skus=parts)
