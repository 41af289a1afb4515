"""Telling people: in the admin, and by e-mail."""

from collections.abc import Iterable

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone

from oms.core.models import Notice, User


def tell(people: Iterable[User], text: str, *, subject_type: str = "", subject_number: str = "") -> list[Notice]:
    """Leave a notice in the admin for each of these people."""
    return Notice.objects.bulk_create(
        Notice(to=person, text=text, subject_type=subject_type, subject_number=subject_number) for person in people
    )


def tell_role(role: str, text: str, *, subject_type: str = "", subject_number: str = "") -> list[Notice]:
    """Leave a notice for everybody in a role."""
    people = User.objects.filter(is_active=True, groups__name=role)
    return tell(people, text, subject_type=subject_type, subject_number=subject_number)


def mark_read(notices: Iterable[Notice]) -> None:
    """Take notices off the list of what is new."""
    Notice.objects.filter(pk__in=[notice.pk for notice in notices], read_at=None).update(read_at=timezone.now())


def email(to: str, template: str, context: dict[str, object], *, key: str) -> None:
    """Send an e-mail from a template whose first line is the subject; outside any transaction.

    `key` becomes the Message-ID, so that a message sent again after a crash is recognized as the same one.
    """
    if not to:
        return
    subject, _, body = render_to_string(f"emails/{template}.txt", context).strip().partition("\n")
    EmailMessage(subject, body.strip() + "\n", to=[to], headers={"Message-ID": f"<{key}@oms>"}).send()
