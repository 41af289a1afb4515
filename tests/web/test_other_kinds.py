"""A page shows parts about another kind of record only to those who may view that kind, too.

The parts are read from what pages declare: inlines, panels, filters, columns and pages that are made of other kinds,
cards of the home page, the search's sections, links to records, and search fields.
"""

from collections import Counter

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.urls import reverse

from oms.backoffice import panels
from oms.backoffice.access import filter_name, kinds_along
from oms.core import policy
from oms.core.event_access import document_models
from oms.core.models import User
from oms.core.reaching import parent_of
from oms.web.dashboards import TO_DO, mine
from oms.web.search import FINDERS
from orders.accounting.models import Invoice, Payment
from orders.models import Customer
from tests import builders as make

LEAST = {  # parts of each sort that there are, at least
    "inline": 5,
    "panel": 10,
    "filter": 20,
    "made of": 10,
    "card": 15,
    "search": 12,
    "link": 30,
    "search field": 5,
}


def whole(model):
    """The kind of record of which rows of a model are parts."""
    return whole(parent) if (parent := parent_of(model)) else model


def is_offered(kind):
    return bool(policy.roles_with("view", kind))


def person_without(kind=None):
    """Somebody with all rights, but those on a kind of record."""
    codes = [
        policy.code(right, model)
        for model, rights in policy.offered().items()
        for right in rights
        if model is None or model is not kind
    ]
    person = User(username="somebody", pk=0, is_staff=True)
    person.know_grants([{"role": "all", "reach": "everything", "permissions": codes}])
    return person


def asked_by(person, **data):
    request = RequestFactory().get("/", data)
    request.user = person
    return request


def parts():
    """Each part: its sort, its name, the kinds of records that it shows, and whether it is there for a request."""
    yield from parts_of_pages()
    for model in document_models():
        for panel in panels.seen_by(person_without(), model):
            yield (
                "panel",
                f"{panel.title} of {model.__name__}",
                {panel.model},
                lambda request, model=model, panel=panel: (
                    panel in panels.seen_by(request.user, model)
                ),
            )
    for (model, name), kinds in policy.made_of_others().items():
        yield (
            "made of",
            f"{name} of {model.__name__}",
            kinds,
            lambda request, model=model, name=name: policy.shows(request.user, model, name),
        )
    for todo in TO_DO:
        yield (
            "card",
            str(todo.title),
            {todo.kind},
            lambda request, todo=todo: todo in mine(request.user),
        )
    for finder in FINDERS:
        opened = (
            finder.model._meta.get_field(finder.shown).related_model
            if finder.shown
            else finder.model
        )
        yield (
            "search",
            finder.model.__name__,
            {opened},
            lambda request, finder=finder: finder.visible(request) is not None,
        )


def parts_of_pages():
    """The inlines, filters, links and search fields of all pages."""
    everybody = asked_by(person_without())
    for model, page in admin.site._registry.items():
        for inline in page.inlines:
            yield (
                "inline",
                f"{inline.__name__} of {model.__name__}",
                {whole(inline.model)},
                lambda request, page=page, inline=inline: any(
                    type(each) is inline for each in page.get_inline_instances(request)
                ),
            )
        for entry in page.list_filter:
            yield (
                "filter",
                f"{filter_name(entry)} of {model.__name__}",
                {whole(kind) for kind in kinds_along(model, filter_name(entry))},
                lambda request, page=page, entry=entry: entry in page.get_list_filter(request),
            )
        if not (page.has_change_permission(everybody) or page.has_add_permission(everybody)):
            for name in links(page, everybody):
                yield (
                    "link",
                    f"{name} of {model.__name__}",
                    {model._meta.get_field(name).related_model},
                    lambda request, page=page, name=name: name in links(page, request),
                )
        for name in page.autocomplete_fields:
            yield (
                "search field",
                f"{name} of {model.__name__}",
                {model._meta.get_field(name).related_model},
                lambda request, model=model, name=name: is_searched(request.user, model, name),
            )


