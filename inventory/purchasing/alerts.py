"""Telling that stock runs low or out: when it happens, once until it recovers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from inventory.models import Demand, Move, Stock, Warehouse
from inventory.models.stock import StockQuerySet
from inventory.purchasing.models import ReorderRule
from oms.core import bulk_sql, event_access, events, policy
from oms.core.locking import atomic, lock
from oms.core.models import Company, Topic, User
from oms.messaging import notifications

MOST_NAMED = 10
OK, LOW, OUT = Stock.Level
TOPICS = {LOW: Topic.LOW_STOCK, OUT: Topic.OUT_OF_STOCK}
EVENTS = {LOW: "stock.low", OUT: "stock.out"}


def _visible(user: User, company: Company | None) -> Q:
    """Whoever may see stock alerts, of the warehouses that they see."""
    if not policy.may(user, "see_alerts", Stock):
        return Q(pk__in=[])
    places = policy.scope(Warehouse, user)
    places = places.filter(company=company) if company else places
    return Q(data__warehouse__in=list(places.values_list("code", flat=True)))


event_access.register("sku", _visible)


def watch(skus: Iterable[int]) -> list[Stock]:
    """Tell which of these SKUs ran low or out since it was last looked at; return those rows. Safe to repeat."""
    return _watch(Stock.objects.filter(sku__in=list(skus)))


def watch_all() -> list[Stock]:
    """Look at all stock: also at what a new reorder rule calls low."""
    return _watch(Stock.objects.all())


def watch_document(document: str) -> list[Stock]:
    """Look at the SKUs that a document wants."""
    return watch(Demand.objects.filter(document=document).values_list("sku_id", flat=True))


def _watch(rows: StockQuerySet) -> list[Stock]:
    with atomic():
        changed = list(_levelled(rows).values_list("pk", flat=True))
        if not changed:
            return []
        locked = lock(Stock.objects.filter(pk__in=changed))
        fresh = list(
            _levelled(Stock.objects.filter(pk__in=[row.pk for row in locked]))
            .select_related("sku", "warehouse")
            .order_by("warehouse__code", "sku__code")
        )
        worse = [row for row in fresh if _rank(row.now) > _rank(row.told)]  # type: ignore[attr-defined]
        bulk_sql.write(Stock, {row.pk: {"told": row.now} for row in fresh})  # type: ignore[attr-defined]
        for row in worse:
            _record(row)
        _tell(worse)
    return worse


def _rank(level: str) -> int:
    return list(Stock.Level.values).index(level)


def _levelled(rows: StockQuerySet) -> StockQuerySet:
    """The rows of open warehouses that are not told as they are now (`now`).

    What waiting demand takes as soon as it is there is not left for anybody: it does not count as recovered. Without
    a reorder rule only what could once be sold is out.
    """
    waiting = (
        Demand.objects.waiting()
        .filter(sku=OuterRef("sku"), company=OuterRef("warehouse__company"))
        .values("sku")
    )
    rule = ReorderRule.objects.filter(sku=OuterRef("sku"), warehouse=OuterRef("warehouse"))
    had = Move.objects.filter(
        sku=OuterRef("sku"), target__warehouse=OuterRef("warehouse"), target__is_sellable=True
    )
    left = F("free") - Coalesce(
        Subquery(
            waiting.annotate(total=Sum("unreserved")).values("total"), output_field=IntegerField()
        ),
        0,
    )
    now = Case(
        When(Q(left__lte=0) & (Q(point__isnull=False) | Exists(had)), then=Value(OUT.value)),
        When(left__lte=F("point"), then=Value(LOW.value)),
        default=Value(OK.value),
    )
    return (
        rows.filter(warehouse__is_active=True)
        .with_free()
        .annotate(left=left, point=Subquery(rule.values("point")[:1]))
        .annotate(now=now)
        .exclude(told=F("now"))
    )


def _record(row: Stock) -> None:
    level = Stock.Level(row.now)  # type: ignore[attr-defined]
    events.record(
        EVENTS[level],
        subject_type="sku",
        subject_number=row.sku.code,
        warehouse=row.warehouse.code,
        available=row.available,
        point=row.point,  # type: ignore[attr-defined]
    )


def _tell(rows: Sequence[Stock]) -> None:
    """One notice per warehouse and level."""
    codes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        codes[row.warehouse.code, row.now].append(row.sku.code)  # type: ignore[attr-defined]
    for (warehouse, level), named in codes.items():
        topic = TOPICS[Stock.Level(level)]
        notifications.tell(
            topic,
            partial(_text, topic, warehouse, named),
            warehouse=warehouse,
            subject_type="warehouse",
            subject_number=warehouse,
        )


def _text(topic: Topic, warehouse: str, named: Sequence[str]) -> str:
    more = (
        _(" and %(codes)s more") % {"codes": len(named) - MOST_NAMED}
        if len(named) > MOST_NAMED
        else ""
    )
    text = (
        _("Low stock in %(warehouse)s: %(codes)s%(more)s.")
        if topic == Topic.LOW_STOCK
        else _("Out of stock in %(warehouse)s: %(codes)s%(more)s.")
    )
    return text % {"warehouse": warehouse, "codes": ", ".join(named[:MOST_NAMED]), "more": more}
