"""What was made while somebody had a right is refused to them once it is gone, and to whoever sees less."""

from contextlib import contextmanager

import pytest
from django.urls import reverse

from fulfillment.models import Shipment
from inventory.models import SKU
from oms.background import bulk_operations, jobs
from oms.core import extents, operations, policy
from oms.core.models import Job, Notice, Role, Subscription, Topic, User
from oms.messaging import notifications
from orders.accounting import export_runs
from orders.models import Customer, Order
from tests import builders as make

pytestmark = pytest.mark.django_db
ALIKE = {"rights": [], "tied": {}, "by": None}


@contextmanager
def without(role, *codes):
    """Within, a role lacks rights."""
    gone = list(role.permissions.filter(codename__in=codes))
    assert gone
    role.permissions.remove(*gone)
    yield
    role.permissions.add(*gone)


def person(name):
    return User.objects.get(username=name)


def exported(client, worked, page="orders_order"):
    with worked():
        client.post(reverse(f"admin:{page}_export"), {"sheet": "", "format": "csv", "query": ""})
    return Job.objects.latest("pk")


def is_refused(client, job):
    """Whether the file of a job and its link are refused; both or neither."""
    link = reverse("admin:core_job_file", args=[job.pk])
    answer = client.get(link)
    is_linked = link in client.get(reverse("admin:core_job_change", args=[job.pk])).content.decode()
    assert (answer.status_code == 200) == is_linked
    return not is_linked


def test_a_file_is_refused_once_a_right_is_gone_and_to_colleagues_who_see_less(log_in, worked):
    make.sku("TEE-M", stock={"LON": 9})
    make.confirmed(("TEE-M", 2))
    sellers = make.role("sellers", "everything", without=("oversee",))
    client = log_in("sellers")
    job = exported(client, worked)
    assert not is_refused(client, job)

    for codes in (("see_money",), ("see_cost",), ("view_order", "change_order")):
        with without(sellers, *codes):
            assert is_refused(client, job), codes
    assert not is_refused(client, job)

    overseers, overseer = make.role("overseers", "everything"), log_in("overseers")
    assert not is_refused(overseer, job)
    with without(overseers, "view_order", "change_order"):
        assert is_refused(overseer, job)
    with without(overseers, "view_invoice", "change_invoice"):  # what is paid is made of these
        assert is_refused(overseer, job)


def test_a_file_is_refused_once_a_customer_or_company_is_anothers(log_in, worked):
    make.sku("TEE-M", stock={"LON": 9})
    make.confirmed(("TEE-M", 2), customer_code="C-1")
    client = log_in("rep")
    Customer.objects.filter(code="C-1").update(rep=person("rep"))
    job = exported(client, worked)
    assert not is_refused(client, job)
    make.confirmed(("TEE-M", 1), customer_code="C-2")
    Customer.objects.filter(code="C-2").update(rep=person("rep"))
    assert not is_refused(client, job)

    Customer.objects.filter(code="C-1").update(rep=None)

    assert is_refused(client, job)
    assert not is_refused(client, exported(client, worked))


def test_results_of_a_job_are_closed_like_its_file(log_in, worked):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2))
    clerks = make.role("clerks", "everything", without=("oversee",))
    client = log_in("clerks")
    with worked():
        step = operations.of(Order)["confirm"]
        job = bulk_operations.submit(step, [order.pk], by=person("clerks"))
    page = reverse("admin:core_job_change", args=[job.pk])
    assert order.number in client.get(page).content.decode()

    with without(clerks, "view_order", "change_order"):
        assert order.number not in client.get(page).content.decode()


def test_a_companys_export_is_for_its_accountants_with_money_and_documents(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 2))
    run = export_runs.prepare(make.company(), "invoice_lines", file_format="csv")
    jobs.work(run.job_id)
    own = make.role("books", "companies")
    client, link = log_in("books"), reverse("admin:orders_exportrun_file", args=[run.pk])
    make.company().staff.add(person("books"))
    assert client.get(link).status_code == 200

    for codes in (("view_payment", "change_payment"), ("see_money",)):
        with without(own, *codes):
            assert client.get(link).status_code == 302, codes


def test_notices_with_amounts_or_about_what_is_not_seen_any_more_are_gone(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2), customer_code="C-1")
    role = Role.objects.get(name="rep")
    Customer.objects.filter(code="C-1").update(rep=make.user("rep", "rep"))
    log_in("rep")
    Subscription.objects.all().delete()
    Subscription.objects.create(topic=Topic.ON_HOLD, role=role, mail="at_once")
    for amount in ("7.77", None):
        notifications.tell(
            Topic.ON_HOLD,
            f"They owe {amount}",
            without_amounts="It is on hold" if amount else None,
            rep=person("rep"),
            subject_type="order",
            subject_number=order.number,
        )
    read = [notice.text for notice in policy.scope(Notice, person("rep"))]
    assert read == ["They owe 7.77", "They owe None"]

    with without(role, "see_money"):
        assert [each.text for each in policy.scope(Notice, person("rep"))] == ["They owe None"]
    Customer.objects.filter(code="C-1").update(rep=None)
    notifications.send_at_once()

    assert not policy.scope(Notice, person("rep")).exists()
    assert set(Notice.objects.values_list("mail", "mailed_at")) == {("no", None)}


def test_an_extent_covers_as_many_rows_and_no_more(log_in):
    log_in("picker")
    picker, places = person("picker"), [make.warehouse("LON"), make.warehouse("LEE")]
    for place in places:
        place.staff.add(picker)
    seen = extents.seen_by(picker, SKU)

    assert extents.covers(picker, seen) and extents.covers(make.user("m", "manager"), seen)
    assert extents.covers(picker, {}) and not extents.covers(
        make.user("nobody"), {**ALIKE, "kinds": {"orders.Order": []}}
    )
    assert not extents.covers(picker, extents.seen_by(None, Shipment))
    own = extents.seen_by(picker, Shipment)
    assert own["tied"] == {"warehouses": sorted(place.pk for place in places)}
    places[0].staff.remove(picker)
    assert not extents.covers(picker, own) and extents.covers(picker, seen)
