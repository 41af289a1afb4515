"""What people are told."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Notice(models.Model):
    """A message to a person in the admin."""

    to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    text = models.CharField(max_length=300)
    subject_type = models.CharField(max_length=20, blank=True)
    subject_number = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["to", "-id"], condition=models.Q(read_at=None), name="notice_unread")]

    def __str__(self) -> str:
        return self.text
