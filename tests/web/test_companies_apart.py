"""Of two companies with data of every kind, a person of one finds nothing of the other's, wherever they look."""

import pytest

from oms.core import policy
from oms.core.models import Company, Event, User
from tests import builders as make
from tests.web.test_rights import Crawl, addresses, each_of_the_api
from tests.web.two_companies import (
    OURS,
    THEIRS,
    forms,
    named,
    numbers_of,
    of_company,
    pickers,
    plant_both,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def branch(log_in):
    """Somebody with all rights within their own company."""
    plant_both()
    make.role("branch", "companies")
    client = log_in("branch")
    make.company(OURS).staff.add(make.user("branch"))
    return client


def test_each_kind_of_record_shows_its_own_companys_rows_alone(branch):
    person = User.objects.get(username="branch")
    theirs, ours = of_company(THEIRS), of_company(OURS)

    without = {model.__name__ for model, rows in theirs.items() if not rows.exists()}
    leaked = {
        model.__name__: list(found[:3])
        for model, rows in theirs.items()
        if (found := policy.scope(model, person).filter(pk__in=rows.values("pk"))).exists()
    }
    missing = {
        model.__name__
        for model, rows in ours.items()
        if policy.may(person, "view", model)
        and rows.exclude(pk__in=policy.scope(model, person).values("pk")).exists()
    }
    events = policy.scope(Event, person)

    assert without == set()
    assert leaked == {}
    assert missing == {"WebhookEndpoint", "WebhookDelivery"}  # those of the person's own
    assert len(theirs) > 50
    assert {*events.values_list("subject_number", flat=True)} & numbers_of(OURS)
    assert not {*events.values_list("subject_number", flat=True)} & numbers_of(THEIRS)


def test_no_page_file_or_address_names_what_is_the_other_companys(branch, worked):
    numbers = numbers_of(THEIRS)

    crawl = Crawl(branch, worked, formats=("csv",)).visit(
        *("/admin/", "/stations/", "/admin/search/?s=qux", *addresses()),
        *(*pickers("", "qux"), *forms(), *each_of_the_api()),
    )

    found = {address: named(text, numbers) for address, text in crawl.texts.items()}
    assert len(numbers) > 25 and len(crawl.texts) > 1400
    assert {"/admin/autocomplete/", "/do/", "/file/"} <= {
        part
        for part in ("/admin/autocomplete/", "/do/", "/file/")
        if part in str(list(crawl.texts))
    }
    assert {address: names for address, names in found.items() if names} == {}
    assert Company.objects.filter(code=THEIRS).exists()
