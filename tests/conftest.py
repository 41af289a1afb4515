"""What every test may use."""

import pytest

from oms.core import outbox


@pytest.fixture
def drain():
    """Deliver the events that are due, as the worker would."""
    return outbox.drain
