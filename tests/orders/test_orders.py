from datetime import date
from decimal import Decimal as D

import pytest

from inventory.models import SKU, Demand, Reservation
from oms.core import locking
from oms.core.errors import NotEnough, Refused, WrongState
from oms.core.models import Event
from orders import amending, lifecycle, order_entry, pricing, screening
from orders.amending import LineChange
from orders.models import Channel, Customer, CustomerSKU, Discount, Order, OrderHold, Price
from orders.order_entry import Charge, Entry, Line
from tests import builders as make
from tests.builders.orders import line, only_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


def test_enter_prices_and_taxes_an_order():
    order = make.order(lines=[("TEE-M", 3)], charges=[Charge("freight", "Freight", D("5.00"))])

    assert (order.net, order.tax, order.gross) == (D("35.00"), D("7.00"), D("42.00"))
    assert only_line(order).price_source == "list wholesale"


def test_enter_without_price_names_the_sku_and_leaves_nothing():
    make.taxes()
    bare = make.sku("BARE")

    with pytest.raises(Refused, match="BARE has no GBP price"):
        order_entry.enter(order_entry.Entry(make.channel(), make.customer(), [Line(bare, 1)]))

    assert not Order.objects.exists()


def test_customers_price_and_discount_show_their_origin():
    tee = make.priced("TEE-M", "10")
    Price.objects.create(customer=make.customer(), sku=tee, unit_price=D("8"), minimum=5)
    Discount.objects.create(name="spring", percent=D(10))

    order = make.order(lines=[("TEE-M", 5)])

    assert only_line(order).price_source == "customer's price from 5, discount spring"
    assert order.net == D("36.00")


def test_order_discount_is_spread_over_the_lines_to_the_cent():
    order = make.order(lines=[("A", 1, "3.33"), ("B", 1, "3.33"), ("C", 1, "3.34")], discount="5")

    assert sum(line.net for line in order.lines.all()) == order.net == D("9.50")


def test_quote_keeps_its_prices_when_placed():
    make.taxes()
    order = order_entry.draft(Entry(make.channel(), make.customer(), [line("TEE-M", 2)]))
    order = order_entry.quote(order, valid_until=date(2999, 1, 1))
    Price.objects.update(unit_price=D("99"))

    order = order_entry.place(order)

    assert (order.status, order.net) == ("placed", D("20.00"))


def test_expired_quote_is_refused():
    make.taxes()
    order = order_entry.draft(Entry(make.channel(), make.customer(), [line("TEE-M", 2)]))
    order = order_entry.quote(order, valid_until=date(2999, 1, 1))
    Order.objects.update(valid_until=date(2020, 1, 1))

    with pytest.raises(Refused, match="expired on 2020-01-01"):
        order_entry.place(order)


def test_reprice_follows_the_list_until_frozen():
    make.taxes()
    order = order_entry.draft(Entry(make.channel(), make.customer(), [line("TEE-M", 2)]))
    Price.objects.update(unit_price=D("11"))

    assert pricing.reprice(order).net == D("22.00")

    with pytest.raises(WrongState):
        pricing.reprice(order_entry.place(make.fresh(order)))


def test_confirm_promises_the_stock(drain):
    tee = make.sku("TEE-M", stock={"LON": 5})

    order = make.confirmed(("TEE-M", 3))

    assert (order.status, order.reserved, make.stock_of(tee)) == ("confirmed", 3, (5, 5, 3))


def test_confirm_refuses_what_is_short_by_sku_and_holds_nothing():
    make.sku("TEE-M", stock={"LON": 5})
    make.sku("CAP", stock={"LON": 5})
    order = make.order(lines=[("TEE-M", 3), ("CAP", 4), ("CAP", 3)])

    with pytest.raises(NotEnough) as refused:
        lifecycle.confirm(order)

    assert refused.value.shortfall == {"CAP": 2}
    assert (make.fresh(order).status, Reservation.objects.count()) == ("placed", 0)


def test_backorder_waits_where_the_channel_allows_it(drain):
    make.sku("TEE-M", stock={"LON": 1})
    order = make.confirmed(("TEE-M", 3), backorder=True)
    assert order.reserved == 1

    make.receive_purchase(make.sku("TEE-M"), 5)
    drain()

    assert make.fresh(order).reserved == 3


