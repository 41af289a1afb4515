"""Promising stock: which warehouses serve which demand, now and when more comes."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F
from django.utils.translation import gettext as _

from inventory import availability, catalog, displacing, ledger, reservations, routes, shelf_life
from inventory.giving_back import announce_freed, level
from inventory.holds import lock_holders, lock_holds
from inventory.models import (
    SKU,
    Bin,
    Demand,
    KitComponent,
    Move,
    Reservation,
    Stock,
    Warehouse,
)
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Part, Plan, Source, Want
from inventory.reservations import Hold
from oms.core import decisions, events
from oms.core.errors import NotEnough, Refused, WrongState
from oms.core.locking import atomic, hold_created, lock
from oms.core.models import Company, User
from oms.core.postal_codes import normalize

SentFrom = dict[int, dict[Warehouse, int]]  # units of each line, by the warehouse that holds them


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
class Wanted:
    """A line of a document that wants stock, in units of its SKU (kits in kits)."""

    line: int
    sku: SKU
    quantity: int


@dataclass(frozen=True)
class Terms:
    """How a document's demand is served: what cannot be held may wait or is refused; lower priority goes first.

    `reserve_from`: a later day until which nothing is held; it is promised against the stock projected for that day.
    """

    may_wait: bool = False
    priority: int = 100
    wanted_on: date | None = None
    reserve_from: date | None = None
    min_life_days: int = 0


@dataclass(frozen=True)
class Group:
    """The demands of one line, served together: one, or a kit's components."""

    demands: tuple[Demand, ...]

    @property
    def want(self) -> Want:
        units = min(demand.unheld // demand.per_unit for demand in self.demands)
        parts = tuple(Part(demand.sku_id, demand.per_unit) for demand in self.demands)
        return Want(self.demands[0].line, parts, units)

    @property
    def min_life_days(self) -> int:
        return shelf_life.life_of(self.demands)

    @property
    def weight_g(self) -> int:
        return sum(demand.sku.weight_g * demand.unheld for demand in self.demands)

    @property
    def is_uneven(self) -> bool:
        """Whether a kit has more of one part than of another, or a part of a unit."""
        return any(demand.unheld != self.want.quantity * demand.per_unit for demand in self.demands)

    @property
    def destination(self) -> Destination:
        return Destination(self.demands[0].ship_country, self.demands[0].ship_postal_code)


def promise(
    document: str, company: Company, wanted: Sequence[Wanted], ship_to: Destination, terms: Terms, *,
    by: User | None = None,
) -> SentFrom:
    """Promise a document's lines from its company's stock: hold what there is, and let the rest wait or refuse.

    Returns what was held. Raises NotEnough with the shortfall by SKU where something cannot be held and may not wait.
    What older demand of the same or a better priority could hold now is left to it. The caller has locked the document.
    """
    with atomic():
        kits = catalog.components(want.sku for want in wanted)
        wants = [want_of(line, kits) for line in wanted]
        skus = {part.sku for want in wants for part in want.parts}
        stock = _lock_candidates(skus, {company.pk})
        shelf_life.ask(stock.values(), terms.min_life_days)
        if terms.reserve_from is not None:
            _require_projected(company, wanted, wants, terms, kits)
            plan = Plan(())
        else:
            sources = routes.sources(stock, ship_to.place, weight_g(wanted))
            leave_to_older(company.pk, sources, skus, terms.priority, stock)
            plan = planner.plan(wants, sources)
        if plan.short and not terms.may_wait:
            raise NotEnough(_shortfall(wanted, wants, plan, sources, kits))
        _write_promise(document, company, wants, plan, stock, ship_to, terms, kits, by)
        return _sent_from(plan, stock)


def _sent_from(plan: Plan, stock: dict[tuple[int, int], Stock]) -> SentFrom:
    warehouses = {row.warehouse_id: row.warehouse for row in stock.values()}
    found: SentFrom = {}
    for each in plan.allocations:
        units = found.setdefault(each.key, {})
        units[warehouses[each.warehouse]] = units.get(warehouses[each.warehouse], 0) + each.quantity
    return found


def want_of(line: Wanted, kits: dict[int, list[KitComponent]]) -> Want:
    """A line as the planner knows it: a kit by its components."""
    components = kits.get(line.sku.pk)
    if components is None:
        return Want(line.line, (Part(line.sku.pk),), line.quantity)
    return Want(line.line, tuple(Part(part.component_id, part.quantity) for part in components), line.quantity)


def _lock_candidates(skus: Iterable[int], companies: Collection[int]) -> dict[tuple[int, int], Stock]:
    rows = Stock.objects.promised_by(*companies).filter(sku__in=list(skus)).select_related("warehouse", "sku")
    locked = {(row.sku_id, row.warehouse_id): row for row in lock(rows)}
    shelf_life.attach(locked.values())
    return locked


def weight_g(wanted: Sequence[Wanted]) -> int:
    """What lines weigh together, in grams."""
    return sum(line.sku.weight_g * line.quantity for line in wanted)


def leave_to_older(
    company: int, sources: list[Source], skus: set[int], priority: int, stock: dict[tuple[int, int], Stock],
) -> None:
    """Take off a company's sources what its waiting demand that goes first could hold now."""
    waiting = Demand.objects.waiting().filter(company=company, sku__in=skus, priority__lte=priority)
    lines = set(waiting.values_list("document", "line"))
    if not lines:
        return
    siblings = Demand.objects.due().filter(document__in={document for document, _ in lines},
                                           line__in={line for _, line in lines}).order_by("priority", "id")
    groups = [group for group in _groups(siblings) if group.want.quantity > 0]
    layered = any(row.layers for row in stock.values())
    for allocation, group in shelf_life.allocate(groups, sources, stock) if layered else _allocate(groups, sources):
        available = next(source.available for source in sources if source.warehouse == allocation.warehouse)
        for part in group.want.parts:
            if part.sku in available:
                available[part.sku] -= allocation.quantity * part.per_unit  # type: ignore[index]


def _groups(demands: Iterable[Demand]) -> list[Group]:
    """Demands by line, in the order of the first of each."""
    lines: dict[tuple[str, int], list[Demand]] = {}
    for demand in demands:
        lines.setdefault((demand.document, demand.line), []).append(demand)
    return [Group(tuple(members)) for members in lines.values()]


def _allocate(groups: Sequence[Group], sources: Sequence[Source]) -> list[tuple[planner.Allocation, Group]]:
    by_key = dict(enumerate(groups))
    wants = [Want(key, group.want.parts, group.want.quantity) for key, group in by_key.items()]
    return [(allocation, by_key[allocation.key]) for allocation in planner.plan(wants, sources).allocations]


def _require_projected(
    company: Company, wanted: Sequence[Wanted], wants: Sequence[Want], terms: Terms,
    kits: dict[int, list[KitComponent]],
) -> None:
    """Raise NotEnough where the stock of the day from which it reserves will not do, unless the rest may wait."""
    needed, codes = _needed(wants), _codes(wanted, kits)
    there = availability.projected(needed, company, terms.reserve_from)
    short = {codes[sku]: quantity - max(0, there[sku]) for sku, quantity in needed.items() if quantity > there[sku]}
    if short and not terms.may_wait:
        raise NotEnough(short)


def _needed(wants: Sequence[Want]) -> dict[int, int]:
    needed: dict[int, int] = defaultdict(int)
    for want in wants:
        for part in want.parts:
            needed[part.sku] += part.per_unit * want.quantity
    return needed


def _codes(wanted: Sequence[Wanted], kits: dict[int, list[KitComponent]]) -> dict[int, str]:
    codes = {line.sku.pk: line.sku.code for line in wanted}
    return codes | {part.component_id: part.component.code for parts in kits.values() for part in parts}


def _shortfall(
    wanted: Sequence[Wanted], wants: Sequence[Want], plan: Plan, sources: Sequence[Source],
    kits: dict[int, list[KitComponent]],
) -> dict[str, int]:
    """What is missing in base units by SKU code; kits exploded, unless only the kit as a whole finds no warehouse."""
    codes, needed = _codes(wanted, kits), _needed(wants)
    there = {sku: sum(max(0, source.available.get(sku, 0)) for source in sources) for sku in needed}
    short = {codes[sku]: quantity - there[sku] for sku, quantity in needed.items() if quantity > there[sku]}
    return short or {line.sku.code: plan.short[line.line] for line in wanted if line.line in plan.short}


def _write_promise(
    document: str, company: Company, wants: Sequence[Want], plan: Plan, stock: dict[tuple[int, int], Stock],
    ship_to: Destination, terms: Terms, kits: dict[int, list[KitComponent]], by: User | None,
) -> None:
    components = {part.component_id for parts in kits.values() for part in parts}
    held: dict[int, int] = defaultdict(int)
    for allocation in plan.allocations:
        held[allocation.key] += allocation.quantity
    country, code = ship_to.place
    demands = Demand.objects.bulk_create(
        Demand(company=company, document=document, line=want.key, sku_id=part.sku, per_unit=part.per_unit,
               is_component=part.sku in components and (len(want.parts) > 1 or part.per_unit > 1),
               quantity=part.per_unit * want.quantity, held=part.per_unit * held[want.key], may_wait=terms.may_wait,
               priority=terms.priority, wanted_on=terms.wanted_on, reserve_from=terms.reserve_from,
               ship_country=country, ship_postal_code=code, min_life_days=terms.min_life_days)
        for want in wants for part in want.parts
    )
    hold_created(demands)
    by_line = {group.demands[0].line: group for group in _groups(demands)}
    hold_plan(plan.allocations, by_line, stock, counted=True, by=by)
    _record_decision(document, plan, stock, terms)
    if plan.short:
        events.record("demand.backordered", subject_type="demand", subject_number=document, order_number=document,
                      by=by, skus=sorted({demand.sku_id for demand in demands}))


def hold_plan(
    allocations: Iterable[planner.Allocation], groups: dict[int, Group], stock: dict[tuple[int, int], Stock],
    *, counted: bool = False, by: User | None = None,
) -> None:
    """Hold what a plan allocates to lines, under locks that the caller has taken; a kit's parts in one bundle."""
    reservations.hold(counted=counted, by=by, holds=[
        Hold(demand, stock[demand.sku_id, allocation.warehouse], allocation.quantity * demand.per_unit, bundle)
        for allocation in allocations
        for bundle in [uuid.uuid4()]
        for demand in groups[allocation.key].demands
    ])


def _record_decision(document: str, plan: Plan, stock: dict[tuple[int, int], Stock], terms: Terms) -> None:
    codes = {row.warehouse_id: row.warehouse.code for row in stock.values()}
    chosen = [{"line": each.key, "warehouse": codes[each.warehouse], "quantity": each.quantity}
              for each in plan.allocations]
    decisions.record("sourcing", subject_type="order", subject_number=document, chosen=chosen,
                     candidates=routes.told(plan.candidates, codes), reasons=[
                         f"wanted on {terms.wanted_on}: reserves stock from {terms.reserve_from} on"
                         if terms.reserve_from else routes.REASON])


def serve(skus: Iterable[int], *, by: User | None = None) -> list[str]:
    """Hold what there is now for demand that waits for these SKUs, by priority, then age.

    Returns the numbers of the documents that got something. Nothing waiting is success.
    """
    with atomic():
        waiting = Demand.objects.waiting().filter(sku__in=list(skus))
        lines = set(waiting.values_list("document", "line"))
        if not lines:
            return []
        keys = list(Demand.objects.due().filter(document__in={document for document, _ in lines},
                                                line__in={line for _, line in lines}).values_list("pk", flat=True))
        _level(keys, by)
        rows = lock(Demand.objects.filter(pk__in=keys).select_related("sku"))
        demands = sorted(rows, key=lambda row: (row.priority, row.pk))
        stock = _lock_candidates({demand.sku_id for demand in demands}, {demand.company_id for demand in demands})
        return [group.demands[0].document for group in _groups(demands) if _serve_group(group, stock, by)]


def serve_due() -> list[str]:
    """Hold for what was wanted for later, once its day comes near; it goes before younger demand like any other."""
    near = Demand.objects.waiting().filter(reserve_from__isnull=False)
    return serve(list(near.values_list("sku", flat=True).distinct()))


def reschedule(
    document: str, *, wanted_on: date | None, reserve_from: date | None, by: User | None = None,
) -> None:
    """Let a locked document's demand be wanted on another day; what is wanted now is served, as far as there is stock.

    What is far off then is given back by whoever knows what of it nobody has begun with.
    """
    with atomic():
        demands = lock(Demand.objects.filter(document=document))
        for demand in demands:
            demand.wanted_on, demand.reserve_from = wanted_on, reserve_from
        Demand.objects.bulk_update(demands, ["wanted_on", "reserve_from"])
        if reserve_from is None:
            events.record("demand.backordered", subject_type="demand", subject_number=document, order_number=document,
                          by=by, skus=sorted({demand.sku_id for demand in demands if demand.unheld}))


def announce_change(warehouse: Warehouse, *, by: User | None = None) -> None:
    """Tell that a warehouse was opened, closed or moved: waiting demand and what is held may fare better now."""
    with atomic():
        events.record("warehouse.changed", subject_type="warehouse", subject_number=warehouse.code, by=by,
                      is_active=warehouse.is_active)


def serve_from(warehouse_code: str, *, by: User | None = None) -> list[str]:
    """Hold what an active warehouse has free for its company's demand that waits for it."""
    company = Warehouse.objects.values_list("company", flat=True).get(code=warehouse_code)
    free = Stock.objects.promised_by(company).filter(warehouse__code=warehouse_code, sellable__gt=F("held"))
    waiting = Demand.objects.waiting().filter(company=company, sku__in=free.values("sku"))
    return serve(list(waiting.values_list("sku", flat=True).distinct()), by=by)


def _level(keys: Sequence[int], by: User | None) -> None:
    """Give back what waiting kits hold of one part without the others, so that they are served whole."""
    demands = lock(Demand.objects.filter(pk__in=keys))
    if any(group.is_uneven for group in _groups(demands)):
        holds = lock_holds(Demand.objects.filter(pk__in=keys), skus={demand.sku_id for demand in demands})
        announce_freed(level(holds), by=by)


def lock_change(document: str, skus: Iterable[SKU]) -> None:
    """Lock, in one pass, what an amendment may touch that frees stock of a document and promises more of these SKUs."""
    skus = list(skus)
    kits = catalog.components(skus)
    parts = {part.component_id for found in kits.values() for part in found} | {sku.pk for sku in skus}
    lock_holds(Demand.objects.filter(document=document), skus=parts)


def _serve_group(group: Group, stock: dict[tuple[int, int], Stock], by: User | None) -> bool:
    want = group.want
    if want.quantity <= 0:
        return False
    company, skus = group.demands[0].company_id, {part.sku for part in want.parts}
    relevant = {key: row for key, row in stock.items() if key[0] in skus and row.warehouse.company_id == company}
    shelf_life.ask(relevant.values(), group.min_life_days)
    plan = planner.plan([want], routes.sources(relevant, group.destination.place, group.weight_g))
    hold_plan(plan.allocations, {want.key: group}, stock, by=by)
    return bool(plan.allocations)


def reallocate(
    reservation: Reservation, *, missing: int, is_damaged: bool = False, reference: str = "", by: User | None = None,
) -> Reservation:
    """Handle a short pick: what is missing goes to the place *missing* or *damaged*, and is held elsewhere if possible.

    Returns the part of the reservation that found nothing in its bin: pinned to another bin of the warehouse, or
    freed, of kits with their other parts. Demand that finds no stock waits.
    """
    with atomic():
        holds = lock_holders([reservation.sku_id], reservation.warehouse)
        row = next((row for row in holds.rows if row.pk == reservation.pk), None)
        if row is None:
            raise WrongState(_("%(row)s is not to be picked any more. Reload to see what changed.")
                             % {"row": reservation})
        reservations.require_pinned(row)
        if not 0 < missing <= row.quantity:
            raise Refused(_("%(missing)s cannot be missing of %(quantity)s × %(sku)s.")
                          % {"missing": missing, "quantity": row.quantity, "sku": row.sku})
        gap = row if missing == row.quantity else reservations.split(row, missing)
        assert gap.bin is not None
        kind, why = ((Bin.Kind.DAMAGED, Move.Reason.DAMAGE) if is_damaged else (Bin.Kind.MISSING, Move.Reason.MISSING))
        lost = ledger.Transport(gap.sku, gap.bin, catalog.place(gap.warehouse, kind), missing, gap.lot)
        displacing.move_out([lost], reason=why, reference=reference, by=by, first=gap)
        return Reservation.objects.get(pk=gap.pk)
