"""What the property tests share."""

import pytest

from orders.accounting import printing


@pytest.fixture
def no_files(monkeypatch):
    """Draw no papers: sums are all that is asked."""
    monkeypatch.setattr(printing, "freeze_invoice", lambda document: None)
