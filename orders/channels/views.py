"""The door at which channels tell of changes by themselves."""

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from oms.core.errors import DomainError
from orders.channels import accounts, incoming
from orders.channels.connectors.errors import BadSignature, SchemaChanged
from orders.channels.models import ChannelAccount

MOST_BYTES = 5 * 1024 * 1024
log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def door(request: HttpRequest, name: str) -> HttpResponse:
    """Store what a channel tells, and answer at once: 401 if it isn't signed, 413 if it is too large.

    GET is a channel that asks whether the address is ours.
    """
    account = ChannelAccount.objects.filter(door=name, sealed__isnull=False).first()
    if account is None or (request.method == "POST" and account.connected_at is None):
        raise Http404
    if request.method == "GET":
        return _challenged(account, request.GET.get("challenge_code", ""))
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    try:
        incoming.receive(account, request.headers, body)
    except BadSignature:
        return HttpResponse(status=401)
    except SchemaChanged:
        return HttpResponse(status=400)
    except DomainError as error:
        log.warning("channel_door_failed account=%s error=%s", account.pk, error.code)
        return HttpResponse(status=503)
    return HttpResponse(status=200)


def _challenged(account: ChannelAccount, code: str) -> HttpResponse:
    """The answer to a channel's question whether an address is ours; a 405 where it asks none."""
    try:
        text = accounts.answer_challenge(account, code) if code else None
    except DomainError as error:
        log.warning("channel_door_failed account=%s error=%s", account.pk, error.code)
        return HttpResponse(status=503)
    if text is None:
        return HttpResponseNotAllowed(["POST"])
    return HttpResponse(text, content_type="application/json")


def _body(request: HttpRequest) -> bytes | None:
    """The body, read no further than it may be long; None for a longer one."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return None
        text = request.read(MOST_BYTES + 1)
    except (ValueError, RequestDataTooBig):
        return None
    return text if len(text) <= MOST_BYTES else None


urlpatterns = [path("<str:name>/", door, name="channel_door")]
