"""The base of numbered documents, and stored files of legal ones."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from oms.core.locking import LockRank
from oms.core.models.company import Company
from oms.core.models.user import User


class Document(models.Model):
    """A numbered record with a status that only `states.advance` writes, and a version that each change raises."""

    TRANSITIONS: ClassVar[dict[str, tuple[str, ...]]] = {}
    lock_rank: ClassVar[LockRank]
    lock_select_related: ClassVar[
        tuple[str, ...]
    ] = ()  # relations that operations need, read with the lock
    subject_type: ClassVar[str]
    news = ""  # what the operation that returned it wants to say besides "done"

    if TYPE_CHECKING:
        status: Any
        number: Any
        event_data: dict[str, Any]

    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(editable=False, db_default=Now())
    status_at = models.DateTimeField(editable=False, db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.number)

    @property
    def order_number(self) -> str:
        """The number of the order that this belongs to, for its timeline; empty where there is none."""
        return ""


class StoredDocument(models.Model):
    """A rendered file: legal ones are frozen with their hash, and a copy prints the same bytes."""

    subject_type = models.CharField(max_length=20)
    subject_number = models.CharField(max_length=40)
    kind = models.CharField(max_length=30)
    file = models.FileField(upload_to="documents/%Y/%m/")
    sha256 = models.CharField(max_length=64)
    is_legal = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_number", "kind"],
                condition=models.Q(is_legal=True),
                name="legal_document_is_frozen_once",
            )
        ]
        indexes = [models.Index(fields=["subject_type", "subject_number"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_number}"


__all__ = ["Company", "Document", "StoredDocument", "User"]
