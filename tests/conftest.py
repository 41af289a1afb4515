"""What every test may use."""

from importlib import import_module

import pytest
from django.apps import apps

from oms.core import outbox
from oms.core.models import Stream
from oms.insights import verification


@pytest.fixture(autouse=True)
def base_rows(request):
    """What migrations inserted; a test with real commits before this one has emptied the tables."""
    if request.node.get_closest_marker("django_db") is None:
        return
    request.getfixturevalue("db")
    if not Stream.objects.exists():
        Stream.objects.create()
        import_module("inventory.migrations.0002_places_outside").create_places(apps, None)
        import_module("oms.core.migrations.0003_roles").create_roles(apps, None)
        import_module("oms.core.migrations.0007_who_is_told_what").subscribe(apps, None)


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
