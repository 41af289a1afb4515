"""What every test may use."""

import gc
import os

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from oms.core import outbox
from oms.insights import stock_rules, verification
from oms.insights.invariants import check
from oms.printing import rendering
from tests import database, kept_plans, plain_pdf

# A busy machine is no fault. CI judges a change by the same examples each time; new ones are looked for elsewhere.
settings.register_profile(
    "oms",
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
    derandomize="CI" in os.environ,
)
settings.load_profile("oms")


def pytest_collection_modifyitems(items):
    """Browsers begin: they wait more than they work, and the longest test must not be the last one."""
    items.sort(key=lambda item: "/browser/" not in str(item.path))


def pytest_collection_finish(session):
    """What was imported and collected lives to the end: don't look through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def django_db_setup(request, django_test_environment, django_db_blocker):
    """A database of this worker's own, copied from one that was migrated."""
    with django_db_blocker.unblock():
        database.create(getattr(request.config, "workerinput", {}).get("workerid", ""))
    before, TransactionTestCase._fixture_teardown = (
        TransactionTestCase._fixture_teardown,
        _undo_commits,
    )
    yield
    TransactionTestCase._fixture_teardown = before
    with django_db_blocker.unblock():
        database.drop()


def _undo_commits(test):
    """In place of emptying every table, and filling again what migrations wrote."""
    database.undo_commits()


@pytest.fixture(autouse=True)
def pdf_engine(request, monkeypatch):
    """PDFs are text on one page, from the same templates, unless the test is marked `papers`: it looks at them."""
    if request.node.get_closest_marker("papers") is None:
        monkeypatch.setattr(rendering, "draw", plain_pdf.draw)


@pytest.fixture
def drain():
    """Deliver the events that are due, as the worker would."""
    return outbox.drain


@pytest.fixture
def verified(db):
    """Check every invariant when the test is over, unless all it did was in a transaction that wrote nothing."""
    yield
    if connection.in_atomic_block and not database.wrote():
        return
    outbox.drain()
    assert [str(breach) for breach in verification.breaches(ask=kept_plans.rows_of)] == []


@pytest.fixture
def sums_verified(db):
    """Check the sums of stock alone: what these tests promise is for no order that anybody would ship."""
    yield
    outbox.drain()
    assert [str(breach) for breach in check(stock_rules.RULES, ask=kept_plans.rows_of)] == []
