"""Numbers, days and texts that no record holds are one clear sentence at every door, and never an error of the
database: every operation, every form, every act of a station, the API, imports."""

import json
import uuid
from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from rest_framework import serializers

from inventory import adjusting, ledger
from inventory.models import Move, Transfer
from oms.backoffice.forms import OperationForm
from oms.core import inputs, limits, operations
from oms.core.errors import DomainError, Refused
from oms.core.models import User
from oms.files.columns import Day, Exact, Text, Whole
from oms.rest.operations import request_of
from tests import builders as make

pytestmark = pytest.mark.django_db
BARCODE = 5012345678900
NUMBERS = [BARCODE, -BARCODE, 2**31, 10**30]
AMOUNTS = ["5012345678900", "1e30", "0.00001", "NaN", "-1"]
TEXTS = ["a\x00b", "a\x0bb", "a\x1fb", "x" * 100_000]
DAYS = ["99999-01-01", "0001-01-01", "9999-12-31"]
STEPS = [
    step for model in admin.site._registry for step in operations.of(model).values() if step.input
]


def asked(step):
    """The fields of an operation's input, and those of its tables."""
    own = inputs.describe(step.input)
    return [own.plain, *(rows.fields for _field, rows in own.tables)]


def garbage(kind):
    return {int: NUMBERS, Decimal: AMOUNTS, str: TEXTS, date: DAYS}.get(kind, [])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.model.__name__}.{step.name}")
def test_every_operations_form_and_endpoint_takes_no_garbage(step):
    form = OperationForm.__new__(OperationForm)
    form.user = form.document = None
    for fields in asked(step):
        typed = [field for field in fields if garbage(field.kind)]
        shown = form._build(typed, None, None, prefix="").fields
        for field in typed:
            for value in garbage(field.kind):
                with pytest.raises(forms.ValidationError):
                    shown[field.name].clean(str(value))
    for name, field in walked(request_of(step)()):
        for value in garbage(of_api(field)):
            sent = json.loads(json.dumps(value))
            with pytest.raises(serializers.ValidationError):
                field.run_validation(sent)
                pytest.fail(f"{name} takes {value!r}")


def walked(serializer):
    for name, field in serializer.fields.items():
        if isinstance(field, serializers.ListField):
            yield from walked(field.child)
        else:
            yield name, field


def of_api(field):
    kinds = {
        serializers.IntegerField: int,
        serializers.DecimalField: Decimal,
        serializers.DateField: date,
        serializers.CharField: str,
    }
    return next((kinds[each] for each in kinds if isinstance(field, each)), None)


def test_every_record_form_says_at_its_field_what_it_does_not_take(db):
    """Each field of each form of the back office, as a superuser sees it: refused at the field, or no error at all."""
    person = User(is_superuser=True, is_staff=True, is_active=True)
    request = RequestFactory().get("/")
    request.user = person
    checked = 0
    for model, page in admin.site._registry.items():
        if not page.has_add_permission(request):
            continue
        for owner, form in [
            (model, page.get_form(request)),
            *(
                (inline.model, inline.get_formset(request).form)
                for inline in page.get_inline_instances(request)
            ),
        ]:
            for name, field in form.base_fields.items():
                column = {each.name: each for each in owner._meta.concrete_fields}.get(name)
                if column is None:
                    continue
                for value in garbage(kind_of_field(field)):
                    checked += 1
                    with pytest.raises(forms.ValidationError):
                        column.clean(field.clean(str(value)), owner())
                        pytest.fail(f"{owner.__name__}.{name} takes {value!r:.40}")
    assert checked > 300


def kind_of_field(field):
    if isinstance(field, forms.DecimalField | forms.FloatField):
        return None  # its digits are the column's, held by the next test
    if isinstance(field, forms.IntegerField):
        return int
    if isinstance(field, forms.DateField):
        return date
    is_text = type(field) in (forms.CharField, forms.EmailField, forms.SlugField)
    return str if is_text and field.max_length else None


def test_every_decimal_column_has_its_digits_in_its_form(db):
    for page in admin.site._registry.values():
        for column in page.model._meta.concrete_fields:
            field = column.formfield() if column.editable else None
            if isinstance(field, forms.DecimalField) and not isinstance(field, forms.FloatField):
                for value in ("1e30", "0.0000001", "NaN", "Infinity"):
                    with pytest.raises(forms.ValidationError):
                        column.clean(field.clean(value), page.model())


@pytest.fixture
def floor(log_in):
    """A picker's client, and what a station may be told of."""
    make.sku("TEE-M", stock={"LON": 20})
    shipment = make.picked(make.confirmed(("TEE-M", 3)))
    order = make.sent_purchase(make.sku("TEE-M"), 5)
    client = log_in("picker")
    make.warehouse().staff.add(User.objects.get(username="picker"))
    make.storage(make.warehouse(), "B-01")
    line = shipment.lines.get()
    bodies = {
        "pick": {"line": line.pk, "quantity": 3},
        "short": {"line": line.pk, "found": 1, "why": "missing"},
        "split": {"shipment": shipment.number},
        "receive": {"order": order.number, "sku": "TEE-M", "good": 2, "damaged": 1, "lot": ""},
        "put_away": {"sku": "TEE-M", "to": "A-01", "quantity": 1, "lot": ""},
        "move": {"sku": "TEE-M", "from": "A-01", "to": "B-01", "quantity": 1, "lot": ""},
        "pack": {"shipment": shipment.number, "scanned": {"TEE-M": 3}},
        "ship": {"shipment": shipment.number, "tracking": ["1Z"]},
        "count": {"bin": "A-01", "found": [{"sku": "TEE-M", "quantity": 1, "lot": ""}]},
    }
    return client, bodies


