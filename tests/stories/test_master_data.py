"""Master data doesn't give booked stock another meaning: it is changed where nothing relies on it, at every door."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from inventory import adjusting, transfers
from inventory.models import (
    SKU,
    Barcode,
    Bin,
    KitComponent,
    Lot,
    Transfer,
    TransferLine,
    Warehouse,
    Zone,
)
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing.purchase_orders import Purchase
from oms.core import states
from oms.core.errors import Refused
from oms.core.models import User
from returns import requests
from tests import builders as make
from tests.builders.stock import put, storage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("verified")]


@pytest.fixture
def manager(client):
    person = make.user("boss", "manager")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=person.pk))
    return client


def refused(record, **changes):
    """The problems of changing a record, which form, sheet and code give alike."""
    record = make.fresh(record)
    for name, value in changes.items():
        setattr(record, name, value)
    with pytest.raises(ValidationError) as stopped:
        record.full_clean()
    with pytest.raises(Refused):
        record.save()
    return " ".join(message for found in stopped.value.message_dict.values() for message in found)


def allowed(record, **changes):
    record = make.fresh(record)
    for name, value in changes.items():
        setattr(record, name, value)
    record.full_clean()
    record.save()


def test_tracking_waits_until_nothing_is_booked_the_other_way():
    tee = make.sku("TEE-M", stock={"LON": 3, "MAN": 2})

    assert "5 in stock (LON A-01, MAN A-01)" in refused(tee, tracking="lot")

    for place, count in (("LON", 3), ("MAN", 2)):
        adjusting.adjust(tee, storage(make.warehouse(place)), -count, note="sold out")
    allowed(tee, tracking="serial")


def test_tracking_waits_for_what_is_in_transit():
    tee = make.sku("TEE-M", stock={"LON": 3})
    transfer = states.create(Transfer(source=make.warehouse(), target=make.warehouse("MAN")))
    TransferLine.objects.create(
        transfer=transfer, sku=tee, bin=storage(make.warehouse()), quantity=3
    )
    transfers.send(transfer)

    assert f"in transit on {transfer.number}" in refused(tee, tracking="lot")


def test_a_sku_becomes_a_kit_only_without_stock_demand_and_purchases():
    tee = make.sku("TEE-M", stock={"LON": 3})
    assert "3 in stock" in refused(tee, is_kit=True)

    mug = make.sku("MUG")
    order = make.confirmed(("MUG", 2), backorder=True)
    purchase = purchasing.propose(make.supplier(), make.warehouse(), [Purchase(mug, 5, 1)])
    why = refused(mug, is_kit=True)
    assert f"promised to {order.number}" in why and f"ordered with {purchase.number}" in why

    make.sku("SET", kit={"CUP": 1})
    assert "part of the kit SET" in refused(make.sku("CUP"), is_kit=True)
    allowed(make.sku("NEW"), is_kit=True)


def test_a_kit_keeps_its_components_while_orders_need_them():
    make.sku("CUP", stock={"LON": 4})
    tea_set = make.sku("SET", kit={"CUP": 2})
    order = make.confirmed(("SET", 2))
    part = KitComponent.objects.get()

    assert f"({order.number})" in refused(tea_set, is_kit=False)
    assert f"({order.number})" in refused(part, quantity=3)
    with pytest.raises(ValidationError, match="can't add a component"):
        KitComponent(kit=tea_set, component=make.sku("POT")).full_clean()
    with pytest.raises(Refused, match="can't remove CUP"):
        part.delete()

    make.ship_rest(order)
    allowed(part, quantity=3)


def test_the_kit_form_says_why_a_component_stays(manager):
    make.sku("CUP", stock={"LON": 4})
    tea_set = make.sku("SET", kit={"CUP": 2})
    make.confirmed(("SET", 1))
    part = KitComponent.objects.get()
    page = reverse("admin:inventory_sku_change", args=[tea_set.pk])
    form = manager.get(page).context["adminform"].form
    data = {
        name: "" if value is None else value
        for name, value in form.initial.items()
        if value is not False
    }
    for prefix in ("barcodes", "reorder_rules"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    data |= {
        "parts-TOTAL_FORMS": 1,
        "parts-INITIAL_FORMS": 1,
        "parts-0-id": part.pk,
        "parts-0-kit": tea_set.pk,
        "parts-0-component": part.component_id,
        "parts-0-quantity": 2,
        "parts-0-DELETE": "on",
    }

    answer = manager.post(page, data)

    assert answer.status_code == 200
    assert "1 open order line needs it as it is" in answer.content.decode()
    assert KitComponent.objects.count() == 1


def test_the_base_unit_stays_once_something_is_counted_in_it():
    tee = make.sku("TEE-M", stock={"LON": 1})
    adjusting.adjust(tee, storage(make.warehouse()), -1, note="gone")

    assert "2 stock movements are counted in it" in refused(tee, base_unit="box")


@pytest.mark.parametrize(
    "change", [{"is_sellable": False}, {"kind": "damaged", "is_sellable": False}]
)
def test_a_bin_with_stock_keeps_what_its_stock_counts_as(change):
    tee = make.sku("TEE-M", stock={"LON": 3})
    shelf = storage(make.warehouse())

    assert "it holds 3 (TEE-M)" in refused(shelf, **change)

    adjusting.move_stock(tee, shelf, storage(make.warehouse(), "B-01"), 3)
    allowed(shelf, **change)


def test_a_bin_stays_in_its_warehouse_once_the_ledger_names_it():
    put(make.sku("TEE-M"), "LON", 1)
    adjusting.adjust(make.sku("TEE-M"), storage(make.warehouse()), -1, note="gone")

    assert "2 stock movements name it" in refused(
        storage(make.warehouse()), warehouse=make.warehouse("MAN")
    )
    allowed(storage(make.warehouse(), "NEW"), warehouse=make.warehouse("MAN"))


def test_places_outside_are_built_in(manager):
    supplier = Bin.objects.get(kind="supplier")
    assert "built in" in refused(supplier, kind="scrap")
    with pytest.raises(ValidationError, match="built in"):
        Bin(code="X", kind="supplier").full_clean()
    with pytest.raises(ValidationError, match="another warehouse"):
        Bin(
            code="X",
            warehouse=make.warehouse(),
            zone=Zone.objects.create(warehouse=make.warehouse("MAN"), name="Z"),
        ).full_clean()

    assert (
        manager.post(
            reverse("admin:inventory_bin_delete", args=[supplier.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    manager.post(
        reverse("admin:inventory_bin_changelist"),
        {"action": "delete_selected", "_selected_action": [supplier.pk], "post": "yes"},
    )
    assert Bin.objects.filter(kind="supplier").exists()


def test_a_warehouse_closes_once_nothing_is_under_way_there(drain):
    make.sku("TEE-M", stock={"LON": 5})
    order = make.confirmed(("TEE-M", 2))
    purchase = make.sent_purchase(make.sku("TEE-M"), 3)
    london = make.warehouse()

    why = refused(london, is_active=False)
    assert f"2 are held for {order.number}" in why
    assert f"1 shipment is under way ({make.shipment_of(order).number})" in why
    assert f"goods are ordered with {purchase.number}" in why
    assert "held for" in refused(london, kind="3pl")

    make.ship_rest(order)
    purchasing.cancel(purchase)
    allowed(london, is_active=False)


def test_goods_are_not_sent_to_a_closed_warehouse(drain):
    make.sku("TEE-M", stock={"LON": 5, "MAN": 5})
    order = make.shipped(("TEE-M", 2))
    source = make.shipment_of(order).warehouse
    other = make.warehouse("MAN" if source.code == "LON" else "LON")
    Warehouse.objects.filter(pk=source.pk).update(is_active=False)

    request = requests.open_request(order, [requests.Asked(order.lines.get(), 1)])
    assert request.warehouse == other
    requests.cancel(request)

    transfer = states.create(Transfer(source=other, target=make.fresh(source)))
    TransferLine.objects.create(
        transfer=transfer, sku=make.sku("TEE-M"), bin=storage(other), quantity=1
    )
    with pytest.raises(Refused, match="inactive"):
        transfers.send(transfer)
    purchase = purchasing.propose(
        make.supplier(), make.fresh(source), [Purchase(make.sku("TEE-M"), 5, 1)]
    )
    with pytest.raises(Refused, match="inactive"):
        purchasing.approve(purchase)


def test_a_warehouse_stays_in_the_books_it_is_valued_in():
    put(make.sku("TEE-M"), "LON", 1)

    assert "in the books of Acme Ltd" in refused(make.warehouse(), company=make.company("other"))
    allowed(make.warehouse("NEW"), company=make.company("other"))


def test_a_lot_stays_what_came():
    tea = make.sku("TEA", tracking="lot")
    lot = Lot.objects.create(sku=tea, code="L1")
    put(tea, "LON", 5, lot=lot)

    assert "1 stock movement names it" in refused(lot, sku=make.sku("MATE", tracking="lot"))
    assert "1 stock movement names it" in refused(lot, code="L2")


def test_a_code_means_one_product():
    make.sku("TEE-M")
    with pytest.raises(ValidationError, match="code of another SKU"):
        Barcode(sku=make.sku("MUG"), code="TEE-M").full_clean()
    Barcode.objects.create(sku=make.sku("MUG"), code="501")
    with pytest.raises(ValidationError, match="barcode of another SKU"):
        SKU(code="501", name="x").full_clean()
    Barcode(sku=make.sku("MUG"), code="MUG").full_clean()
