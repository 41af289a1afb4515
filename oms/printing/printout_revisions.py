"""Codes on papers that name a document and its revision, and what changed since one was printed."""

import re

from django.db.models import Max

from oms.core.models import Document, Event

_CODE = re.compile(r"(?P<number>[A-Z]{2,4}-\d+)\.(?P<revision>\d+)")


def code(document: Document, *others: Document) -> str:
    """The number and the revision: the last event of the document, or of others whose changes it shows."""
    return f"{document.number}.{revision(document, *others)}"


def revision(*documents: Document) -> int:
    """The last event of documents of one kind or several; zero where nothing happened yet."""
    last = (
        Event.objects.filter(
            subject_type=document.subject_type, subject_number=document.number
        ).aggregate(last=Max("pk"))["last"]
        for document in documents
    )
    return max((each or 0 for each in last), default=0)


def parse(scanned: str) -> tuple[str, int | None]:
    """The number in what was scanned or typed, and the revision, if it is a paper's code."""
    found = _CODE.fullmatch(scanned.strip())
    return (found["number"], int(found["revision"])) if found else (scanned.strip(), None)


def changed_since(printed: int, *documents: Document) -> list[Event]:
    """What happened to documents after a paper of them was printed, oldest first."""
    found = [
        event
        for document in documents
        for event in Event.objects.filter(
            subject_type=document.subject_type, subject_number=document.number, pk__gt=printed
        ).select_related("by")
    ]
    return sorted(found, key=lambda event: event.pk)
