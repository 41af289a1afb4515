"""Addresses that mean nothing."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from oms.core.limits import UNWRITABLE


class PlainAddresses:
    """Refuse an address with characters that no record's name has, before anything is looked for by it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        texts = (
            request.path_info,
            *(text for values in request.GET.lists() for text in (values[0], *values[1])),
        )
        if any(UNWRITABLE.search(text) for text in texts):
            raise BadRequest(_("This address has an invisible character. Remove it and try again."))
        return self.get_response(request)
