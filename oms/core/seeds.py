"""The rows of the core that every installation has."""

from oms.core import roles
from oms.core.models import Role, Stream, Subscription
from oms.core.policies import RULES


def seed() -> None:
    """Write the counter of events, the built-in roles and, the first time, the notification rules."""
    is_new = not Role.objects.exists()
    Stream.objects.get_or_create(pk=1)
    roles.seed()
    if is_new:
        known = {role.name: role for role in Role.objects.all()}
        Subscription.objects.bulk_create(
            Subscription(role=known[role], topic=topic, mail=mail) for role, topic, mail in RULES
        )
