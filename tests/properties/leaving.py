"""Goods that leave, by rows alone: what follows for the money is all that these tests ask."""

from inventory.models import Demand, Reservation
from orders import fulfillment_progress
from tests import builders as make
from tests.builders.stock import storage


def leave(order, units):
    """Let so many units of each line leave, as far as they are open; the stock and the order say the same."""
    for line in order.lines.all():
        part = min(units, line.open_quantity)
        if part > 0:
            demand = Demand.objects.get(document=order.number, line=line.pk)
            place = make.warehouse()
            Reservation.objects.create(
                demand=demand,
                sku=line.sku,
                warehouse=place,
                quantity=part,
                state="shipped",
                bin=storage(place),
            )
            Demand.objects.filter(pk=demand.pk).update(shipped=demand.shipped + part)
    fulfillment_progress.follow(make.fresh(order))
    return make.fresh(order)
