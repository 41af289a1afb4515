"""A small business on which any sequence of operations is tried."""

from collections import Counter

from hypothesis.stateful import invariant, rule

from inventory.models import Stock
from oms.core import outbox
from oms.insights import verification
from tests import kept_plans
from tests.properties.business.ending import Ending
from tests.properties.business.money import Money
from tests.properties.business.ordering import Ordering


class Business(Ending, Ordering, Money):
    """Goods in the house are counted by the model; everything else is what verify asks, and that all can end."""

    @rule()
    def drain(self):
        outbox.drain()

    @invariant()
    def goods_in_the_house_are_as_many_as_the_model_says(self):
        booked = Counter()
        for row in Stock.objects.select_related("sku"):
            booked[row.sku.code] += row.on_hand
        assert +booked == +self.in_house

    def teardown(self):
        try:
            outbox.drain()
            before = problems()
            left = [] if before else self.finish()
            after = [] if before or left else problems()
        finally:
            self.close()
        for when, wrong in (
            ("before the ending", before),
            ("nobody can end", left),
            ("after the ending", after),
        ):
            assert not wrong, "\n".join([when, *wrong])


def problems():
    """What verify finds, and events that could not be delivered."""
    wrong = [str(breach) for breach in verification.breaches(files=False, ask=kept_plans.rows_of)]
    return wrong + [delivery.error for delivery in outbox.parked()]
