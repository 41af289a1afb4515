"""What was done at a scanner station, once for each id that its device gave it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class StationAction(models.Model):
    """What was done at a station, with its answer: sent again with the same id, it is answered and not done again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=12)
    body = models.JSONField()
    answer = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("station action")

    def __str__(self) -> str:
        return f"{self.action} {self.id}"
