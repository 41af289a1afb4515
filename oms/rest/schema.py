"""What every endpoint has in common, for the description: its summary, its headers and its errors."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from oms.core import policy
from oms.rest.fields import VISIBLE

NO_NUL = r"[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]"
ANY_TEXT, SOME_TEXT = f"^{NO_NUL}*$", f"^{NO_NUL}*{VISIBLE}{NO_NUL}*$"
PERCENT = r"^(100(\.0{1,2})?|\d{1,2}(\.\d{1,2})?)$"

PROBLEMS = {
    "400": "Malformed request.",
    "401": "Missing or invalid token or session.",
    "403": "Permission denied.",
    "404": "Not found or not accessible.",
    "409": "Conflict: wrong state or already in progress.",
    "412": "The document has changed since you read it.",
    "422": "Rejected by a business rule.",
    "429": "Rate limit exceeded.",
    "503": "Temporarily unavailable. Try again.",
}
READING = ("400", "401", "403", "404", "409", "422", "429")

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, machine-readable error code."},
        "detail": {
            "type": "string",
            "description": "Human-readable explanation of the problem and how to fix it.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": ["string", "null"]},
                    "line": {"type": ["integer", "null"]},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "shortfall": {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "description": "Missing quantity in base units, by SKU.",
        },
    },
    "examples": [
        {
            "type": "urn:oms:problem:not_enough",
            "title": "Unprocessable Entity",
            "status": 422,
            "code": "not_enough",
            "detail": "Not enough stock: 3 × TEE-M short. Reduce the quantity or wait "
            "for the next receipt.",
            "shortfall": {"TEE-M": 3},
        }
    ],
}


_STATUS_HEADERS = {
    "201": ("Location",),
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
HEADERS = {
    "ETag": {
        "description": "The version; send it as `If-Match` with a change.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$', "examples": ['"3"']},
    },
    "Location": {
        "description": "The address of what was created.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 1, "examples": [30]},
    },
    "WWW-Authenticate": {
        "description": "How to prove who you are.",
        "schema": {"type": "string", "examples": ["Bearer"]},
    },
}


def add_headers(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Name the headers of each response: of its status, and the ETag of a record with a version."""
    result["components"]["headers"] = HEADERS
    schemas = result["components"].get("schemas", {})
    for path in result["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                names = [*_STATUS_HEADERS.get(status, ())]
                if status in ("200", "201") and _has_version(response, schemas):
                    names.append("ETag")
                if names:
                    response["headers"] = {
                        name: {"$ref": f"#/components/headers/{name}"} for name in names
                    }
    return result


def _has_version(response: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether a response is one record with a version."""
    told = response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
    return "version" in schemas.get(told.rpartition("/")[2], {}).get("properties", {})


class Description(AutoSchema):
    """The description of an endpoint, with a summary: its own, or of a list and its records, or its first sentence."""

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """A field that isn't shown to everybody may be missing."""
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        model = getattr(getattr(serializer, "Meta", None), "model", None)
        missing = policy.hidden(model) if model else set()
        required = [name for name in schema.pop("required", ()) if name not in missing]
        return schema | ({"required": required} if required else {})

    def get_summary(self) -> str:
        own = super().get_summary()
        kind = self.get_tags()[0].replace("-", " ").replace("skus", "SKUs")
        usual = {
            "list": f"List {kind}",
            "retrieve": f"Get one of the {kind}",
            "partial_update": f"Change one of the {kind}",
            "destroy": f"Delete one of the {kind}",
        }
        name = getattr(self.view, "action", "")
        return str(
            own or usual.get(name) or re.split("[.;]", self.get_description(), maxsplit=1)[0]
        )


def add_problems(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Add the problems to each operation of the description."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for method, operation in path.items():
            for status in READING if method == "get" else PROBLEMS:
                operation["responses"].setdefault(
                    status, {"description": PROBLEMS[status], "content": content}
                )
    return result


def describe_texts(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Say of each text in a query that it is one that can be stored; and say once, not twice, what may be blank."""
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                _describe_text(parameter["schema"])
    for component in result["components"].get("schemas", {}).values():
        for name, schema in component.get("properties", {}).items():
            if schema.get("oneOf", [{}])[0].get("pattern") == ANY_TEXT:
                component["properties"][name] = schema["oneOf"][0]
    return result


def _describe_text(schema: dict[str, Any]) -> None:
    if schema.get("type") == "string" and not schema.keys() & {"format", "pattern", "enum"}:
        schema["pattern"] = ANY_TEXT


class TextDescription(OpenApiSerializerFieldExtension):
    """Text that can be stored, and not blank where it must be something."""

    target_class = "oms.rest.fields.TextField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        field = self.target
        length = {"maxLength": field.max_length} if field.max_length else {}
        return {"type": "string", "pattern": ANY_TEXT if field.allow_blank else SOME_TEXT, **length}


class DecimalDescription(OpenApiSerializerFieldExtension):
    """Numbers as text, with at least one digit where digits stand, and a sign only where they may be negative."""

    target_class = "rest_framework.serializers.DecimalField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        field = self.target
        if field.max_value == 100:
            return {"type": "string", "format": "decimal", "pattern": PERCENT}
        sign = "" if field.min_value is not None and field.min_value >= 0 else "-?"
        whole = field.max_digits - field.decimal_places
        return {
            "type": "string",
            "format": "decimal",
            "pattern": rf"^{sign}\d{{1,{whole}}}(\.\d{{1,{field.decimal_places}}})?$",
        }
