"""Leaving behind why the program decided as it did."""

from typing import Any

from django.db.models import QuerySet

from oms.core.models import Decision


def record(
    kind: str,
    *,
    subject_type: str,
    subject_number: str,
    chosen: Any,
    candidates: list[Any],
    reasons: list[str],
) -> Decision:
    """Keep a decision with its candidates, their scores and the reasons."""
    return Decision.objects.create(
        kind=kind,
        subject_type=subject_type,
        subject_number=subject_number,
        chosen=chosen,
        candidates=candidates,
        reasons=reasons,
    )


def about(subject_type: str, subject_number: str) -> QuerySet[Decision]:
    """The decisions about a document, newest first."""
    return Decision.objects.filter(
        subject_type=subject_type, subject_number=subject_number
    ).order_by("-id")
