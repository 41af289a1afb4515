"""Forms that are sent twice take effect once."""

from typing import Any
from uuid import uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from oms.core import idempotency
from oms.core.errors import Conflict


def key_of(request: HttpRequest) -> str:
    """The one-time key of a form: sent twice, it takes effect once; two forms are two acts."""
    return request.POST.get("form_key", "")[:100]


def key_to_send(request: HttpRequest) -> str:
    """The key of a form that is shown: the same until it is done."""
    return uuid4().hex if was_done(request) else key_of(request) or uuid4().hex


def sender(request: HttpRequest) -> str:
    return f"form of user {request.user.pk}"


def was_done(request: HttpRequest) -> bool:
    return bool(key_of(request)) and idempotency.is_known(sender(request), key_of(request))


def entered(request: HttpRequest) -> dict[str, Any]:
    """What a form is about: its page and its entries."""
    kept = {
        name: request.POST.getlist(name)
        for name in request.POST
        if name not in ("csrfmiddlewaretoken", "version", "form_key", "agreed")
    }
    return {"path": request.path, "entries": kept}


def sent_already() -> Conflict:
    return Conflict(
        _(
            "This form was sent already, with other entries, and that was done. Look at the document; send "
            "this once more if you want both."
        ),
        code="key_reused",
    )
