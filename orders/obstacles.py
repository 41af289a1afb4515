"""Open orders that rely on master data of the inventory."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import SKU, KitComponent, Move, Reservation, Warehouse
from oms.core.guarding import stands_in_the_way, warns
from oms.core.models import Company
from orders import registrations
from orders.models import Customer, Order, OrderLine, PriceList

MOST_NAMED = 5


@stands_in_the_way(SKU, "is_kit", "base_unit")
def open_orders_of_sku(sku: SKU) -> Iterator[str]:
    """Confirmed orders promise it, or its components, as it is."""
    yield from _open_orders(sku)


@stands_in_the_way(KitComponent, "kit", "component", "quantity")
def open_orders_of_kit(part: KitComponent) -> Iterator[str]:
    """Confirmed orders hold the components that the kit had."""
    yield from _open_orders(part.kit_id)


def _open_orders(sku: Any) -> Iterator[str]:
    lines = OrderLine.objects.filter(
        sku=sku, order__status=Order.Status.CONFIRMED, quantity__gt=F("canceled") + F("shipped")
    )
    numbers = list(
        dict.fromkeys(lines.order_by("order").values_list("order__number", flat=True)[:MOST_NAMED])
    )
    if numbers:
        count = lines.count()
        yield ngettext(
            "%(count)s open order line needs it as it is (%(orders)s)",
            "%(count)s open order lines need it as it is (%(orders)s)",
            count,
        ) % {"count": count, "orders": ", ".join(numbers)}


@stands_in_the_way(Warehouse, "kind")
def reserved_in_warehouse(warehouse: Warehouse) -> Iterator[str]:
    """What is held there is picked and sent as its kind of warehouse does it."""
    yield from _reserved(warehouse, Order.objects.all())


@stands_in_the_way(Warehouse, "is_active")
def reserved_where_nothing_reroutes(warehouse: Warehouse) -> Iterator[str]:
    """What is held there stays there, unless its channel re-routes orders by itself."""
    yield from _reserved(warehouse, Order.objects.filter(channel__reroutes=False))


@warns(Warehouse)
def without_vat_number(warehouse: Warehouse) -> Iterator[str]:
    """Goods aren't sold from a country where the company has no VAT number."""
    for country in registrations.unregistered(warehouse.company, [warehouse]).values():
        yield _(
            "%(company)s has no VAT number of %(country)s, so nothing is sold from here. Enter it on the company's "
            "page."
        ) % {"company": warehouse.company, "country": country}


@stands_in_the_way(Customer, "currency")
def open_orders_of_customer(customer: Customer) -> Iterator[str]:
    """Their amounts are in the currency that the customer had, and are summed with those of the customer."""
    orders = customer.orders.exclude(status__in=[Order.Status.COMPLETED, Order.Status.CANCELED])
    yield from open_ones(_("open orders are in it (%(names)s)"), orders)


def open_ones(phrase: str, rows: Any) -> Iterator[str]:
    """A phrase with the numbers of open documents, if there are any."""
    numbers = [
        number or "-"
        for number in rows.order_by("pk").values_list("number", flat=True)[: MOST_NAMED + 1]
    ]
    if numbers:
        yield phrase % {
            "names": ", ".join(numbers[:MOST_NAMED]) + (" …" if len(numbers) > MOST_NAMED else "")
        }


@stands_in_the_way(PriceList, "currency")
def prices_of_list(prices: PriceList) -> Iterator[str]:
    """Its prices are amounts of the currency that it has."""
    count = prices.prices.count()
    if count:
        yield ngettext(
            "%(count)s price is in it; create another list for the other currency",
            "%(count)s prices are in it; create another list for the other currency",
            count,
        ) % {"count": count}


@stands_in_the_way(Company, "currency")
def books_of_company(company: Company) -> Iterator[str]:
    """Documents keep their rate against it, and stock its value in it."""
    if (
        Order.objects.filter(company=company).exists()
        or Move.objects.filter(
            Q(source__warehouse__company=company) | Q(target__warehouse__company=company)
        ).exists()
    ):
        yield _("the books of %(company)s are kept in it; create another company instead") % {
            "company": company
        }


def _reserved(warehouse: Warehouse, orders: Any) -> Iterator[str]:
    state = Reservation.State
    rows = Reservation.objects.filter(
        warehouse=warehouse,
        state__in=[state.RESERVED, state.ALLOCATED, state.PICKED],
        demand__document__in=orders.values("number"),
    )
    total = rows.aggregate(total=Sum("quantity"))["total"]
    if total:
        numbers = list(
            dict.fromkeys(rows.order_by("demand").values_list("demand__document", flat=True))
        )
        yield ngettext(
            "%(count)s is held for %(orders)s; ship, re-route or cancel it first",
            "%(count)s are held for %(orders)s; ship, re-route or cancel them first",
            total,
        ) % {
            "count": total,
            "orders": ", ".join(numbers[:MOST_NAMED]) + (" …" if len(numbers) > MOST_NAMED else ""),
        }
