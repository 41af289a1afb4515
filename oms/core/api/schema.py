"""What every endpoint has in common, for the description: its errors."""

from typing import Any

PROBLEMS = {"400": "The request is malformed.", "401": "No valid token or session.", "403": "Not allowed.",
            "404": "There is no such thing, or it is not the caller's.", "409": "In the wrong state, or under way.",
            "412": "Changed since it was read.", "422": "Refused by a business rule.", "429": "Too many calls.",
            "503": "Busy; try again."}
READING = ("400", "401", "403", "404", "409", "429")

PROBLEM_SCHEMA = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "What is wrong, where, and what to do."},
        "errors": {"type": "array", "items": {"type": "object", "properties": {
            "field": {"type": ["string", "null"]}, "line": {"type": ["integer", "null"]}, "code": {"type": "string"},
            "message": {"type": "string"}}}},
        "shortfall": {"type": "object", "additionalProperties": {"type": "integer"},
                      "description": "Missing base units by SKU."},
    },
    "examples": [{"type": "urn:oms:problem:not_enough", "title": "Unprocessable Entity", "status": 422,
                  "code": "not_enough", "detail": "Not enough stock: 3 × TEE-M missing. Reduce the quantity or wait "
                  "for a receipt.", "shortfall": {"TEE-M": 3}}],
}


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the problems to each operation of the description."""
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in result["paths"].values():
        for method, operation in path.items():
            for status in READING if method == "get" else PROBLEMS:
                operation["responses"].setdefault(status, {"description": PROBLEMS[status], "content": content})
    return result
