"""Where an order's goods should leave from, as long as nothing is promised."""

from collections.abc import Sequence

from inventory import expecting
from inventory.models import Warehouse
from inventory.sourcing import Wanted
from orders import registrations
from orders.models import Order, OrderLine
from orders.planners import places


def code_of(warehouse: Warehouse) -> str:
    """The place of a warehouse, by which what leaves it is taxed."""
    return places.place(warehouse.country, warehouse.postal_code).code


def expected(order: Order, lines: Sequence[OrderLine]) -> str:
    """The code of the place that an order's goods should leave from.

    It is the company's address, unless the company has VAT numbers of other countries: then that of the warehouse that
    sourcing would take now, among those of countries where the company is registered.
    """
    company = order.company
    home = registrations.home_of(company).code
    if not company.other_vat_numbers:
        return home
    known = [
        row
        for row in Warehouse.objects.active().filter(company=company)
        if registrations.is_registered(company, places.place(row.country).country)
    ]
    codes = {code_of(row) for row in known}
    if len(codes) < 2:
        return codes.pop() if codes else home
    wanted = [Wanted(number, line.sku, line.quantity) for number, line in enumerate(lines)]
    return code_of(expecting.best_warehouse(company, wanted, order.destination, known))
