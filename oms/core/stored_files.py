"""Files of documents: the legal ones are frozen, the others can be made again."""

import hashlib

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _

from oms.core.errors import Refused
from oms.core.models import StoredDocument


def freeze(
    kind: str, *, subject_type: str, subject_number: str, content: bytes, suffix: str = "pdf"
) -> StoredDocument:
    """Keep the bytes of a legal document for good; called again it returns the first ones."""
    known = legal(kind, subject_type=subject_type, subject_number=subject_number)
    if known:
        return known
    stored = StoredDocument(
        kind=kind,
        subject_type=subject_type,
        subject_number=subject_number,
        is_legal=True,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    stored.file.save(f"{subject_number}-{kind}.{suffix}", ContentFile(content), save=False)
    StoredDocument.objects.bulk_create([stored], ignore_conflicts=True)
    frozen = legal(kind, subject_type=subject_type, subject_number=subject_number)
    assert frozen is not None
    return frozen


def keep(
    kind: str,
    *,
    subject_type: str,
    subject_number: str,
    content: "bytes | File[bytes]",
    suffix: str = "pdf",
) -> StoredDocument:
    """Keep a file that may be made again."""
    file = ContentFile(content) if isinstance(content, bytes) else content
    digest = hashlib.sha256()
    for part in file.chunks():
        digest.update(part)
    stored = StoredDocument(
        kind=kind,
        subject_type=subject_type,
        subject_number=subject_number,
        sha256=digest.hexdigest(),
    )
    stored.file.save(f"{subject_number}-{kind}.{suffix}", file)
    return stored


def legal(kind: str, *, subject_type: str, subject_number: str) -> StoredDocument | None:
    """The frozen file of a legal document, if there is one yet."""
    return StoredDocument.objects.filter(
        kind=kind, subject_type=subject_type, subject_number=subject_number, is_legal=True
    ).first()


def read(stored: StoredDocument) -> bytes:
    """The bytes of a stored document. Raises Refused where they are not what was stored."""
    with stored.file.open("rb") as file:
        content: bytes = file.read()
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise Refused(
            _("The stored file for %(stored)s has been modified. Restore it from a backup.")
            % {"stored": stored}
        )
    return content
