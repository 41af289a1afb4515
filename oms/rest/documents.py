"""Lists and pages of records in a person's scope, and the operations on them."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency, operations, policy
from oms.core.locking import expecting
from oms.core.money import round_amount
from oms.core.operations import Operation
from oms.rest.authentication import HasScope, client_of
from oms.rest.operations import arguments, request_of

IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": r'^("?[0-9]{1,9}"?|\*)$', "examples": ['"3"']},
    OpenApiParameter.HEADER,
    description=("ETag from your last read. Returns 412 if the document has changed since."),
)
KEY_SCHEMA = {"type": "string", "pattern": "^[!-~]{1,100}$"}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    KEY_SCHEMA,
    OpenApiParameter.HEADER,
    required=True,
    description=(
        "A unique key you generate for each new object. For 30 days, repeating the key with the same body returns the "
        "original response; a different body returns 422, and a request still in progress returns 409."
    ),
)


OPTIONAL_KEY = OpenApiParameter(
    "Idempotency-Key",
    KEY_SCHEMA,
    OpenApiParameter.HEADER,
    description=(
        "A key of the caller's choice, kept for 30 days: an operation sent again with the same "
        "key and body takes effect once and answers with the document as it is then; with "
        "another body it is refused (422)."
    ),
)


class HasRight(BasePermission):
    """What somebody may do with a kind of record in the back office they may do here."""

    def has_permission(self, request: Request, view: Any) -> bool:
        kind, right = view.queryset.model, right_of(view)
        self.message = _("None of your roles has the right “%(right)s” for %(kind)s.") % {
            "right": right.replace("_", " "),
            "kind": kind._meta.verbose_name_plural,
        }
        return all(policy.may(request.user, each, kind) for each in ("view", right))

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return policy.may(request.user, right_of(view), obj)


def right_of(view: Any) -> str:
    """The right that an endpoint asks for: its own, that of what is usually done, or that to look at records.

    An operation asks for its own right when it runs (`DocumentViewSet.do`).
    """
    usual = {"create": "add", "partial_update": "change", "destroy": "delete"}
    return str({**usual, **view.rights}.get(view.action, "view"))


class ScopedListSet(viewsets.GenericViewSet[Any]):
    """Records that the caller may see; `rights` names those that other endpoints ask for, by action."""

    area = ""
    reading_actions: tuple[str, ...] = ()
    rights: Mapping[str, str] = {}
    permission_classes = (HasScope, HasRight)

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return (
            rows.none()
            if getattr(self, "swagger_fake_view", False)
            else policy.scope(rows, self.request.user)
        )


class ScopedViewSet(RetrieveModelMixin, ListModelMixin, ScopedListSet):
    """Lists by cursor, and one by its key."""

    lookup_value_regex = "[^/]+"

    def get_object(self) -> Any:
        if "\x00" in self.kwargs[self.lookup_field]:
            raise Http404
        return super().get_object()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        return Response(self.get_serializer(record).data, headers=version_headers(record))


class DocumentViewSet(ScopedViewSet):
    """Documents by their numbers."""

    lookup_field = "number"

    def do(self, operation: Operation, request: Request) -> Response:
        """Run an operation on the document of the address; the answer is the document as it is then."""
        user: Any = request.user
        agreed = isinstance(request.data, dict) and request.data.get("confirm") is True

        def act() -> None:
            document, values = self._asked(operation, request)
            with expecting(document, version_asked(request)):
                operation.perform(document, by=user, agreed=agreed, **values)

        if "Idempotency-Key" in request.headers:
            idempotency.once(client_of(request), key_of_request(request), _body_of(request), act)
        else:
            act()
        document = self.get_queryset().filter(number=self.kwargs[self.lookup_field]).first()
        if document is None:  # done, and out of the caller's scope by that
            return Response(status=204)
        return Response(self.get_serializer(document).data, headers=version_headers(document))

    def rehearse(self, operation: Operation, request: Request) -> Response:
        """Tell what an operation would do."""
        user: Any = request.user
        document, values = self._asked(operation, request)
        effect = operations.told(operation.rehearse(document, by=user, **values), user)
        return Response(
            {
                name: str(round_amount(value, document.currency))
                if isinstance(value, Decimal)
                else value
                for name, value in effect.items()
            }
        )

    def _asked(self, operation: Operation, request: Request) -> tuple[Any, dict[str, Any]]:
        user: Any = request.user
        operation.require(user)
        document = self.get_object()
        operation.require(user, document)
        asked = request_of(operation)
        data = {}
        if asked is not None:
            form = asked(data=request.data)
            form.is_valid(raise_exception=True)
            data = form.validated_data
        return document, arguments(operation, document, data, user)


def with_operations(viewset: type[DocumentViewSet]) -> type[DocumentViewSet]:
    """Give a viewset an endpoint for each operation on its documents."""
    model = viewset.queryset.model  # type: ignore[union-attr]
    for operation in operations.of(model).values():
        setattr(viewset, f"do_{operation.name}", _endpoint(viewset, operation))
        if operation.preview is not None:
            setattr(viewset, f"preview_{operation.name}", _preview_endpoint(viewset, operation))
    return viewset


def _endpoint(viewset: type[DocumentViewSet], operation: Operation) -> Callable[..., Response]:
    def view(self: DocumentViewSet, request: Request, number: str) -> Response:
        return self.do(operation, request)

    view.__name__, view.__doc__ = f"do_{operation.name}", operation.run.__doc__
    responses = {
        200: viewset.serializer_class,
        204: OpenApiResponse(description=_("Done. You may no longer see the document.")),
    }
    schema = extend_schema(
        request=request_of(operation),
        responses=responses,
        parameters=[IF_MATCH, OPTIONAL_KEY],
        summary=operation.title,
        examples=_examples(operation),
    )
    return schema(
        action(detail=True, methods=["post"], url_path=operation.name.replace("_", "-"))(view)
    )


def _preview_endpoint(
    viewset: type[DocumentViewSet], operation: Operation
) -> Callable[..., Response]:
    def view(self: DocumentViewSet, request: Request, number: str) -> Response:
        return self.rehearse(operation, request)

    view.__name__ = f"preview_{operation.name}"
    view.__doc__ = f"What `{operation.name}` would do; nothing is changed."
    schema = extend_schema(
        request=request_of(operation),
        summary=f"{operation.title}: preview",
        examples=_examples(operation),
        responses=OpenApiResponse(
            OpenApiTypes.OBJECT, description=_("Values before and after the change.")
        ),
    )
    path = f"{operation.name.replace('_', '-')}/preview"
    return schema(
        action(detail=True, methods=["post"], url_path=path, url_name=f"{operation.name}-preview")(
            view
        )
    )


def _examples(operation: Operation) -> list[OpenApiExample]:
    return (
        [OpenApiExample(operation.title, operation.example, request_only=True)]
        if operation.example
        else []
    )


def version_headers(record: Any) -> dict[str, str]:
    """The ETag of a record that has a version."""
    return {"ETag": f'"{record.version}"'} if hasattr(record, "version") else {}


def version_asked(request: Request) -> int | None:
    """The version of If-Match; None where it is not asked for. Raises ParseError for anything but our own ETags."""
    text = request.headers.get("If-Match", "*")
    if text == "*":
        return None
    if not re.fullmatch('"?[0-9]{1,9}"?', text):
        raise ParseError('If-Match must be an ETag returned by this API, for example "3".')
    return int(text.strip('"'))


def create_once(
    request: Request, view: Any, perform: Callable[[], tuple[dict[str, Any], str]]
) -> Response:
    """Create under the request's Idempotency-Key, or replay what its first sending got.

    `perform` makes the thing and returns its representation and its address.
    """

    def answer() -> dict[str, Any]:
        body, location = perform()
        return {"status": 201, "body": body, "location": location}

    return replay(
        idempotency.once(client_of(request), key_of_request(request), _body_of(request), answer)
    )


def _body_of(request: Request) -> dict[str, Any]:
    return {"method": request.method, "path": request.path, "data": request.data}


def key_of_request(request: Request) -> str:
    """The Idempotency-Key header. Raises ValidationError where it is missing or unusable."""
    key = request.headers.get("Idempotency-Key", "")
    if not re.fullmatch("[!-~]{1,100}", key):
        raise serializers.ValidationError(
            {
                "Idempotency-Key": [
                    _(
                        "This header is required. Use a unique string of up to 100 ASCII "
                        "characters without spaces for each new object."
                    )
                ]
            }
        )
    return key


def replay(answer: dict[str, Any]) -> Response:
    """A kept answer as a response."""
    version = answer["body"].get("version")
    headers = {"Location": answer["location"]} | ({"ETag": f'"{version}"'} if version else {})
    return Response(answer["body"], status=answer["status"], headers=headers)