def links(page, request):
    """The fields of a page that is only read which link to another record."""
    relations = {field.name for field in page.model._meta.fields if field.is_relation}
    return [
        name
        for name in flatten_fieldsets(page.get_fieldsets(request))
        if isinstance(name, str) and name in relations
    ]


def is_searched(person, model, name):
    """Whether a search field lets somebody search."""
    names = (model._meta.app_label, model._meta.model_name, name)
    asked = dict(zip(("app_label", "model_name", "field_name"), names, strict=True), term="x")
    try:
        return admin.site.autocomplete_view(asked_by(person, **asked)).status_code == 200
    except PermissionDenied:
        return False


@pytest.mark.django_db
def test_a_part_is_there_only_for_those_who_may_view_its_kind():
    found, wrong = Counter(), []
    everybody = asked_by(person_without())
    people = {}

    for sort, name, kinds, is_there in parts():
        for kind in {kind for kind in kinds if is_offered(kind)}:
            if not policy.may(everybody.user, "view", kind):
                continue  # nobody's but superusers'
            request = people.setdefault(kind, asked_by(person_without(kind)))
            found[sort] += 1
            if not is_there(everybody) or is_there(request):
                wrong.append((sort, name, kind.__name__, is_there(everybody)))

    assert not wrong, "\n".join(map(str, wrong))
    assert {sort for sort, least in LEAST.items() if found[sort] < least} == set(), found


@pytest.mark.django_db
def test_pages_of_orders_and_customers_are_silent_about_invoices_and_prices(log_in, drain):
    make.sku("TEE-M", stock={"LON": 9})
    make.priced("TEE-M", "7.77")
    order = make.shipped(("TEE-M", 2), customer_code="C-1")
    make.settled(order)
    drain()
    invoice = Invoice.objects.filter(customer__code="C-1").first()
    customer = Customer.objects.get(code="C-1")
    addresses = [
        reverse("admin:orders_order_change", args=[order.pk]),
        reverse("admin:orders_order_changelist"),
        reverse("admin:orders_customer_change", args=[customer.pk]),
        reverse("admin:orders_customer_changelist"),
    ]
    own = make.role("clerk", "everything")
    client = log_in("clerk")
    before = "".join(client.get(each).content.decode() for each in addresses)

    for kind in ("invoice", "price"):
        own.permissions.remove(*own.permissions.filter(codename__endswith=f"_{kind}"))
    after = "".join(client.get(each).content.decode() for each in addresses)

    words = {invoice.number, "Order to cash", "statement/C-1", "prices-TOTAL_FORMS"}
    told = {word for word in words if word in before}
    assert told == words
    assert {word for word in words if word in after} == set()
    found = client.get(f"/admin/search/?s={invoice.number}").content.decode()
    assert reverse("admin:orders_invoice_change", args=[invoice.pk]) not in found


@pytest.mark.django_db
def test_a_record_that_one_may_not_open_is_named_without_a_link(log_in):
    make.sku("TEE-M", stock={"LON": 9})
    make.shipped(("TEE-M", 1), customer_code="C-1")
    payment = make.transfer("15.54", "bank-1", customer_code="C-1")
    own = make.role("clerk", "everything")
    client, page = log_in("clerk"), reverse("admin:orders_payment_change", args=[payment.pk])
    link = reverse("admin:orders_customer_change", args=[payment.customer_id])
    assert link in client.get(page).content.decode()

    own.permissions.remove(*own.permissions.filter(codename__endswith="_customer"))
    text = client.get(page).content.decode()
    rows = client.get(reverse("admin:orders_payment_changelist"), {"q": "C-1"})

    assert link not in text and str(payment.customer) in text
    assert payment.number not in [row.number for row in rows.context["cl"].result_list]
    assert Payment.objects.get().customer.code == "C-1"
