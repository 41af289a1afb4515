"""Goods come from where a person would send them, the decision says why, and what changes is followed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from fulfillment import following, lanes, redirecting, rerouting, waves
from fulfillment.carriers.models import CarrierService, Rate
from fulfillment.models import Shipment
from inventory import geography, sourcing
from inventory.models import Lane, PostalCode, Reservation, Warehouse
from oms.core import decisions, operations, outbox
from oms.core.errors import Refused
from oms.core.models import Company
from oms.insights import verification
from orders import lifecycle, order_entry
from orders.models import Channel, Order, TaxRate
from orders.order_entry import Entry
from tests import builders as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]

PLACES = {"LON": ("GB", "N1 9GU"), "LEE": ("GB", "LS1 4AP"), "RTM": ("NL", "3011 AA")}
EXPECTED = {
    ("GB", "ab10 1ab"): "LEE",
    ("GB", "G11XQ"): "LEE",
    ("GB", "EH1 1YZ"): "LEE",
    ("GB", "NE1 7RU"): "LEE",
    ("GB", "M1 1AE"): "LEE",
    ("GB", "L1 8JQ"): "LEE",
    ("GB", "S1 2HE"): "LEE",
    ("GB", "YO1 7HH"): "LEE",
    ("GB", "HU1 2AA"): "LEE",
    ("GB", "n19gu"): "LON",
    ("GB", "EC1A 1BB"): "LON",
    ("GB", "BN1 1JE"): "LON",
    ("GB", "CT1 2HG"): "LON",
    ("GB", "OX1 1BX"): "LON",
    ("GB", "BS1 4ST"): "LON",
    ("GB", "PL1 1EA"): "LON",
    ("GB", "NR2 1RL"): "LON",
    ("NL", "1012AB"): "RTM",
    ("DE", "D-20095"): "RTM",
    ("BE", "2000"): "RTM",
    ("FR", "75001"): "RTM",
    ("IE", "D02X285"): "LEE",
}


@pytest.fixture
def house():
    """Three warehouses known by their postal codes alone, all stocked; one carrier with rates from each country."""
    if not PostalCode.objects.exists():
        geography.take_shipped()
    for code, (country, postal_code) in PLACES.items():
        make.warehouse(
            code, country=country, postal_code=postal_code, latitude=None, longitude=None
        )
    Company.objects.update(other_vat_numbers="NL004495445B01")
    TaxRate.objects.bulk_create(
        TaxRate(country=country, percent=20) for country in ("NL", "DE", "BE", "FR")
    )
    service = make.service("std", days=3)
    Rate.objects.all().delete()
    Rate.objects.bulk_create(
        Rate(
            service=service,
            origin_country=origin,
            country=country,
            up_to_g=30_000,
            price=Decimal(
                4 if origin == country else 8 if origin == "NL" and country != "GB" else 12
            ),
        )
        for origin in ("GB", "NL")
        for country in ("GB", "NL", "DE", "BE", "FR", "IE")
    )
    Rate.objects.filter(origin_country="GB", country="IE").update(price=6)
    lanes.refresh()
    make.sku("TEE-M", stock=dict.fromkeys(PLACES, 100))


def ordered(units: int, to: tuple[str, str] = PLACES["LON"], **options) -> Order:
    make.taxes()
    address = {"name": "Shop", "country": to[0], "postal_code": to[1]}
    entry = Entry(make.channel(), make.customer(), [make.line("TEE-M", units)], ship_to=address)
    order = lifecycle.confirm(order_entry.enter(entry))
    outbox.drain()
    return make.fresh(order)


def sent_from(order: Order) -> dict[str, int]:
    live = Shipment.objects.filter(order=order).exclude(status="canceled")
    return {
        row.warehouse.code: sum(line.reservation.quantity for line in row.lines.all())
        for row in live
    }


def test_an_address_in_each_of_twenty_postal_areas_goes_where_a_person_would_send_it(house):
    chosen = {}
    for place in EXPECTED:
        (chosen[place],) = sent_from(ordered(1, place))

    assert chosen == EXPECTED


def test_the_decision_tells_distance_cost_days_and_lateness_of_each_candidate(house):
    order = ordered(1, ("GB", "EH1 1YZ"))

    decision = decisions.about("order", order.number).get()
    by_place = {
        each["warehouses"][0]: each for each in decision.candidates if len(each["warehouses"]) == 1
    }
    assert 245 < by_place["LEE"]["km"][0] < 275
    assert 510 < by_place["LON"]["km"][0] < 550
    assert (by_place["LEE"]["cost"], by_place["RTM"]["cost"]) == (4.0, 12.0)
    for each in decision.candidates:
        parts = sum(each[name] for name in ("cost", "distance", "days", "lateness", "split"))
        assert parts == pytest.approx(each["score"], abs=0.03)


def test_priority_decides_between_two_warehouses_in_one_street(house):
    make.warehouse("LO2", postal_code="N1 9GU", latitude=None, longitude=None, priority=10)
    make.sku("TEE-M", stock={"LO2": 5})
    lanes.refresh()

    assert sent_from(ordered(2)) == {"LO2": 2}


def test_late_deliveries_count_from_the_first_on_and_without_any_rate(house):
    order = ordered(1)
    make.ship_rest(order)
    Rate.objects.all().delete()
    now = datetime.now(UTC)
    Shipment.objects.filter(order=order).update(
        status="delivered",
        delivered_at=now,
        shipped_at=now - timedelta(days=9),
        promised_on=None,
        expected_on=(now - timedelta(days=5)).date(),
        service=CarrierService.objects.get(),
    )

    lanes.refresh()

    share = {
        lane.warehouse.code: lane.on_time_share
        for lane in Lane.objects.filter(country__in=["GB", ""])
        if lane.warehouse.code != "LON" or lane.country == "GB"
    }
    assert share["LON"] < share["LEE"] == share["RTM"]
    assert Lane.objects.filter(base_cost=None).count() == Lane.objects.count()
    assert sent_from(ordered(1)) == {"LON": 1}  # one late parcel does not outweigh 270 km
    Shipment.objects.filter(order=order).update(status="shipped")


def test_rerouting_follows_stock_that_came_nearer(house):
    everywhere_but_lee = Warehouse.objects.get(code="LEE")
    Warehouse.objects.filter(pk=everywhere_but_lee.pk).update(is_active=False)
    order = ordered(3, ("GB", "LS1 5AB"))
    assert sent_from(order) == {"LON": 3}
    Warehouse.objects.filter(pk=everywhere_but_lee.pk).update(is_active=True)

    effect = rerouting.preview(order)
    assert (effect.before, effect.after, effect.units_moved) == ("LON 3", "LEE 3", 3)
    assert effect.score_after < effect.score_before
    rerouting.reroute(order)
    outbox.drain()

    assert sent_from(order) == {"LEE": 3}
    assert make.stock_of(make.sku("TEE-M"), "LON") == (100, 100, 0)
    assert "re-routed: was LON 3" in decisions.about("order", order.number).first().reasons[0]
    with pytest.raises(Refused, match="No other warehouse is better"):
        rerouting.reroute(order)


def test_a_person_may_choose_the_warehouse_and_part_of_it_moves(house):
    order = ordered(100)
    other = make.sku("TEE-M")
    ordered(40, ("GB", "LS1 5AB"))

    rerouting.reroute(order, to=Warehouse.objects.get(code="LEE"))
    outbox.drain()

    assert sent_from(order) == {"LON": 40, "LEE": 60}
    assert make.stock_of(other, "LEE") == (100, 100, 100)


def test_goods_stay_with_their_company(house):
    order = ordered(3, ("GB", "LS1 5AB"))
    other = make.company("beta", name="Beta Ltd")
    make.warehouse(
        "BET", company=other, country="GB", postal_code="LS1 5AB", latitude=None, longitude=None
    )
    make.sku("TEE-M", stock={"BET": 50})
    Warehouse.objects.filter(code="LEE").update(company=other)  # it was theirs all along
    there, shipment = Warehouse.objects.get(code="BET"), make.shipment_of(order)

    for step in (rerouting.reroute, rerouting.preview):
        with pytest.raises(Refused, match=r"BET belongs to Beta Ltd, and order .* is Acme Ltd's"):
            step(order, to=there)
    for step in (rerouting.reroute_shipment, rerouting.preview_shipment):
        with pytest.raises(Refused, match="BET belongs to Beta Ltd"):
            step(shipment, to=there)
    form = next(step for step in operations.of(Order).values() if step.name == "reroute").input
    offered = form.__dataclass_fields__["to"].metadata["among"](Warehouse.objects.all(), order)
    assert sorted(row.code for row in offered) == ["LON", "RTM"]
    rerouting.reroute_if_worth(order)
    redirecting.change_address(
        make.fresh(order), name="Shop", postal_code="LS1 5AC", city="Leeds", country="GB"
    )
    outbox.drain()

    assert sent_from(order) == {"LEE": 3}
    assert make.stock_of(make.sku("TEE-M"), "BET") == (50, 50, 0)
    told = [str(breach) for breach in verification.breaches(files=False)]
    assert [text for text in told if "3 × TEE-M reserved in LEE, under no setting" in text] == told
    Warehouse.objects.filter(code="LEE").update(company=make.company())


def test_what_is_picked_or_in_a_wave_stays(house):
    order = ordered(3)
    waves.plan(Warehouse.objects.get(code="LON"), [make.shipment_of(order)])

    with pytest.raises(Refused, match="the goods are in a wave or being picked"):
        rerouting.reroute(order, to=Warehouse.objects.get(code="LEE"))


def test_a_closed_warehouse_is_left_by_itself_where_the_channel_says_so(house):
    make.channel()
    Channel.objects.update(reroutes=True)
    order, started = ordered(3), ordered(2)
    waves.start_picking(make.shipment_of(started))

    london = Warehouse.objects.get(code="LON")
    london.is_active = False
    london.save()
    sourcing.announce_change(london)
    outbox.drain()

    assert (sent_from(order), sent_from(started)) == ({"LEE": 3}, {"LON": 2})


def test_a_warehouse_without_a_vat_number_is_left_out_and_the_others_go_on(house):
    make.channel()
    Channel.objects.update(reroutes=True)
    order = ordered(3)
    Company.objects.update(other_vat_numbers="")  # Rotterdam can't send any more

    with pytest.raises(Refused, match="RTM is left out: Acme Ltd has no VAT number of NL"):
        rerouting.reroute(order)
    Warehouse.objects.filter(code="LON").update(is_active=False)
    sourcing.announce_change(Warehouse.objects.get(code="LON"))
    outbox.drain()

    assert sent_from(order) == {"LEE": 3}
    told = decisions.about("order", order.number).latest("pk").reasons
    assert "RTM is left out: Acme Ltd has no VAT number of NL." in told
    Warehouse.objects.filter(code__in=["LEE", "LON"]).update(is_active=False)
    redirecting.change_address(
        make.fresh(order), name="Winkel", postal_code="3011 AB", city="Rotterdam", country="NL"
    )
    outbox.drain()
    assert sent_from(order) == {"LEE": 3}


def test_the_form_of_a_warehouse_says_where_the_company_has_no_vat_number(house, log_in):
    page = log_in("manager")
    address = reverse(
        "admin:inventory_warehouse_change", args=[Warehouse.objects.get(code="RTM").pk]
    )
    assert "has no VAT number of NL" not in page.get(address).content.decode()
    Company.objects.update(other_vat_numbers="")

    assert (
        "Acme Ltd has no VAT number of NL, so nothing is sold from here"
        in page.get(address).content.decode()
    )


def test_without_the_setting_nothing_moves_by_itself(house):
    order = ordered(3)

    Warehouse.objects.filter(code="LON").update(is_active=False)
    sourcing.announce_change(Warehouse.objects.get(code="LON"))
    outbox.drain()

    assert sent_from(order) == {"LON": 3}


def test_a_receipt_nearer_by_draws_unstarted_orders(house):
    make.channel()
    Channel.objects.update(reroutes=True)
    mug = make.sku("TEE-M")
    ordered(100, ("GB", "LS1 4AP"))
    order = ordered(4, ("GB", "LS1 5AB"))
    assert sent_from(order) == {"LON": 4}

    make.receive_purchase(mug, 10, "LEE")
    outbox.drain()

    assert sent_from(order) == {"LEE": 4}


def test_kits_move_whole(house):
    make.sku("CUP", stock={"LON": 4, "LEE": 4})
    make.sku("POT", stock={"LON": 2, "LEE": 1})
    make.sku("SET", kit={"CUP": 2, "POT": 1})
    order = make.confirmed(("SET", 2))
    assert {
        row.warehouse.code for row in Reservation.objects.filter(demand__document=order.number)
    } == {"LON"}

    rerouting.reroute(order, to=Warehouse.objects.get(code="LEE"))
    outbox.drain()

    live = Reservation.objects.filter(demand__document=order.number, state="reserved")
    assert {(row.sku.code, row.warehouse.code, row.quantity) for row in live} == {
        ("CUP", "LON", 2),
        ("POT", "LON", 1),
        ("CUP", "LEE", 2),
        ("POT", "LEE", 1),
    }
    assert following.follow(order) == []
