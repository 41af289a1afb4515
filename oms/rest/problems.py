"""Errors as problem details (RFC 9457): what is wrong, where, and what to do."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from oms.core.errors import (
    Conflict,
    ConnectorError,
    DomainError,
    NeedsConfirmation,
    NotAllowed,
    NotEnough,
    Refused,
    WrongState,
)
from oms.core.locking import busy, is_aborted

log = logging.getLogger(__name__)

STATUS: dict[type[DomainError], int] = {
    WrongState: 409,
    Conflict: 409,
    NeedsConfirmation: 409,
    NotAllowed: 403,
    NotEnough: 422,
    Refused: 422,
    ConnectorError: 502,
}


class Unknown(exceptions.ValidationError):
    """A well-formed request names something that does not exist, or is not the caller's."""

    status_code = 422


STALE = "stale"
AT_ONCE = ("busy", "still_running")  # worth another try after a moment
MEMBERS = {"type", "title", "status", "code", "detail"}


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The response to an error."""
    body = describe(error)
    if body is None:
        log.error("A fault of ours answered %s", context["request"].path, exc_info=error)
        body = _problem(
            500,
            "fault",
            _(
                "Something went wrong on our side. Nothing was changed. We've logged the "
                "error; try again later."
            ),
        )
    set_rollback()
    wait = getattr(error, "wait", None) or (1 if body["code"] in AT_ONCE else 0)
    headers = {"Retry-After": str(max(1, int(wait)))} if wait else {}
    if isinstance(error, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        body, status=body["status"], headers=headers, content_type="application/problem+json"
    )


def describe(error: Exception) -> dict[str, Any] | None:
    """An error as a problem's members; None where it is not the caller's."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, exceptions.ValidationError):
        entries = list(_entries(error.get_full_details()))
        first = entries[0] if entries else {}
        detail = (
            f"{first.get('field') or _('The request')}: {first.get('message', _('is invalid'))}"
        )
        return _problem(error.status_code, "invalid", detail, errors=entries)
    if isinstance(error, Http404):
        return _problem(404, "not_found", _("Not found, or you don't have access."))
    if isinstance(error, PermissionDenied):
        return _problem(
            403, "not_allowed", str(error) or _("You don't have permission to do this.")
        )
    if isinstance(error, exceptions.APIException):
        return _problem(error.status_code, str(error.default_code), str(error.detail))
    return _of_database(error)


def _of_domain(error: DomainError) -> dict[str, Any]:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    details = {
        f"document_{name}" if name in MEMBERS else name: value
        if isinstance(value, int | dict)
        else str(value)
        for name, value in error.details.items()
    }
    status = {STALE: 412, "busy": 503}.get(error.code, status)
    return _problem(status, error.code, error.message, **details)


def _of_database(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, IntegrityError):
        return _problem(
            409, "duplicate", _("An object with this number or external ID already exists.")
        )
    if isinstance(error, DataError):
        return _problem(422, "out_of_range", _("A value in the request is too large."))
    return _of_domain(busy()) if is_aborted(error) else None


def _problem(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": f"urn:oms:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }


def _entries(details: Any, path: str = "", line: int | None = None) -> Iterator[dict[str, Any]]:
    """Each message of nested validation errors with its field, and the line for a table's."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {
            "field": path or None,
            "line": line,
            "code": str(details["code"]),
            "message": str(details["message"]),
        }
    elif isinstance(details, dict):
        for name, inner in details.items():
            is_row = isinstance(name, int) or name.isdecimal()
            here = (
                path
                if name == "non_field_errors"
                else f"{path}[{name}]"
                if is_row
                else f"{path}.{name}".strip(".")
            )
            yield from _entries(inner, here, int(name) + 1 if is_row else line)
    else:
        for index, inner in enumerate(details):
            is_row = isinstance(inner, dict) and set(inner) != {"message", "code"}
            yield from _entries(
                inner, f"{path}[{index}]" if is_row else path, index + 1 if is_row else line
            )
