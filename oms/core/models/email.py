"""Mails to customers, each kept as it was sent."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.models.company import Company


class Email(models.Model):
    """A mail to a customer: its words, its files by what they are, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not accepted")
        UNKNOWN = "unknown", _("outcome unknown")

    key = models.CharField(max_length=80, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    files = models.JSONField(default=list, blank=True)
    subject_type = models.CharField(max_length=20)
    subject_number = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    tried_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["subject_number"], name="email_of_subject"),
            models.Index(
                fields=["state", "tried_at"],
                condition=~models.Q(state="sent"),
                name="email_not_sent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"
