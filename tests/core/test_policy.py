"""One policy: every model has a rule, roles' permissions hold within their own reach, and nothing else is seen."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from fulfillment.models import Shipment, Wave
from inventory.models import SKU, Stock
from oms.core import inputs, operations, policy
from oms.core.models import Notice, Role
from oms.core.models.money import AMOUNT_FIELDS
from oms.core.wording import is_ours
from orders.accounting.models import Invoice
from orders.models import Customer, Order, OrderLine
from tests import builders as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders():
    """An order of one's own customer from LEE, and one of another's from LON: (mine, theirs)."""
    make.sku("TEE-M", stock={"LEE": 9})
    mine = make.confirmed(("TEE-M", 1), customer_code="C-1")
    make.sku("MUG", stock={"LON": 9})
    theirs = make.confirmed(("MUG", 1), customer_code="C-2")
    Customer.objects.filter(code="C-1").update(rep=make.user("mary"))
    return mine, theirs


def test_every_model_says_whose_rows_are_seen():
    without = {
        model for model in apps.get_models() if is_ours(model) and not policy.has_rule(model)
    }

    assert without == set()


def test_every_amount_is_declared_as_money_or_as_a_cost():
    open_to_all = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if isinstance(field, AMOUNT_FIELDS)
        and not policy.needs(model, "view")
        and field.name not in policy.hidden(model)
    ]

    assert open_to_all == []


def test_whoever_enters_an_amount_sees_amounts():
    """Percentages of a kit's price are no amounts."""
    asking = {
        f"{each.model.__name__}.{each.name}": policy.needs(each.model, each.name)
        for each in operations.every()
        if each.input and _asks_for_amounts(inputs.describe(each.input))
    }

    assert (
        asking and {name for name, needed in asking.items() if "see_money" not in needed} == set()
    )


def _asks_for_amounts(asked):
    return any(
        _asks_for_amounts(field.rows)
        if field.rows
        else field.kind is Decimal and "percent" not in field.name
        for field in asked.fields
    )


def test_a_right_that_needs_another_holds_only_with_it():
    make.role("clerk", "everything", ("view", "change", "add"))
    make.role("bookkeeper", "everything", ("view", "see_money"))
    clerk, both = make.user("ann", "clerk"), make.user("bob", "clerk", "bookkeeper")
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 1))

    assert [policy.may(person, "view", Invoice) for person in (clerk, both)] == [False, True]
    assert [policy.scope(Invoice, person).exists() for person in (clerk, both)] == [False, True]
    assert [policy.may(person, "add", Order) for person in (clerk, both)] == [False, True]
    assert [policy.shows(person, Order, "gross") for person in (clerk, both)] == [False, True]
    assert policy.may(clerk, "view", Order) and policy.shows(clerk, Order, "number")
    assert not policy.shows(both, Stock, "average_cost")


def test_a_person_without_roles_sees_nothing(orders):
    person = make.user("mary")

    assert not any(
        policy.scope(model, person).exists()
        for model in (Order, OrderLine, SKU, Stock, Notice, Role)
    )


def test_a_group_that_is_no_role_reaches_no_rows_but_master_data(orders):
    person = make.user("mary", "visitors")

    assert policy.scope(SKU, person).exists()
    assert not policy.scope(Order, person).exists() and not policy.scope(Stock, person).exists()


def test_parts_are_seen_with_their_parent(orders):
    mine, _theirs = orders

    assert set(policy.scope(OrderLine, make.user("mary", "rep"))) == set(mine.lines.all())


def test_permissions_of_two_roles_hold_each_within_its_own_reach(orders, drain):
    drain()
    person = make.user("mary", "rep", "picker")
    make.warehouse("LON").staff.add(person, make.user("staff"))
    mine, _theirs = orders

    assert list(policy.scope(Order, person)) == [mine]
    assert set(policy.scope(Shipment, person)) == set(Shipment.objects.all())
    assert policy.reaches(person, "view", Wave) == {"warehouses"}


def test_who_may_change_their_own_rows_and_look_at_all_changes_no_more(orders):
    auditor = Role.objects.create(name="auditor", reach="everything")
    auditor.permissions.add(Permission.objects.get(codename="view_order"))
    person = make.user("mary", "rep", "auditor")
    mine, theirs = orders

    assert set(policy.scope(Order, person)) == {mine, theirs}
    assert policy.may(person, "change", mine) and not policy.may(person, "change", theirs)


def test_whoever_left_may_nothing(orders):
    person = make.user("mary", "manager")
    person.is_active = False

    assert not policy.may(person, "view", Order) and not policy.scope(Order, person).exists()


def test_django_asks_the_same_roles():
    person = make.user("mary", "rep")

    assert person.has_perm("orders.add_order") and not person.has_perm("core.verify")
