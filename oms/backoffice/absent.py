"""What a page answers for a record that isn't there, or isn't the person's to see: both read the same."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _


def answer(request: HttpRequest, opts: Any, key: Any) -> HttpResponseRedirect:
    """Lead home, and say that no record of a kind (its model's options) has this key."""
    messages.warning(
        request,
        _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?")
        % {"name": opts.verbose_name, "key": key},
    )
    return HttpResponseRedirect(reverse("admin:index"))
