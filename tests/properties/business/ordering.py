"""Orders: entered, confirmed, amended up, down, by price and by lines, canceled in part and whole."""

from datetime import timedelta
from decimal import Decimal as D

from hypothesis import strategies as st
from hypothesis.stateful import rule

from fulfillment import redirecting
from oms.core import outbox
from orders import amending, holds, lifecycle, order_entry, screening
from orders.amending import LineChange
from orders.models import Order
from orders.order_entry import Charge
from tests import builders as make
from tests.builders.orders import line
from tests.properties.business.world import ORDERED, World, few, there_is, which

prices = st.sampled_from([None, D("2.5")])
days = st.sampled_from([None, None, 3, 40])


def in_days(number):
    return None if number is None else make.company().today() + timedelta(days=number)


class Ordering(World):
    """What customers and the people who talk to them do."""

    @rule(
        code=st.sampled_from(ORDERED),
        quantity=few,
        other=st.sampled_from(ORDERED),
        channel=st.sampled_from(["reps", "waits", "strict", "nord"]),
        days=days,
        at_once=st.booleans(),
        allowance=st.sampled_from([None, None, "-4", "-9"]),
    )
    def enter(self, code, quantity, other, channel, days, at_once, allowance):
        lines = [line(code, quantity), line(other, 1)]
        charges = [Charge("allowance", "Allowance", D(allowance))] if allowance else []
        entry = order_entry.Entry(
            make.channel(channel),
            make.customer(),
            lines,
            charges=charges,
            requested_on=in_days(days),
        )
        if order := self.attempt(
            order_entry.enter, entry
        ):  # unless the allowance is more than the goods
            self.attempt(lifecycle.confirm, order)
        if at_once:
            outbox.drain()

    @there_is("order.placed", "order.confirmed")
    @rule(index=which)
    def cancel(self, index):
        self.attempt(
            lifecycle.cancel,
            self.pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index),
        )

    def a_line(self, index, number):
        """A line of a confirmed order, none where nothing is left of it."""
        order = self.pick_from(Order.objects.filter(status="confirmed"), index)
        return order, self.pick_from(order.lines.all(), number)

    @there_is("order.confirmed")
    @rule(index=which, number=which, quantity=st.integers(1, 2))
    def cancel_units(self, index, number, quantity):
        order, row = self.a_line(index, number)
        self.attempt(lifecycle.cancel_lines, order, {row.pk: quantity})

    @there_is("order.confirmed")
    @rule(index=which, number=which, quantity=st.one_of(st.none(), st.integers(0, 6)), price=prices)
    def amend(self, index, number, quantity, price):
        order, row = self.a_line(index, number)
        self.attempt(amending.amend, order, [LineChange(row, quantity, price)])

    @there_is("order.confirmed")
    @rule(index=which, up=which, down=which, code=st.sampled_from(ORDERED))
    def amend_crosswise(self, index, up, down, code):
        """One line up, another down, and a new one, in one amendment."""
        order, more = self.a_line(index, up)
        less = self.pick_from(order.lines.exclude(pk=more.pk), down)
        changes = [LineChange(more, more.quantity - more.canceled + 2)]
        changes += [LineChange(less, max(0, less.quantity - less.canceled - 1))] if less else []
        self.attempt(amending.amend, order, changes, [line(code, 1)])

    @there_is("order.placed", "order.confirmed")
    @rule(index=which)
    def put_on_hold(self, index):
        order = self.pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index)
        self.attempt(screening.hold, order, reason="the customer calls back")

    @rule(index=which)
    def lift_hold(self, index):
        if order := self.pick_from(
            Order.objects.filter(holds__released_at=None, holds__isnull=False), index
        ):
            self.attempt(screening.release_hold, order)

    @there_is("order.placed", "order.confirmed")
    @rule(index=which, only_complete=st.booleans())
    def ship_complete(self, index, only_complete):
        order = self.pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index)
        self.attempt(holds.ship_complete, order, only_complete=only_complete)

    @there_is("order.placed", "order.confirmed")
    @rule(index=which, days=days)
    def reschedule(self, index, days):
        """Sooner, or so late that nothing is held yet."""
        order = self.pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index)
        self.attempt(lifecycle.reschedule, order, requested_on=in_days(days))

    @there_is("order.placed", "order.confirmed")
    @rule(index=which, postal_code=st.sampled_from(["N1 9GU", "M3 3EB", "G1 1XQ"]))
    def change_address(self, index, postal_code):
        order = self.pick_from(Order.objects.filter(status__in=["placed", "confirmed"]), index)
        self.attempt(
            redirecting.change_address, order, name="Depot", postal_code=postal_code, country="GB"
        )
