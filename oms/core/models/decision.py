"""Why the program chose what it chose."""

from django.db import models
from django.db.models.functions import Now


class Decision(models.Model):
    """A choice made by the program: the candidates, their scores, and the rules that won and lost."""

    kind = models.CharField(max_length=30)
    subject_type = models.CharField(max_length=20)
    subject_number = models.CharField(max_length=40)
    chosen = models.JSONField()
    candidates = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_number"], name="decision_of_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.subject_number}"
