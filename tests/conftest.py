"""What every test may use."""

import pytest

from oms.core import outbox
from oms.insights import verification


@pytest.fixture
def drain():
    """Deliver the events that are due, as the worker would."""
    return outbox.drain


@pytest.fixture
def verified(db):
    """Check every invariant when the test is over."""
    yield
    outbox.drain()
    assert [str(breach) for breach in verification.breaches()] == []
