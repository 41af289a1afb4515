"""A third party: takes shipments on, sends them whole or in part, and answers whether it can still cancel."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from fulfillment import answers, cancellations, partners, shipments
from fulfillment.models import Shipment
from fulfillment.partners import SentRow
from tests.properties.business.world import PARTNER, World, there_is, which


class Partnering(World):
    """What the third party does and says."""

    def theirs(self):
        return Shipment.objects.filter(status="open", warehouse__code=PARTNER)

    @there_is("shipment.open")
    @rule(index=which)
    def they_take_it_on(self, index):
        if shipment := self.pick_from(self.theirs().filter(external_id=""), index):
            self.attempt(shipments.hand_over, shipment, external_id=f"X-{shipment.pk}")

    @there_is("shipment.open")
    @rule(index=which, number=which, reserved_back=st.integers(0, 2), packages=st.integers(1, 2))
    def they_send(self, index, number, reserved_back, packages):
        """All of it but for some units of a line, in one or two packages."""
        if not (shipment := self.pick_from(self.theirs(), index)):
            return
        rows = partners.everything(shipment).lines
        kept = number % len(rows) if rows else 0
        sent = [
            SentRow(
                row.line,
                max(0, row.quantity - (reserved_back if place == kept else 0)),
                1 + place % packages,
            )
            for place, row in enumerate(rows)
        ]
        self.send(partners.record_outside, shipment, lines=[row for row in sent if row.quantity])

    @there_is("shipment.open")
    @rule(index=which, agrees=st.booleans())
    def they_answer(self, index, agrees):
        if shipment := self.pick_from(self.theirs().filter(cancellations__state="asked"), index):
            self.attempt(
                answers.agree_to_cancel if agrees else answers.decline_to_cancel,
                shipment,
                answer="noted",
            )

    def finish_theirs(self):
        for shipment in self.theirs().order_by("pk"):
            if cancellations.asked_of(shipment):
                self.attempt(answers.decline_to_cancel, shipment, answer="it is gone")
            self.send(partners.record_outside, shipment)
