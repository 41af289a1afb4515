"""Pages by cursor: no deep offsets, and nothing shown twice while rows are added."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Pages(CursorPagination):
    """The newest first."""

    ordering = "-pk"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit", str(self.page_size))
        if not (
            text.isascii()
            and text.isdecimal()
            and len(text) < 4
            and 1 <= int(text) <= self.max_page_size
        ):
            raise ValidationError(
                {
                    "limit": [
                        _("Must be between 1 and %(max_page_size)s.")
                        % {"max_page_size": self.max_page_size}
                    ]
                }
            )
        return int(text)

    def get_paginated_response_schema(self, schema: Any) -> Any:
        """As OpenAPI 3.1 says of what may be null."""
        described: Any = super().get_paginated_response_schema(schema)
        for name in ("next", "previous"):
            described["properties"][name].pop("nullable")
            described["properties"][name]["type"] = ["string", "null"]
        return described

    def get_schema_operation_parameters(self, view: Any) -> Any:
        parameters: Any = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == "limit":
                parameter["schema"] = {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": self.max_page_size,
                }
        return parameters
