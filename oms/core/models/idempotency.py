"""Requests that must take effect once, however often they are sent."""

from django.db import models
from django.db.models.functions import Now


class IdempotencyKey(models.Model):
    """A client's key of a finished request, with the answer to replay. Inserted in the request's own transaction."""

    client = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    body_hash = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="one_request_per_client_and_key")
        ]

    def __str__(self) -> str:
        return f"{self.client}: {self.key}"
