"""Letting people in: a link by which they set their own password, once."""

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from oms.core import events
from oms.core.errors import Refused
from oms.core.locking import atomic
from oms.core.models import Event, User

INVITED = "person.invited"


def invite(person: User, *, site: str, by: User) -> Event:
    """Ask for the email that lets a person set a password; `site` is the address that they reach us at.

    The event holds no link: whoever reads events must not be able to use it.
    """
    if not person.is_active:
        raise Refused(
            _("%(person)s isn't active. Check “active” first, then send the link.")
            % {"person": person}
        )
    if not person.email:
        raise Refused(
            _("%(person)s has no email address. Enter one first, then send the link.")
            % {"person": person}
        )
    with atomic():
        return events.record(
            INVITED, subject_type="person", subject_number=str(person.pk), by=by, site=site
        )


def link_for(person: User) -> str:
    """Return the path of a link that sets a password: it works once, and for as long as settings say."""
    key = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("set_password", args=[key, default_token_generator.make_token(person)])
