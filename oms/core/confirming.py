"""Asking before something unusual is done: it is refused with a question, and done when asked for again with a yes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from oms.core.errors import NeedsConfirmation

Agreed = bool | frozenset[str]  # all there may be to ask, or just these questions
_agreed: ContextVar[Agreed] = ContextVar(
    "what whoever asks for this has said yes to", default=False
)


@contextmanager
def agreed(answer: Agreed) -> Iterator[None]:
    """Take an answer along: a program's yes to whatever is asked, a person's to the questions that they saw."""
    token = _agreed.set(answer)
    try:
        yield
    finally:
        _agreed.reset(token)


def ask(question: str, **details: Any) -> None:
    """Raise NeedsConfirmation with a question (what would become of the rest), unless it was answered with yes.

    A person's yes is to the very words: where the facts have changed since, they are asked anew.
    """
    answer = _agreed.get()
    if answer is True or (isinstance(answer, frozenset) and question in answer):
        return
    raise NeedsConfirmation(question, **details)
