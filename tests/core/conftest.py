"""What several tests of the core use."""

from dataclasses import dataclass

import pytest

from oms.core import event_catalog


@dataclass(frozen=True)
class Happened:
    n: int = 0
    good: bool = False


@pytest.fixture
def test_event(monkeypatch):
    """Have "test.happened" declared for one test."""
    kinds = {**event_catalog._declared} if event_catalog.declared() else {}
    monkeypatch.setattr(event_catalog, "_declared", kinds)
    return event_catalog.event("test.happened", Happened, "Something happened.", is_internal=True)
