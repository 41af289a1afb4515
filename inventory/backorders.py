"""Serving the demand that waits, by priority, then age, when more stock comes or its day comes near."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from django.db.models import F

from inventory import routes, sharing, shelf_life
from inventory.giving_back import announce_unreserved, level
from inventory.holds import lock_holds
from inventory.models import Demand, Stock, Warehouse
from inventory.planners import sourcing as planner
from inventory.planners.sourcing import Want
from inventory.sharing import Shares
from inventory.sourcing import lock_candidates, reserve_plan
from inventory.waiting import Group, groups_of
from oms.core.locking import atomic, lock
from oms.core.models import User

Short = tuple[Group, Want]  # a line, and what of it is still to be served


def serve(skus: Iterable[int], *, by: User | None = None) -> list[str]:
    """Reserve what there is now for demand that waits for these SKUs, by priority, then age.

    What is its company's own goes first. Returns the numbers of the documents that got something; nothing waiting is
    success.
    """
    with atomic():
        waiting = Demand.objects.waiting().filter(sku__in=list(skus))
        lines = set(waiting.values_list("document", "line"))
        if not lines:
            return []
        keys = list(
            Demand.objects.due()
            .filter(
                document__in={document for document, _ in lines},
                line__in={line for _, line in lines},
            )
            .values_list("pk", flat=True)
        )
        _level(keys, by)
        rows = lock(Demand.objects.filter(pk__in=keys).select_related("sku"))
        demands = sorted(rows, key=lambda row: (row.priority, row.pk))
        stock, shares = lock_candidates(
            {demand.sku_id for demand in demands}, {demand.company_id for demand in demands}
        )
        short = [(group, group.want) for group in groups_of(demands) if group.want.quantity > 0]
        return [*_serve_own(short, stock, by), *_serve_shared(short, stock, shares, by)]


def serve_due() -> list[str]:
    """Reserve what was wanted for later, once its day comes near; it goes before younger demand like any other."""
    near = Demand.objects.waiting().filter(reserve_from__isnull=False)
    return serve(list(near.values_list("sku", flat=True).distinct()))


def serve_from(warehouse_code: str, *, by: User | None = None) -> list[str]:
    """Reserve what an active warehouse has free for waiting demand: its company's, and those it is shared with."""
    company = Warehouse.objects.values_list("company", flat=True).get(code=warehouse_code)
    free = Stock.objects.promised_by(company).filter(
        warehouse__code=warehouse_code, sellable__gt=F("reserved")
    )
    companies = [company, *sharing.sellers_of(company)]
    waiting = Demand.objects.waiting().filter(company__in=companies, sku__in=free.values("sku"))
    return serve(list(waiting.values_list("sku", flat=True).distinct()), by=by)


def _level(keys: Sequence[int], by: User | None) -> None:
    """Give back what waiting kits hold of one part without the others, so that they are served whole."""
    demands = lock(Demand.objects.filter(pk__in=keys))
    if any(group.is_uneven for group in groups_of(demands)):
        holds = lock_holds(
            Demand.objects.filter(pk__in=keys), skus={demand.sku_id for demand in demands}
        )
        announce_unreserved(level(holds), by=by)


def _serve_own(
    short: list[Short], stock: dict[tuple[int, int], Stock], by: User | None
) -> list[str]:
    """Serve lines from the stock of their own companies; what is left to serve stays in the list."""

    def own(row: Stock, company: int) -> bool:
        return row.warehouse.company_id == company

    return _serve(short, stock, own, Shares(), by)


def _serve_shared(
    short: list[Short], stock: dict[tuple[int, int], Stock], shares: Shares, by: User | None
) -> list[str]:
    """Serve what is left of lines from the stock that other companies share."""

    def shared(row: Stock, company: int) -> bool:
        return shares.may_take(company, row)

    return _serve(short, stock, shared, shares, by) if shares.keys else []


def _serve(
    short: list[Short],
    stock: dict[tuple[int, int], Stock],
    may_take: Callable[[Stock, int], bool],
    shares: Shares,
    by: User | None,
) -> list[str]:
    documents, left = [], []
    for group, want in short:
        company, skus = group.demands[0].company_id, {part.sku for part in want.parts}
        relevant = {
            key: row for key, row in stock.items() if key[0] in skus and may_take(row, company)
        }
        shelf_life.ask(relevant.values(), group.min_life_days)
        plan = planner.plan(
            [want], routes.sources(relevant, group.destination.place, group.weight_g)
        )
        reserve_plan(plan.assignments, {want.key: group}, stock, shares, by=by)
        documents += [group.demands[0].document] if plan.assignments else []
        left += [(group, replace(want, quantity=plan.short[want.key]))] if plan.short else []
    short[:] = left
    return documents
