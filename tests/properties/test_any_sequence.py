"""Any sequence of what people do leaves stock, orders, payments and returns as a small model says, verify holds, and
everything can be brought to its end.

The suite runs the same sequences each time; `python -m tests.properties.long N SEED` looks for new ones.
"""

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.business import Business
from tests.properties.business.world import found

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    found()


@pytest.mark.parametrize("batch", range(3))
def test_any_sequence_of_operations_holds(world, batch):
    machine = seed(batch)(type("Business", (Business,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
