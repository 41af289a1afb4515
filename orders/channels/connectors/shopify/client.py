"""Requests to a Shopify shop: GraphQL documents with a token, and what their answers mean."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from oms.core.errors import ConnectorError
from oms.messaging import safe_http
from oms.messaging.safe_http import NoResponse, Response
from orders.channels.connectors import Account
from orders.channels.connectors.errors import (
    AuthEnded,
    ChannelError,
    Invalid,
    NotFound,
    SchemaChanged,
    ScopeMissing,
    Throttled,
    Unavailable,
    Unknown,
)

VERSION = "2026-10"  # that accounts use
VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")  # that our documents are valid in
SECONDS = 60
WAIT = 2.0  # seconds after "too many requests" that don't say how long
LONGEST_WAIT = 3600.0
RAW = 500  # characters of an answer that are kept in an error's details
NOT_DONE = (408, 423, 429, 430, 503)  # refused before anything was done
DENIED, THROTTLED = "ACCESS_DENIED", "THROTTLED"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """The data of an answer, and its headers. Fields that the app may not read are null in it."""

    data: Row
    headers: Mapping[str, str]


class Client:
    """Makes requests of one shop. Raises the errors of `orders.channels.connectors.errors`."""

    def __init__(self, account: Account) -> None:
        self.address = account.address.strip().rstrip("/")
        self.version = account.version if account.version in VERSIONS else VERSION
        self._credentials = account.credentials
        self._seconds = float(account.settings.get("seconds", SECONDS))

    def ask(self, document: str, **given: object) -> Row:
        """Send a query. Raises Unavailable if there is no readable answer; a query changes nothing."""
        return self.reply(document, given).data

    def tell(self, document: str, **given: object) -> Row:
        """Write. Where there is no verdict, it may have happened: Unknown."""
        return self.reply(document, given, is_write=True).data

    def reply(self, document: str, given: Row, *, is_write: bool = False) -> Reply:
        """The whole answer to a document and its variables."""
        token = self._credentials.get("access_token", "")
        if not token:
            raise AuthEnded(_("The shop has not given a token yet. Connect the channel again."))
        response = self.post(
            f"/admin/api/{self.version}/graphql.json",
            {"query": document, "variables": given},
            {"X-Shopify-Access-Token": token},
            is_write=is_write,
        )
        return read(response, is_write=is_write)

    def post(
        self, path: str, body: object, headers: Mapping[str, str], *, is_write: bool
    ) -> Response:
        """POST JSON to the shop; its answer, whatever it is."""
        known = {"Accept": "application/json", "User-Agent": "OMS", **headers}
        url = f"{self.address}{path}"
        try:
            return safe_http.request(
                "POST", url, headers=known, json_body=body, seconds=self._seconds
            )
        except NoResponse as error:
            kind = Unknown if is_write and error.was_sent else Unavailable
            raise kind(error.message) from error
        except ConnectorError as error:
            raise Unavailable(error.message) from error


def read(response: Response, *, is_write: bool) -> Reply:
    """The data of an answer. Raises what an answer without data means."""
    answer = parsed(response)
    if response.status != 200 or not isinstance(answer, dict):
        raise error_of(response, is_write=is_write)
    errors, data = answer.get("errors"), answer.get("data")
    if errors and not _is_only_partly_denied(errors, data):
        raise _told(errors, answer, is_write=is_write)
    if not isinstance(data, dict):
        raise SchemaChanged(_("The shop's answer has no data."), raw=response.text[:RAW])
    return Reply(data, response.headers)


def parsed(response: Response) -> Any:
    """The JSON of an answer; None where it has none."""
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def _is_only_partly_denied(errors: Any, data: Any) -> bool:
    """Whether just fields within the records are kept from us, such as addresses without access to protected data."""
    return (
        isinstance(data, dict)
        and isinstance(errors, list)
        and all(_code(each) == DENIED for each in errors)
        and all(value is not None for value in data.values())
    )


def _code(error: Any) -> str:
    extensions = error.get("extensions") if isinstance(error, dict) else None
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _told(errors: Any, answer: Row, *, is_write: bool) -> ChannelError:
    """What errors of a GraphQL answer mean: those of the request itself are refused before anything is done."""
    rows = errors if isinstance(errors, list) else [{"message": str(errors)}]
    codes = {_code(each) for each in rows}
    text = "; ".join(
        str(each.get("message", "")) if isinstance(each, dict) else str(each) for each in rows
    )
    details = {"raw": json.dumps(rows, default=str)[:RAW]}
    told = _("The shop refused: %(text)s") % {"text": text}
    if THROTTLED in codes:
        return Throttled(_("The shop gets too many requests."), wait_of(answer), **details)
    if DENIED in codes:
        return ScopeMissing(told, **details)
    if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
        kind = Unknown if is_write else Unavailable
        return kind(_("The shop failed: %(text)s") % {"text": text}, **details)
    return SchemaChanged(told, **details)


def wait_of(answer: Row) -> float:
    """The seconds until the points that a document costs have come back."""
    try:
        cost = answer["extensions"]["cost"]
        status = cost["throttleStatus"]
        lacking = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return min(max(0.1, lacking / float(status["restoreRate"])), LONGEST_WAIT)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return WAIT


def error_of(response: Response, *, is_write: bool) -> ChannelError:
    """What an answer means that is none of GraphQL."""
    status, told = response.status, {"status": response.status, "raw": response.text[:RAW]}
    if status in (429, 430):
        return Throttled(_("The shop gets too many requests."), _asked_wait(response), **told)
    if 300 <= status < 400:
        text = _("The shop sends requests on to %(address)s. Enter the address that it uses.")
        return Unavailable(text % {"address": response.location or "?"}, **told)
    if status == 401:
        return AuthEnded(
            _("The shop no longer takes our token. Connect the channel again."), **told
        )
    if is_write and status not in NOT_DONE and (status >= 500 or status < 300):
        return Unknown(_("The shop failed: %(text)s") % {"text": f"HTTP {status}"}, **told)
    if status == 403:
        return ScopeMissing(_("The shop doesn't let the app in (HTTP 403)."), **told)
    text = _("The shop didn't answer (HTTP %(status)s). Is its address right, and the shop open?")
    return Unavailable(text % {"status": status}, **told)


def _asked_wait(response: Response) -> float:
    told = response.headers.get("retry-after", "")
    try:
        return min(float(told), LONGEST_WAIT)
    except ValueError:
        return WAIT


def require_done(answer: Row | None, name: str = "userErrors") -> Row:
    """The result of a write. Raises Invalid for what the shop says against it, NotFound for what it doesn't have."""
    if answer is None:
        raise SchemaChanged(_("The shop's answer has no data."))
    errors: Sequence[Row] = answer.get(name) or ()
    if not errors:
        return answer
    text = "; ".join(str(each.get("message", "")) for each in errors)
    codes = {str(each.get("code") or "") for each in errors}
    kind = NotFound if codes == {"NOT_FOUND"} else Invalid
    raise kind(_("The shop refused: %(text)s") % {"text": text}, raw=json.dumps(list(errors))[:RAW])


def gid(kind: str, id: str) -> str:
    """The global ID of a record by its number."""
    return f"gid://shopify/{kind}/{id}"


def tail(id: object) -> str:
    """The number in a global ID, which may have parameters behind it; empty for none."""
    return str(id).rpartition("/")[2].partition("?")[0] if id else ""
