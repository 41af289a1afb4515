"""Events: at once the timeline of a document and the outbox of what happens next."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """Something that happened to a document. Written in the transaction that did it, numbered after commit."""

    name = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=20)
    subject_number = models.CharField(max_length=40)
    order_number = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    actor = models.CharField(
        max_length=80, blank=True, default="", db_default=""
    )  # who did it, where that was no user
    at = models.DateTimeField(db_default=Now())
    position = models.BigIntegerField(null=True, unique=True)
    is_drained = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, help_text=_("Not delivered before; empty: at once."))
    written_at = models.DateTimeField(
        db_default=Now()
    )  # whatever day `at` says that it happened on

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_number", "id"], name="event_of_subject"),
            models.Index(
                fields=["order_number", "id"],
                condition=~models.Q(order_number=""),
                name="event_of_order",
            ),
            models.Index(fields=["id"], condition=models.Q(position=None), name="event_to_number"),
            models.Index(
                fields=["position"], condition=models.Q(is_drained=False), name="event_to_drain"
            ),
            models.Index(
                fields=["subject_type", "subject_number", "position"],
                condition=models.Q(is_drained=False),
                name="event_of_subject_to_drain",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_number}"

    @property
    def who(self) -> str:
        """Who did it; empty where the program did it by itself."""
        return str(self.by) if self.by else self.actor


class Delivery(models.Model):
    """An event's way to one handler: the mark that its effect is done, or the attempts that failed."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=80)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    claimed_by = models.CharField(
        max_length=120, blank=True, db_default=""
    )  # the heartbeat of who is at it
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "handler"], name="one_effect_per_event_and_handler"
            )
        ]
        indexes = [
            models.Index(
                fields=["parked_at"], condition=~models.Q(parked_at=None), name="delivery_parked"
            ),
            models.Index(
                fields=["attempts"], condition=models.Q(done_at=None), name="delivery_to_do"
            ),
            models.Index(
                fields=["claimed_by"], condition=~models.Q(claimed_by=""), name="delivery_claimed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handler} of {self.event_id}"


class Stream(models.Model):
    """The counter that gives committed events their positions: one row."""

    last_position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_position)
