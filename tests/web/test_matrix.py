"""Role by page, address, operation and another's record: each door answers as the policy says.

All roles look at the same two companies. A part of one is theirs: the customers that they are the rep of, and the
warehouse and the company that they are staff of. Views are called past middleware and templates, which the crawler
(test_rights) goes through.
"""

from collections import Counter

import pytest
from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.urls import resolve, reverse
from rest_framework.test import APIClient

from inventory.models import Warehouse
from oms.core import operations, policy, roles
from oms.core.models import Company, Document, Event, User, WebhookEndpoint
from oms.core.models.role import Reach
from oms.messaging import webhooks
from oms.web.api import router
from oms.web.search import search
from orders.models import Customer
from tests import builders as make
from tests.web.test_rights import plant
from tests.web.two_companies import any_way, paths

pytestmark = pytest.mark.django_db
OWN = {  # roles of a company's own: their reach and rights
    "returns clerk": (
        "everything",
        {
            "approve_returnrequest",
            "view_returnrequest",
            "receive_returnrequest",
            "view_sku",
            "view_notice",
        },
    ),
    "assistant": (
        "customers",
        {
            "view_order",
            "view_customer",
            "view_invoice",
            "view_shipment",
            "view_webhookendpoint",
            "view_webhookdelivery",
            "view_exportrun",
            "view_wave",
            "hold_order",
        },
    ),
    "branch": ("companies", None),  # all rights
}


def test_each_door_answers_each_role_as_the_policy_says():
    with make.at_company("acme"):
        plant("LON", "C-1", "me")
        plant("LEE", "C-2", "other")
    with make.at_company("other"):
        plant("OSL", "C-3", "another", far="OSL-2")
    webhooks.subscribe(
        WebhookEndpoint(company=make.company(), user=make.user("other"), url="https://example.com/")
    )
    names = [*policy.built_in_roles(), *OWN]
    wrong, seen = {}, {}
    for name in names:
        person = somebody(name)
        doors = Doors(person)
        doors.try_all()
        wrong |= {f"{name}: {door}": answer for door, answer in doors.wrong.items()}
        seen[name] = doors.tried
    assert wrong == {}
    assert {
        name
        for name, tried in seen.items()
        if tried["page"] < 150 or tried["operation"] < 50 or tried["address"] < 15
    } == set()
    limited = ("rep", "picker", "packer", "assistant", "branch")
    assert min(seen[name]["another's"] for name in limited) >= 150


def somebody(name):
    """A person with a role, to whom a half of the house belongs."""
    if name in OWN:
        reach, codes = OWN[name]
        role = make.role(name, reach, () if codes else None)
        if codes:
            known = roles.permissions().items()
            role.permissions.set(each for code, each in known if code.partition(".")[2] in codes)
    person = make.user(f"{name} who asks", name)
    User.objects.filter(pk=person.pk).update(is_staff=True)
    make.company("acme").staff.add(person)
    make.warehouse("LON").staff.add(person)
    Customer.objects.filter(code="C-1").update(rep=person)
    return User.objects.get(pk=person.pk)


