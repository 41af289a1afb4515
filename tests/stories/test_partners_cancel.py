"""Canceling what a third party or shop has taken on: they are asked, and their answer decides."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from fulfillment import answers, partners, rerouting, shipments, waves
from fulfillment.models import Cancellation, Shipment
from fulfillment.partners import SentRow
from inventory import adjusting
from inventory.models import Lot, Reservation
from inventory.tasks import quarantine_expired_lots
from oms.core import operations
from oms.core.errors import Refused, WrongState
from oms.core.models import Notice
from orders import amending, lifecycle
from orders.amending import LineChange
from orders.order_entry import Charge
from tests import builders as make
from tests.builders.stock import storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def taken(drain):
    """A shipment of 5 shirts and 2 caps that a third party has taken on."""
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 9})
    make.sku("CAP", stock={"3PL": 9})
    order = make.confirmed(("TEE-M", 5), ("CAP", 2))
    drain()
    return shipments.hand_over(make.shipment_of(order), external_id="X-77")


def of(shipment, code):
    return shipment.order.lines.get(sku__code=code)


def line(shipment, code, **conditions):
    return shipment.lines.get(
        reservation__sku__code=code,
        **{f"reservation__{name}": value for name, value in conditions.items()},
    )


def reserved(code):
    return make.stock_of(make.sku(code), "3PL")[2]


def asked():
    return [(row.state, row.units, row.answer) for row in Cancellation.objects.order_by("pk")]


def test_the_likeliest_step_of_a_partners_shipment_is_offered_first(taken, drain):
    def first(shipment):
        return operations.next_steps(make.fresh(shipment), make.user("tim", "manager"))[0].name

    waiting = make.confirmed(("CAP", 2))
    drain()
    assert (first(make.shipment_of(waiting)), first(taken)) == (
        "send_to_partner",
        "record_partner_shipment",
    )
    lifecycle.cancel(make.fresh(taken.order), reason="Ordered twice.")
    drain()
    assert first(taken) == "agree_to_cancel"


def test_a_whole_order_is_canceled_when_they_agree(taken, drain):
    somebody = make.user("rosa", "rep")
    team = make.user("tim", "manager")
    order = lifecycle.cancel(make.fresh(taken.order), reason="Ordered twice.", by=somebody)
    drain()

    assert "must agree" in order.news
    assert (make.fresh(order).status, make.fresh(order).canceled, reserved("TEE-M")) == (
        "confirmed",
        0,
        5,
    )
    row = Cancellation.objects.get()
    assert (row.state, row.units) == ("asked", "5 × TEE-M, 2 × CAP")
    assert (row.reason, row.asked_by) == ("Ordered twice.", somebody)
    assert (
        Notice.objects.filter(
            to=team, text__contains="Ask 3PL to cancel 5 × TEE-M, 2 × CAP of X-77"
        ).count()
        == 1
    )

    answers.agree_to_cancel(taken, answer="Stopped.", by=team)
    drain()
    assert (make.fresh(order).status, make.fresh(taken).status) == ("canceled", "canceled")
    assert (reserved("TEE-M"), reserved("CAP"), taken.lines.count()) == (0, 0, 0)
    assert asked() == [("agreed", "5 × TEE-M, 2 × CAP", "Stopped.")]


def test_one_line_is_canceled_when_they_agree_and_the_rest_goes_on(taken, drain):
    lifecycle.cancel_lines(taken.order, {of(taken, "CAP").pk: 2})
    drain()
    answers.agree_to_cancel(taken)
    drain()

    assert (make.fresh(taken).status, make.fresh(taken.order).canceled) == ("open", 2)
    assert (reserved("CAP"), reserved("TEE-M")) == (0, 5)
    partners.record_outside(taken)
    drain()
    assert make.fresh(taken.order).status == "completed"


@pytest.mark.parametrize("by_amending", [True, False])
def test_some_units_are_asked_and_the_others_stay(taken, drain, by_amending):
    tees = of(taken, "TEE-M")
    if by_amending:
        amending.amend(taken.order, [LineChange(tees, quantity=3)])
    else:
        lifecycle.cancel_lines(taken.order, {tees.pk: 2})
    drain()

    assert (asked(), make.fresh(tees).canceled, reserved("TEE-M")) == (
        [("asked", "2 × TEE-M", "")],
        0,
        5,
    )
    answers.agree_to_cancel(taken)
    drain()
    assert (make.fresh(tees).canceled, reserved("TEE-M"), make.fresh(taken).status) == (
        2,
        3,
        "open",
    )


def test_what_nobody_has_yet_is_canceled_first_and_only_the_rest_is_asked(drain):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 3})
    order = make.confirmed(("TEE-M", 5), backorder=True)
    drain()
    taken = shipments.hand_over(make.shipment_of(order), external_id="X-77")
    lifecycle.cancel(order)
    drain()

    assert (make.fresh(order).canceled, asked()) == (2, [("asked", "3 × TEE-M", "")])
    answers.decline_to_cancel(taken, answer="It left.")
    partners.record_outside(taken)
    drain()
    assert (make.fresh(order).status, make.fresh(order).shipped) == ("completed", 3)


def test_declined_goods_go_on_and_a_return_is_the_way_back(taken, drain):
    lifecycle.cancel(taken.order)
    drain()
    with pytest.raises(Refused, match="Enter what they answered"):
        answers.decline_to_cancel(taken, answer=" ")
    answers.decline_to_cancel(taken, answer="It left an hour ago.")
    drain()

    assert asked() == [("declined", "5 × TEE-M, 2 × CAP", "It left an hour ago.")]
    assert not Reservation.objects.exclude(put_back_reason="").exists()
    with pytest.raises(WrongState, match="isn't asked to cancel"):
        answers.agree_to_cancel(taken)
    partners.record_outside(taken)
    drain()
    order = make.fresh(taken.order)
    assert (order.status, order.shipped, order.canceled) == ("completed", 7, 0)
    with pytest.raises(WrongState, match="is “completed”"):
        lifecycle.cancel(order)


def test_after_a_decline_they_can_be_asked_again(taken, drain):
    for expected in ("declined", "agreed"):
        lifecycle.cancel_lines(taken.order, {of(taken, "CAP").pk: 1}, reason=expected)
        drain()
        if expected == "declined":
            answers.decline_to_cancel(taken, answer="No.")
        else:
            answers.agree_to_cancel(taken)
    drain()
    assert [(row.state, row.reason) for row in Cancellation.objects.order_by("pk")] == [
        ("declined", "declined"),
        ("agreed", "agreed"),
    ]
    assert make.fresh(of(taken, "CAP")).canceled == 1


def test_charges_stay_until_the_answer(drain):
    make.warehouse("3PL", kind="3pl")
    make.sku("TEE-M", stock={"3PL": 9})
    order = make.confirmed(("TEE-M", 5), charges=[Charge("freight", "Freight", Decimal(5))])
    taken = shipments.hand_over(make.shipment_of(order), external_id="X-77")
    lifecycle.cancel(order)
    drain()
    assert not order.charges.get().is_canceled
    answers.agree_to_cancel(taken)
    drain()
    assert order.charges.get().is_canceled


def test_shipped_meanwhile_counts_as_declined(taken, drain):
    lifecycle.cancel_lines(taken.order, {of(taken, "TEE-M").pk: 2})
    partners.record_outside(taken)  # even before anybody told them
    drain()

    assert asked() == [("declined", "2 × TEE-M", "They sent it.")]
    assert (make.fresh(taken.order).status, make.fresh(taken.order).shipped) == ("completed", 7)


def test_shipped_units_beyond_the_line_are_those_that_they_were_asked_to_cancel(taken, drain):
    whole = line(taken, "TEE-M")
    lifecycle.cancel_lines(taken.order, {of(taken, "TEE-M").pk: 2})
    partners.record_outside(
        taken, tracking_numbers="D-1", lines=[SentRow(whole, 4), SentRow(line(taken, "CAP"), 2)]
    )
    drain()

    assert asked() == [("declined", "1 × TEE-M", "They sent it."), ("asked", "1 × TEE-M", "")]
    assert make.fresh(taken.order).shipped == 6


def test_what_they_reserved_back_stays_asked_under_their_number(taken, drain):
    lifecycle.cancel_lines(taken.order, {of(taken, "TEE-M").pk: 2})
    drain()
    stopped = line(taken, "TEE-M", put_back_reason="asked")
    partners.record_outside(
        taken,
        lines=[
            SentRow(row, row.reservation.quantity) for row in taken.lines.exclude(pk=stopped.pk)
        ],
    )
    drain()

    rest = Shipment.objects.get(status="open")
    assert (rest.external_id, asked(), rest.cancellations.count()) == (
        "X-77",
        [("asked", "2 × TEE-M", "")],
        1,
    )
    answers.agree_to_cancel(rest)
    drain()
    assert (make.fresh(taken.order).status, make.fresh(rest).status, reserved("TEE-M")) == (
        "completed",
        "canceled",
        0,
    )


def test_what_they_sent_of_it_is_declined_and_the_others_stay_asked(taken, drain):
    lifecycle.cancel_lines(taken.order, {of(taken, "TEE-M").pk: 2})
    drain()
    stopped = line(taken, "TEE-M", put_back_reason="asked")
    partners.record_outside(
        taken,
        lines=[
            SentRow(row, 1 if row == stopped else row.reservation.quantity)
            for row in taken.lines.all()
        ],
    )
    drain()

    assert asked() == [("declined", "1 × TEE-M", "They sent it."), ("asked", "1 × TEE-M", "")]
    answers.agree_to_cancel(Shipment.objects.get(status="open"))
    drain()
    assert (make.fresh(taken.order).status, make.fresh(taken.order).canceled) == ("completed", 1)


def test_asking_twice_adds_to_the_open_question_and_never_asks_the_same_units_again(taken, drain):
    tees = of(taken, "TEE-M")
    lifecycle.cancel_lines(taken.order, {tees.pk: 2})
    drain()
    with pytest.raises(Refused, match=r"not 4\. A partner was asked already to cancel 2"):
        lifecycle.cancel_lines(taken.order, {tees.pk: 4})
    amending.amend(taken.order, [LineChange(tees, quantity=3)])  # as asked already
    drain()
    assert asked() == [("asked", "2 × TEE-M", "")]
    with pytest.raises(Refused, match="Record their answer"):
        amending.amend(taken.order, [LineChange(tees, quantity=4)])

    lifecycle.cancel(taken.order)
    drain()
    assert asked() == [("asked", "5 × TEE-M, 2 × CAP", "")]
    with pytest.raises(Refused, match="asked already to cancel what is left"):
        lifecycle.cancel(taken.order)
    answers.agree_to_cancel(taken)
    drain()
    assert make.fresh(taken.order).status == "canceled"


def test_kits_are_asked_and_canceled_whole(drain):
    make.warehouse("3PL", kind="3pl")
    for code in ("CUP", "POT"):
        make.sku(code, stock={"3PL": 9})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    taken = shipments.hand_over(make.shipment_of(make.confirmed(("SET", 3))), external_id="X-78")
    sets = taken.order.lines.get()
    lifecycle.cancel_lines(taken.order, {sets.pk: 1})
    drain()

    assert (asked(), reserved("CUP"), reserved("POT")) == ([("asked", "1 × SET", "")], 6, 3)
    answers.agree_to_cancel(taken)
    drain()
    assert (make.fresh(sets).canceled, reserved("CUP"), reserved("POT")) == (1, 4, 2)
    partners.record_outside(taken)
    drain()
    assert make.fresh(taken.order).status == "completed"


def test_a_kit_lost_before_the_answer_is_canceled_and_the_others_stay_asked(drain):
    make.warehouse("3PL", kind="3pl")
    cup, _pot = (make.sku(code, stock={"3PL": units}) for code, units in (("CUP", 6), ("POT", 3)))
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    taken = shipments.hand_over(make.shipment_of(make.confirmed(("SET", 3))), external_id="X-78")
    sets = taken.order.lines.get()
    lifecycle.cancel_lines(taken.order, {sets.pk: 2})
    drain()
    adjusting.adjust(cup, storage(make.warehouse("3PL")), -1, note="gone")
    drain()

    assert (make.fresh(sets).canceled, asked(), reserved("POT")) == (
        1,
        [("asked", "1 × SET", "")],
        2,
    )
    answers.agree_to_cancel(taken)
    drain()
    assert (make.fresh(sets).canceled, reserved("CUP"), reserved("POT")) == (2, 2, 1)


def test_all_that_was_asked_is_lost_before_the_answer(taken, drain):
    lifecycle.cancel(taken.order)
    drain()
    for code in ("TEE-M", "CAP"):
        adjusting.adjust(make.sku(code), storage(make.warehouse("3PL")), -9, note="gone")
        drain()

    assert (make.fresh(taken.order).status, make.fresh(taken).status) == ("canceled", "canceled")
    assert Cancellation.objects.get().state == "agreed"


def test_entrusted_goods_stay_with_the_partner(taken, drain):
    lifecycle.cancel_lines(taken.order, {of(taken, "CAP").pk: 1})
    drain()
    with pytest.raises(Refused, match="Record their answer first"):
        waves.start_picking(taken)
    assert make.fresh(taken).status == "open"


def test_a_new_price_takes_the_question_along(taken, drain):
    tees = of(taken, "TEE-M")
    lifecycle.cancel_lines(taken.order, {tees.pk: 2})
    drain()
    amending.amend(taken.order, [LineChange(tees, unit_price=1)])
    drain()
    assert asked() == [("asked", "2 × TEE-M", "")]
    answers.agree_to_cancel(taken)
    drain()
    assert (
        make.fresh(taken.order).units - make.fresh(taken.order).canceled,
        reserved("TEE-M"),
    ) == (5, 3)


def test_what_is_asked_is_neither_moved_nor_given_back_before_its_line_is_there(taken):
    make.sku("TEE-M", stock={"LON": 20})
    lifecycle.cancel_lines(taken.order, {of(taken, "TEE-M").pk: 2})

    assert rerouting.movable(taken.order) == []
    shipments.follow_date(taken.order)
    assert reserved("TEE-M") == 5


def test_programs_and_pages_see_the_question_and_give_the_answer(taken, drain, client):
    lifecycle.cancel_lines(taken.order, {of(taken, "CAP").pk: 2}, reason="Too late.")
    drain()
    person = make.user("mia", "manager")
    person.is_staff = True
    person.save()
    client.force_login(person)
    shown = client.get(
        reverse("admin:fulfillment_shipment_change", args=[taken.pk])
    ).content.decode()
    of_order = client.get(
        reverse("admin:orders_order_change", args=[taken.order.pk])
    ).content.decode()
    listed = client.get(
        reverse("admin:fulfillment_shipment_changelist") + "?cancellation=asked"
    ).content.decode()
    assert all("2 × CAP" in page and "Too late." in page for page in (shown, of_order))
    assert taken.number in listed
    assert (
        "2 × CAP"
        in client.get(reverse("admin:fulfillment_cancellation_changelist")).content.decode()
    )

    found = client.get(f"/api/v1/shipments/{taken.number}/").json()["cancellations"]
    assert [(row["state"], row["units"], row["reason"]) for row in found] == [
        ("asked", "2 × CAP", "Too late.")
    ]
    (row,) = client.get("/api/v1/shipments/?cancellation=asked").json()["results"]
    answer = client.post(
        f"/api/v1/shipments/{row['number']}/decline-to-cancel/",
        {"answer": "It left."},
        content_type="application/json",
    )
    drain()
    assert (answer.status_code, answer.json()["cancellations"][0]["state"]) == (200, "declined")
    url = reverse("admin:orders_order_operation", args=[taken.order.pk, "cancel"])
    page = client.post(
        url, {"version": make.fresh(taken.order).version, "reason": "Again."}, follow=True
    )
    assert "must agree" in page.content.decode()
    assert "Cancel order: " not in page.content.decode()


@pytest.mark.parametrize("how", ["lost", "expired"])
def test_what_they_have_taken_on_is_lost_after_what_nobody_has_begun_with(how, drain):
    """Although its order is the younger one."""
    make.warehouse("3PL", kind="3pl")
    tea = make.sku("TEA", tracking="lot")
    soon, later = (
        Lot.objects.create(
            sku=tea, code=code, expires_on=timezone.now().date() + timedelta(days=days)
        )
        for code, days in (("SOON", 1), ("LATER", 90))
    )
    for lot in (soon, later):
        make.put(tea, "3PL", 3, lot=lot)
    older, younger = make.confirmed(("TEA", 3)), make.confirmed(("TEA", 3))
    shipments.hand_over(make.shipment_of(younger), external_id="X-78")

    if how == "lost":
        adjusting.adjust(tea, storage(make.warehouse("3PL")), -3, lot=soon, note="broken")
    else:
        Lot.objects.filter(pk=soon.pk).update(expires_on=timezone.now().date() - timedelta(days=2))
        quarantine_expired_lots()
    drain()

    assert [make.fresh(order).reserved for order in (older, younger)] == [0, 3]
    partners.record_outside(make.shipment_of(younger))
    drain()
    assert make.fresh(younger).status == "completed"
