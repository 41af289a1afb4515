"""Processes that work, serve or keep the clock, each with when it was last seen."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """A process that says every few seconds that it lives. What a dead one had claimed is free again."""

    class Kind(models.TextChoices):
        WORKER = "worker", _("worker")
        CLOCK = "clock", _("clock")
        SERVER = "server", _("server")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    host = models.CharField(max_length=80)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "-seen_at"], name="heartbeat_newest")]

    def __str__(self) -> str:
        return self.name
