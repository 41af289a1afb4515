"""What people write and attach to documents."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Note(models.Model):
    """A remark on a document, perhaps with a file. The floor (picker, packer) sees only what is meant for it."""

    subject_type = models.CharField(max_length=20)
    subject_number = models.CharField(max_length=40)
    text = models.TextField(blank=True, max_length=5000)
    file = models.FileField(upload_to="attachments/%Y/%m/", blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    visible_to_warehouse = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_number"], name="notes_of_subject")]

    def __str__(self) -> str:
        return self.text[:60] or self.file_name
