import pytest
from django.core.management import CommandError, call_command

from oms.core.models import Company, Event, Job
from oms.web import demo
from oms.web.demo.company import COMPANY
from tests import builders as make

pytestmark = pytest.mark.django_db


def test_a_demo_of_an_earlier_version_asks_to_start_over():
    make.order(lines=[("TEE-M", 1)])
    Company.objects.update(code=COMPANY)
    Job.objects.create(kind="demo", title="demo", finished_at="2027-01-31T00:00Z")
    assert not demo.is_outdated()

    Event.objects.update(name="order.no_longer_known")

    with pytest.raises(CommandError, match="earlier version: run this again with --fresh"):
        call_command("demo", "--no-serve")
