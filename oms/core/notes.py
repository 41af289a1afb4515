"""What people write and attach to documents."""

from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext as _

from oms.core import limits, policy
from oms.core.errors import NotAllowed, Refused
from oms.core.models import Document, Note, User

MOST_BYTES = 20 * 2**20


def write(
    document: Document,
    text: str,
    *,
    by: User,
    file: "File[bytes] | None" = None,
    visible_to_warehouse: bool = False,
) -> Note:
    """Leave a remark on a document, with a file of at most MOST_BYTES. Raises Refused for an empty or too large one."""
    text = text.strip()
    limits.require("note", text)
    if not text and file is None:
        raise Refused(_("Enter a note or attach a file."), code="empty")
    if file is not None and (file.size or 0) > MOST_BYTES:
        raise Refused(
            _("The file is too large. The maximum is %(MOST_BYTES)s MB.")
            % {"MOST_BYTES": MOST_BYTES // 2**20},
            code="too_large",
        )
    note = Note(
        subject_type=document.subject_type,
        subject_number=document.number,
        text=text[:5000],
        by=by,
        visible_to_warehouse=visible_to_warehouse or not by.sees_money,
        file_name=(file.name or "")[:200] if file else "",
    )
    if file is not None:
        note.file.save(f"{document.number}-{file.name}", file, save=False)
    note.save()
    return note


def of(document: Document, user: User) -> Any:
    """The notes on a document that a person may read, the newest first: the floor sees those meant for it."""
    rows = Note.objects.filter(subject_type=document.subject_type, subject_number=document.number)
    rows = rows if user.sees_money else rows.filter(visible_to_warehouse=True)
    return rows.select_related("by").order_by("-pk")


def remove(note: Note, *, by: User) -> None:
    """Take one's own note away."""
    if note.by_id != by.pk and not policy.may(by, "delete", Note):
        raise NotAllowed(_("You can only delete your own notes. Ask someone who may delete notes."))
    note.delete()
