"""Who is overtaken by somebody who inserts or deletes the same hears of a Conflict; a fault stays a fault."""

import pytest
from django.db import IntegrityError

from oms.core import locking, operations
from oms.core.errors import Conflict
from oms.core.models import Event
from orders.models import Order
from tests import builders as make
from tests.core.test_run_again import aborted, placed
from tests.web.conftest import log_in as log_in

pytestmark = pytest.mark.django_db
DUPLICATE, GONE, FAULT = "23505", "23503", "23514"


@pytest.mark.parametrize("state, code", [(DUPLICATE, "duplicate"), (GONE, "gone")])
def test_an_operation_that_is_overtaken_is_a_conflict_and_nothing_is_done(state, code, verified):
    order, known = placed(), Event.objects.count()

    with aborted("inventory_reservation", state=state) as tries, pytest.raises(Conflict) as told:
        operations.of(Order)["confirm"].perform(order, by=make.user("mary", "manager"))

    assert (told.value.code, len(tries), make.fresh(order).status, Event.objects.count()) == (
        code,
        1,
        "placed",
        known,
    )


def test_a_broken_constraint_is_a_fault():
    with aborted("inventory_reservation", state=FAULT), pytest.raises(IntegrityError):
        operations.of(Order)["confirm"].perform(placed(), by=make.user("mary", "manager"))


def test_a_row_that_is_gone_is_a_conflict():
    order = placed()

    @locking.whole
    def look():
        return Order.objects.get(pk=order.pk + 1)

    with pytest.raises(Conflict) as told:
        look()

    assert told.value.code == "gone"


def test_the_page_says_so_instead_of_breaking(log_in):
    order, browser = placed(), log_in("manager")

    with aborted("inventory_reservation", state=GONE):
        page = browser.post(
            f"/admin/orders/order/{order.pk}/do/confirm/", {"version": order.version}
        )

    assert (
        page.status_code == 409
        and "Somebody deleted something that this needs" in page.content.decode()
    )
