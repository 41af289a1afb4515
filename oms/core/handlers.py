"""What the core does by itself."""

from django.conf import settings

from oms.core import notices, people
from oms.core.event_handlers import on
from oms.core.models import Event, User


@on(people.INVITED, calls_world=True)
def mail_invitation(event: Event) -> None:
    """Send the link; it is made now, so that it counts its days from the email."""
    person = User.objects.filter(pk=event.subject_number, is_active=True).first()
    if person is not None:
        notices.email(person.email, "invitation", {
            "person": person, "link": event.data["site"] + people.link_for(person),
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400}, key=f"invitation-{event.pk}")
