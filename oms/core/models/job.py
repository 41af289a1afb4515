"""Long work with progress and a result per row."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Work too long for a request. Its progress is this row, whichever worker does it.

    `details` is what its kind needs to do it, and to do it again; while a worker is at it, it is leased.
    """

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    details = models.JSONField(default=dict)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(
        null=True
    )  # since when it waits for a worker; empty: nobody asked for it yet
    claimed_by = models.CharField(
        max_length=120, blank=True, db_default=""
    )  # the heartbeat of who is at it
    attempts = models.PositiveSmallIntegerField(db_default=0)
    error = models.TextField(blank=True)
    extent = models.JSONField(
        default=dict, db_default={}
    )  # what its person saw of the records that its results and files show

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(finished_at=None), name="job_to_do")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.done + self.failed}/{self.total})"

    @property
    def is_running(self) -> bool:
        """Whether a worker is at it now."""
        return (
            self.finished_at is None
            and self.leased_until is not None
            and self.leased_until > timezone.now()
        )

    @property
    def waits(self) -> bool:
        """Whether it was asked for, and no worker is at it."""
        return self.due_at is not None and self.finished_at is None and not self.is_running


class JobResult(models.Model):
    """What became of one row of a job: the record or the line by its `key`, and of a file the column that is wrong."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="results")
    key = models.CharField(max_length=40, blank=True)
    subject = models.CharField(max_length=60)
    column = models.CharField(max_length=60, blank=True)
    succeeded = models.BooleanField()
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.subject}: {self.message or 'done'}"


class JobRows(models.Model):
    """What became of the rows of a batch that were imported: [row in the file, outcome, what changed] each.

    One record a batch, not one a row as for what failed: of 100,000 rows nearly all succeed and few are ever looked
    at, and as many records with their indexes would cost about what the imported records cost.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="batches")
    rows = models.JSONField()

    class Meta:
        verbose_name = verbose_name_plural = _("results of job rows")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.job_id}: {len(self.rows)} rows"
