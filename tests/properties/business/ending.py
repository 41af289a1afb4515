"""The way on: from wherever a sequence ended, everything can be brought to its end by ordinary work."""

from django.db.models import Sum

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.models import Shipment, Wave
from inventory import counting
from inventory.models import Count, Demand, Reservation, Transfer
from oms.core import outbox
from oms.core.models import Delivery
from orders import lifecycle, screening
from orders.models import Order
from returns import requests
from returns.models import ReturnRequest, Unexpected
from tests import builders as make
from tests.builders.stock import storage
from tests.properties.business.floor import Floor
from tests.properties.business.partnering import Partnering
from tests.properties.business.returning import Returning
from tests.properties.business.stocking import Stocking, as_booked

ROUNDS = 4
Decision = Unexpected.Decision


class Ending(Floor, Partnering, Stocking, Returning):
    """Goods come for whoever waits, and everybody finishes what is begun."""

    def finish(self):
        """Work until nothing is left to do; return what is left after that."""
        for order in (
            Order.objects.filter(holds__released_at=None, holds__isnull=False)
            .distinct()
            .order_by("pk")
        ):
            screening.release_hold(order)
        for order in Order.objects.filter(status="placed").order_by("pk"):
            self.attempt(lifecycle.confirm, order)
        for order in Order.objects.filter(status="confirmed", requested_on__isnull=False).order_by(
            "pk"
        ):
            lifecycle.reschedule(order)
        for _ in range(ROUNDS):
            outbox.drain()
            self._goods_come_for_who_waits()
            self._finish_returns()
            self._finish_supply()
            self._finish_picks()
            self.finish_theirs()
            outbox.drain()
            if not (left := list(left_over())):
                break
        return left

    def _goods_come_for_who_waits(self):
        """In each company's own warehouse: nobody is served from another company's."""
        waiting = Demand.objects.filter(unreserved__gt=0).order_by("sku", "company")
        for code, company, quantity in list(
            waiting.values_list("sku__code", "company__code").annotate(Sum("unreserved"))
        ):
            self.come(code, "GLA" if company == "nord" else "LON", quantity)
        outbox.drain()

    def _finish_returns(self):
        for request in ReturnRequest.objects.exclude(
            status__in=["rejected", "canceled", "settled"]
        ).order_by("pk"):
            if request.status == "requested":
                request = requests.approve(request)
            if request.status == "approved":
                self.take_back(request)
            if make.fresh(request).status == "received":
                self.decide_all(make.fresh(request), Decision.KEEP)
                self.look_at(make.fresh(request))
        outbox.drain()

    def _finish_supply(self):
        for transfer in Transfer.objects.filter(status="sent").order_by("pk"):
            self.take_in(transfer)
        for sheet in Count.objects.exclude(status__in=["reconciled", "canceled"]).order_by("pk"):
            if sheet.status == "planned":
                counting.key(sheet, as_booked(sheet))
            self.attempt(counting.reconcile, make.fresh(sheet)) or counting.cancel(
                make.fresh(sheet)
            )
        outbox.drain()

    def _finish_picks(self):
        for wave in Wave.objects.filter(status="draft").order_by("pk"):
            self.attempt(waves.release, wave)
        for shipment in self._live("open"):
            if shipment.wave_id is None:
                self.attempt(waves.start_picking, shipment)
        for shipment in self._live("packed"):
            if shipment.lines.exclude(reservation__put_back_reason="").exists():
                self.attempt(labels.void, shipment)
                packing.unpack(make.fresh(shipment))
        for shipment in self._live("picking"):
            self._pick_and_pack(shipment)
        self._send_all_out()

    def _live(self, status):
        return list(Shipment.objects.filter(status=status).order_by("pk"))

    def _pick_and_pack(self, shipment):
        for row in picking.lines_to_put_back(shipment):
            picking.put_back(row, storage(shipment.warehouse))
        shipment = make.fresh(shipment)
        if shipment.lines.filter(reservation__state="allocated").exists():
            self._pick(shipment)
        self.attempt(packing.pack, make.fresh(shipment))

    def _pick(self, shipment):
        """All of it, or line by line where a lot has expired in its bin; that one is reported short."""
        if self.attempt(picking.pick_all, shipment):
            return
        for row in shipment.lines.filter(reservation__state="allocated").order_by("pk"):
            if not self.attempt(picking.pick, row):
                self.attempt(picking.report_short, row, 0)

    def _send_all_out(self):
        packed = self._live("packed")
        for shipment in packed:
            self.attempt(labels.buy, shipment)
        outbox.drain()
        for shipment in packed:
            if not self.send(shipping.ship, make.fresh(shipment)):
                self._start_again(shipment)
        outbox.drain()

    def _start_again(self, shipment):
        """What may not leave as it is packed goes back into its bins."""
        self.attempt(labels.void, make.fresh(shipment))
        packing.unpack(make.fresh(shipment))
        for row in shipment.lines.filter(reservation__state="picked").order_by("pk"):
            picking.put_back(row, storage(shipment.warehouse))


def left_over():
    """What nobody can bring to an end."""
    for delivery in Delivery.objects.exclude(error="").select_related("event"):
        yield f"{delivery.handler} of {delivery.event} fails: {delivery.error}"
    for order in Order.objects.filter(status="confirmed"):
        yield f"order {order} is confirmed: {order.units} − {order.canceled}, shipped {order.shipped}"
    for shipment in Shipment.objects.filter(status__in=["open", "picking", "packed"]):
        yield f"shipment {shipment} is {shipment.status}: {[str(row) for row in shipment.lines.all()]}"
    for wave in Wave.objects.exclude(status__in=["closed", "canceled"]):
        yield f"wave {wave} is {wave.status}"
    for row in Reservation.objects.filter(state__in=["reserved", "allocated", "picked"]):
        yield f"reservation {row} of {row.demand.document}"
    for row in Demand.objects.filter(unreserved__gt=0):
        yield f"demand {row} waits for {row.unreserved}"
    for request in ReturnRequest.objects.exclude(status__in=["rejected", "canceled", "settled"]):
        yield f"return {request} is {request.status}"
    for sheet in Count.objects.exclude(status__in=["reconciled", "canceled"]):
        yield f"count {sheet} is {sheet.status}"
    for transfer in Transfer.objects.filter(status="sent"):
        yield f"transfer {transfer} is {transfer.status}"