class Doors:
    """All doors of the house, tried by somebody; what answers otherwise than the policy says is noted."""

    def __init__(self, person):
        self.person, self.wrong, self.tried = person, {}, Counter()
        self.api = APIClient()
        self.api.force_login(person)

    def try_all(self):
        for model, page in admin.site._registry.items():
            self.try_page(model, page)
        for prefix, viewset, _name in router.registry:
            if getattr(viewset, "queryset", None) is not None:
                self.try_addresses(prefix, viewset)

    def expect(self, kind, door, is_right, answer):
        self.tried[kind] += 1
        if not is_right:
            self.wrong[door] = answer

    def status(self, path, data=None):
        """What a page of the back office answers: 403 where it is forbidden, 302 where it leads away."""
        request = RequestFactory().get(path) if data is None else RequestFactory().post(path, data)
        request.user, request._dont_enforce_csrf_checks, request.session = self.person, True, {}
        request._messages = CookieStorage(request)
        view, arguments, named = resolve(path)
        try:
            return view(request, *arguments, **named).status_code
        except PermissionDenied:
            return 403

    def may(self, right, subject):
        return policy.may(self.person, right, subject)

    def try_page(self, model, page):
        """The list, the forms, what can be done, and what is another's, of a page."""
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        views = self.may("view", model)
        listed = self.status(reverse(f"{name}_changelist"))
        self.expect("page", f"list of {model.__name__}", (listed == 200) == views, listed)
        adding = self.status(reverse(f"{name}_add"))
        is_right = adding == 403 or (adding == 200 and self.may("add", model))
        self.expect("page", f"add {model.__name__}", is_right, adding)
        request = RequestFactory().get("/")
        request.user = self.person
        shown = page.get_queryset(request)
        theirs = model._default_manager.exclude(
            pk__in=policy.scope(model, self.person).values("pk")
        )
        for row in shown[:1] if views else ():
            self.try_record(name, row)
        for row in {*theirs.order_by("pk")[:1], *theirs.order_by("-pk")[:2]}:
            self.try_record_of_another(name, row, shown)
        if views:
            self.expect(
                "page",
                f"list of {model.__name__} shows another's",
                not shown.filter(pk__in=theirs.values("pk")).exists(),
                "listed",
            )
            self.expect_none_led_to(model, shown)

    def try_record(self, name, row):
        opened = self.status(reverse(f"{name}_change", args=[row.pk]))
        self.expect("page", f"open {name} {row}", opened == 200, opened)
        if not self.may("change", row):
            changed = self.status(reverse(f"{name}_change", args=[row.pk]), {})
            self.expect("page", f"change {name} {row}", changed == 403, changed)
        deleted = self.status(reverse(f"{name}_delete", args=[row.pk]))
        self.expect(
            "page", f"delete {name} {row}", deleted == 403 or self.may("delete", row), deleted
        )
        for step in self.steps(row):
            path, before = reverse(f"{name}_operation", args=[row.pk, step.name]), self.facts(row)
            answers = [self.status(path)] + (
                [] if self.may(step.name, row) else [self.status(path, {})]
            )
            is_right = (
                answers == ([200] if self.may(step.name, row) else [302, 302])
                and self.facts(row) == before
            )
            self.expect("operation", f"{step.name} {name} {row}", is_right, answers)

    def try_record_of_another(self, name, row, shown):
        before = self.facts(row)
        opened = self.status(reverse(f"{name}_change", args=[row.pk]))
        self.expect("another's", f"open another's {name} {row}", opened in (302, 403), opened)
        for step in self.steps(row):
            answer = self.status(reverse(f"{name}_operation", args=[row.pk, step.name]), {})
            self.expect(
                "operation", f"{step.name} another's {name} {row}", answer in (302, 403), answer
            )
        self.expect(
            "another's", f"changed another's {name} {row}", self.facts(row) == before, "changed"
        )
        request = RequestFactory().get("/")
        request.user, link = self.person, reverse(f"{name}_change", args=[row.pk])
        found = [
            hit.link
            for hit in search(request, str(getattr(row, "number", "") or getattr(row, "code", "")))
        ]
        self.expect("another's", f"found another's {name} {row}", link not in found, found)

    def expect_none_led_to(self, model, shown):
        """Of what is shown to a role that reaches what is its own alone, nothing leads to others'."""
        reached = policy.reaches(self.person, "view", model)
        for reach, owner, own in (
            (Reach.COMPANIES, Company, {"staff": self.person}),
            (Reach.CUSTOMERS, Customer, {"rep": self.person}),
            (Reach.WAREHOUSES, Warehouse, {"staff": self.person}),
        ):
            ways = paths(model, owner) if reached == {reach} else []
            mine, others = owner.objects.filter(**own), owner.objects.exclude(**own)
            led = (
                shown.filter(any_way(ways, others)).exclude(any_way(ways, mine)).first()
                if ways
                else None
            )
            is_shared = policy.sees_all(self.person, model) and not issubclass(model, Document)
            self.expect("another's", f"{model.__name__} by {ways}", led is None or is_shared, led)

    def steps(self, row):
        page = admin.site.get_model_admin(type(row))
        return operations.of(type(row)).values() if hasattr(page, "operation_view") else ()

    def facts(self, row):
        """What an operation would change: the record, and what is told of anything."""
        return type(row)._default_manager.values().get(pk=row.pk), Event.objects.count()

    def try_addresses(self, prefix, viewset):
        """The list, a record, another's, and the operations, of a kind of record of the API."""
        model, root = viewset.queryset.model, f"/api/v1/{prefix}/"
        views = self.may("view", model)
        listed = self.api.get(root)
        self.expect(
            "address", f"GET {root}", (listed.status_code == 200) == views, listed.status_code
        )
        rows = viewset.queryset.all()
        mine = policy.scope(rows, self.person)
        if hasattr(viewset, "retrieve"):
            for row in mine.order_by("-pk")[:1] if views else ():
                self.try_address(f"{root}{getattr(row, viewset.lookup_field)}/", 200, row)
            theirs = rows.exclude(pk__in=mine.values("pk"))
            for row in {*theirs.order_by("pk")[:1], *theirs.order_by("-pk")[:1]}:
                self.try_address(
                    f"{root}{getattr(row, viewset.lookup_field)}/", 404 if views else 403, row
                )
        self.try_changes(viewset, model, root)

    def try_address(self, path, expected, row):
        answer = self.api.get(path)
        self.expect(
            "another's" if expected == 404 else "address",
            f"GET {path}",
            answer.status_code == expected,
            answer.status_code,
        )
        model, before = type(row), self.facts(row)
        for step in operations.of(model).values():
            may = self.may(step.name, model) and self.may("view", model)
            if may and expected == 200:
                continue  # it would be done
            answer = self.api.post(f"{path}{step.name.replace('_', '-')}/", {}, format="json")
            is_right = answer.status_code == (404 if may else 403) and self.facts(row) == before
            self.expect("operation", f"POST {path}{step.name}", is_right, answer.status_code)

    def try_changes(self, viewset, model, root):
        """What makes, changes or deletes a record asks for that right; nothing is done by an empty body."""
        if hasattr(viewset, "create") and "create" not in viewset.rights:
            answer = self.api.post(
                root, {}, format="json", headers={"Idempotency-Key": f"key of {self.person.pk}"}
            )
            self.expect(
                "address",
                f"POST {root}",
                (answer.status_code != 403) == (self.may("add", model) and self.may("view", model)),
                answer.status_code,
            )
        row = policy.scope(model, self.person).first() or model._default_manager.first()
        for method, right in (("patch", "change"), ("delete", "delete")):
            if (
                hasattr(viewset, {"patch": "partial_update", "delete": "destroy"}[method])
                and row is not None
                and (not self.may(right, row))
            ):
                path, before = f"{root}{getattr(row, viewset.lookup_field)}/", self.facts(row)
                answer = getattr(self.api, method)(path, {}, format="json")
                self.expect(
                    "address",
                    f"{method} {path}",
                    answer.status_code in (403, 404) and self.facts(row) == before,
                    answer.status_code,
                )
