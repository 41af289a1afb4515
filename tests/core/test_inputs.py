"""What operations ask for, as JSON Schema: from the same description as their forms and request schemas."""

import pytest
from django.apps import apps
from jsonschema import Draft202012Validator, ValidationError

from oms.core import inputs, operations
from oms.rest.operations import request_of
from orders.amending import Amendment
from orders.operations import HoldInput, RescheduleInput

STEPS = [
    step
    for model in apps.get_models()
    for step in operations.of(model).values()
    if step.input is not None
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.model.__name__}.{step.name}")
def test_each_schema_is_valid_names_what_the_request_does_and_takes_the_example(step):
    schema = inputs.json_schema(step.input, has_initial=step.initial is not None)

    Draft202012Validator.check_schema(schema)
    fields = request_of(step)().fields
    assert set(schema["properties"]) == set(fields) - {"confirm"}
    assert set(schema["required"]) == {name for name, field in fields.items() if field.required}
    if step.example is not None:
        Draft202012Validator(schema).validate(step.example)


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "x" * 201},
        {"reason": None},
        {},
        {"reason": "late", "kind": "credit"},
        {"reason": "late", "more": 1},
    ],
)
def test_what_the_request_refuses_the_schema_refuses(body):
    with pytest.raises(ValidationError):
        Draft202012Validator(inputs.json_schema(HoldInput)).validate(body)


def test_rows_need_what_they_are_about_and_days_may_be_none():
    amend = Draft202012Validator(inputs.json_schema(Amendment, has_initial=True))

    amend.validate({"lines": [{"line": 1, "quantity": None}]})
    with pytest.raises(ValidationError, match="'line' is a required property"):
        amend.validate({"lines": [{"quantity": 2}]})
    assert inputs.json_schema(RescheduleInput)["properties"]["requested_on"] == {
        "anyOf": [
            {"type": "string", "format": "date", "description": "Empty: as soon as possible."},
            {"type": "null"},
        ]
    }
