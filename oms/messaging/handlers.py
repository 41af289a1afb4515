"""What the core does by itself."""

from django.conf import settings
from django.utils.translation import gettext as _

from oms.core import people, policy
from oms.core.event_handlers import on
from oms.core.models import Event, Job, Topic, User
from oms.messaging import notifications


@on(people.INVITED, external=True)
def mail_invitation(event: Event) -> None:
    """Send the link; it is made now, so that it counts its days from the email."""
    person = User.objects.filter(pk=event.subject_number, is_active=True).first()
    if person is not None:
        notifications.email(
            person,
            "invitation",
            {
                "person": person,
                "link": event.data["site"] + people.link_for(person),
                "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
            },
            key=f"invitation-{event.pk}",
        )


@on("job.failed")
def tell_of_failed_job(event: Event) -> None:
    """Tell whoever asked for the job, and whoever else wants to hear of it."""
    job = Job.objects.select_related("by").get(pk=event.subject_number)
    text = f"{job.title}: {job.error or f'{job.failed} refused'}"

    def plain() -> str:
        return _("A job failed: %(number)s.") % {"number": event.subject_number}

    told = {
        notice.to_id
        for notice in notifications.tell(
            Topic.JOB_FAILED,
            text,
            without_amounts=plain,
            subject_type="job",
            subject_number=event.subject_number,
        )
    }
    if job.by is not None and job.by_id not in told:
        notifications.tell_person(
            job.by,
            Topic.JOB_FAILED,
            text,
            subject_type="job",
            subject_number=event.subject_number,
            needs="see_money" if policy.may(job.by, "see_money") else "",
        )