def test_confirm_twice_is_wrong_state():
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 1))

    with pytest.raises(WrongState, match="can't change from “confirmed” to “confirmed”"):
        lifecycle.confirm(order)


def test_credit_limit_holds_the_order_until_it_is_lifted():
    make.sku("TEE-M", stock={"LON": 50})
    make.customer(credit_limit=D("100"))
    order = make.order(lines=[("TEE-M", 10)])

    assert order.holds.get().kind == OrderHold.Kind.CREDIT
    with pytest.raises(Refused, match="on hold"):
        lifecycle.confirm(order)

    screening.release_hold(order, note="paid by phone")
    assert lifecycle.confirm(order).status == "confirmed"


def test_cancel_gives_back_stock_and_total(drain):
    tee = make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 3))

    order = lifecycle.cancel(order, reason="changed their mind")
    drain()

    order = make.fresh(order)
    assert (order.status, order.gross, order.canceled, make.stock_of(tee)) == (
        "canceled",
        0,
        3,
        (5, 5, 0),
    )


def test_cancel_some_units_keeps_the_rest():
    tee = make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 3))

    lifecycle.cancel_lines(order, {only_line(order).pk: 1})

    assert (make.fresh(order).net, make.stock_of(tee)) == (D("20.00"), (5, 5, 2))


def test_amend_preview_changes_nothing():
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 3))

    effect = amending.preview(order, [LineChange(only_line(order), quantity=5)])

    assert (effect.gross_before, effect.gross_after, effect.reserved_after) == (
        D("36.00"),
        D("60.00"),
        5,
    )
    assert (make.fresh(order).gross, Demand.objects.get().quantity) == (D("36.00"), 3)


def test_amend_up_adds_and_down_frees(drain):
    tee = make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 3))

    order = amending.amend(order, [LineChange(only_line(order), quantity=5)])
    drain()
    assert (make.stock_of(tee), make.fresh(order).net) == ((9, 9, 5), D("50.00"))

    first = order.lines.order_by("position").first()
    amending.amend(order, [LineChange(first, quantity=1)])
    drain()
    assert (make.stock_of(tee), make.fresh(order).net) == ((9, 9, 3), D("30.00"))


def test_amend_price_moves_the_rest_with_its_stock_to_a_new_line(drain):
    tee = make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 3))

    amending.amend(order, [LineChange(only_line(order), unit_price=D("8"))])
    drain()

    assert [
        (row.quantity, row.canceled, row.reserved, row.net)
        for row in order.lines.order_by("position")
    ] == [(3, 3, 0, D("30.00")), (3, 0, 3, D("24.00"))]
    assert (make.fresh(order).net, make.stock_of(tee)) == (D("24.00"), (9, 9, 3))


def test_an_order_leaves_a_legal_trail():
    make.sku("TEE-M", stock={"LON": 5})
    make.confirmed(("TEE-M", 3))

    names = list(
        Event.objects.filter(subject_type="order").order_by("id").values_list("name", flat=True)
    )
    assert names == ["order.placed", "order.confirmed"]


def test_part_numbers_belong_to_one_customer():
    CustomerSKU.objects.create(customer=make.customer(), code="X1", sku=make.sku("TEE-M"))

    assert make.customer().part_numbers.get(code="X1").sku.code == "TEE-M"


@pytest.mark.django_db(transaction=True)
def test_entry_to_reserved_takes_at_most_22_statements_whatever_the_lines(
    django_assert_max_num_queries, drain
):
    make.customer(credit_limit=D("100000"))
    for number in range(50):
        make.sku(f"S-{number}", stock={"LON": 9, "MAN": 9})
        make.priced(f"S-{number}")
    make.order(lines=[("S-0", 1)], confirmed=True)

    counts = []
    for size in (10, 50):
        asked = {f"S-{number}": 1 for number in range(size)}
        with (
            django_assert_max_num_queries(22 + 2) as counted,
            locking.atomic(),
        ):  # BEGIN and COMMIT do not count
            way = Channel.objects.select_related("company", "price_list").get(code="reps")
            buyer = Customer.objects.select_related("price_list").get(code="C-1")
            skus = SKU.objects.filter(code__in=asked)
            placed = order_entry.enter(
                order_entry.Entry(way, buyer, [Line(item, asked[item.code]) for item in skus])
            )
            lifecycle.confirm(placed)
        counts.append(len(counted))

    assert counts[0] == counts[1]
