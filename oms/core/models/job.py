"""Long work with progress and a result per row."""

from django.conf import settings
from django.db import models


class Job(models.Model):
    """Work too long for a request. Its progress is this row, whichever worker does it."""

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.title} ({self.done + self.failed}/{self.total})"


class JobResult(models.Model):
    """What became of one row of a job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="results")
    subject = models.CharField(max_length=60)
    succeeded = models.BooleanField()
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subject}: {self.message or 'done'}"