def act(client, action, body):
    station = {"short": "pick", "split": "pick", "put_away": "put-away", "ship": "pack"}.get(
        action, action
    )
    return client.post(
        reverse("station_act", args=[station]),
        json.dumps({"id": str(uuid.uuid4()), "warehouse": "LON", "action": action, "body": body}),
        content_type="application/json",
    )


GARBAGE = [
    *NUMBERS,
    -1,
    1.5,
    "a\x00b",
    "a\x0bb",
    "x" * 5000,
    "📦",
    None,
    True,
    [],
    {},
    [1],
    {"a": 1},
    "9" * 30,
]


def garbled(body):
    """A body with garbage at each of its places in turn."""
    for name, value in body.items():
        for wrong in GARBAGE:
            yield {**body, name: wrong}
        if isinstance(value, dict):
            yield from ({**body, name: inner} for inner in garbled(value))
            yield {**body, name: {"a\x00b": 1}}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from ({**body, name: [inner]} for inner in garbled(value[0]))


def test_every_act_of_a_station_answers_garbage_with_a_sentence(floor):
    from fulfillment.stations.actions import ACTS

    client, bodies = floor
    assert bodies.keys() == ACTS.keys()
    for action, body in bodies.items():
        for wrong in garbled(body):
            answer = act(client, action, wrong)
            assert answer.status_code in (200, 400, 409), (action, wrong, answer.content[:300])
            assert answer.status_code == 200 or answer.json()["message"]


def test_a_barcode_scanned_as_a_quantity_is_named(floor):
    client, bodies = floor

    answer = act(client, "move", {**bodies["move"], "quantity": BARCODE})

    assert answer.status_code == 409
    assert (
        answer.json()["message"]
        == f"Quantity: {BARCODE} is too large; 99999999 is the most. Is it a barcode?"
    )


def test_a_move_to_the_same_bin_is_refused_at_every_door(floor):
    client, bodies = floor
    item, place = make.sku("TEE-M"), make.storage(make.warehouse())

    assert act(client, "move", {**bodies["move"], "to": "A-01"}).status_code == 409
    with pytest.raises(Refused):
        adjusting.move_stock(item, place, place, 1)
    with pytest.raises(Refused, match="lies already"):
        ledger.move(item, place, place, 1, reason=Move.Reason.MOVE)


def test_a_transfer_to_the_same_warehouse_is_told_at_its_field(log_in):
    place = make.warehouse()
    client = log_in("manager")

    answer = client.post(
        reverse("admin:inventory_transfer_add"),
        {
            "source": place.pk,
            "target": place.pk,
            "lines-TOTAL_FORMS": "0",
            "lines-INITIAL_FORMS": "0",
        },
    )

    assert answer.status_code == 200 and not Transfer.objects.exists()
    assert answer.context["adminform"].form.errors["target"] == [
        "The goods are there already. Choose another warehouse."
    ]


def test_a_sum_that_no_column_holds_is_a_sentence_and_changes_nothing():
    item, place = make.sku("TEE-M", stock={"LON": 5}), make.storage(make.warehouse())
    for _ in range(21):
        adjusting.adjust(item, place, limits.MOST_UNITS, note="found")

    with pytest.raises(Refused, match="larger than can be stored") as refused:
        adjusting.adjust(item, place, limits.MOST_UNITS, note="found")

    assert refused.value.code == "out_of_range"
    assert make.bin_stock(item, "LON") == 21 * limits.MOST_UNITS + 5


@pytest.mark.parametrize("quantity", [0, -1])
def test_no_quantity_but_a_positive_one_moves(quantity):
    item, place = make.sku("TEE-M", stock={"LON": 5}), make.storage(make.warehouse())

    with pytest.raises(DomainError):
        adjusting.move_stock(item, place, make.storage(make.warehouse(), "B-01"), quantity)


@pytest.mark.parametrize(
    "address",
    [
        "/admin/orders/order/?status__exact=%00",
        "/admin/orders/order/?q=a%0bb",
        "/admin/orders/order/%00/change/",
        "/api/v1/orders/?status=%00",
        "/admin/search/?s=%00",
        "/stations/pick/todo/?warehouse=%00&name=x",
    ],
)
def test_an_address_with_an_invisible_character_is_a_bad_request(log_in, address):
    assert log_in("root").get(address).status_code == 400


@pytest.mark.parametrize(
    "column, value",
    [
        (Whole(), BARCODE),
        (Whole(), "1e999999999"),
        (Exact(), "1e999999999"),
        (Text(), "a\x0bb"),
        (Text(), "a\x00b"),
        (Day(), "0001-01-01"),
        (Day(), date(9999, 12, 31)),
        (Day(), "99999-01-01"),
    ],
)
def test_a_cell_of_a_sheet_takes_no_garbage(column, value):
    with pytest.raises(ValueError, match=r"."):
        column.read(value)


def test_a_field_is_named_and_what_is_seen_is_taken():
    with pytest.raises(
        Refused,
        match=r"^Customer reference: Remove the invisible character U\+000B at position 2\.$",
    ):
        limits.require("customer_reference", "a\x0bb")
    for value in (
        "Grüße\n\t€ Ω",
        limits.MOST_UNITS,
        -5,
        date(2027, 1, 31),
        None,
        True,
        [{"a": "b"}],
    ):
        limits.require("anything", value)


def test_a_document_of_a_thousand_lines_can_be_saved(log_in):
    """A form has a few fields a line; Django's own limit is a thousand in all."""
    client = log_in("root")

    answer = client.post(
        reverse("admin:core_role_add"),
        {f"field-{number}": "1" for number in range(5000)}
        | {"name": "auditor", "reach": "everything"},
    )

    assert answer.status_code == 302
