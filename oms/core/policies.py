"""The built-in roles, and the rules and rights of what every app uses."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core import event_access, event_catalog
from oms.core.actors import Actor
from oms.core.models import (
    ApiClient,
    ApiToken,
    Company,
    Decision,
    Delivery,
    Email,
    Event,
    ExchangeRate,
    Heartbeat,
    IdempotencyKey,
    Job,
    JobResult,
    JobRows,
    Mail,
    Note,
    Notice,
    SavedView,
    Sequence,
    StoredDocument,
    Stream,
    Subscription,
    Topic,
    User,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from oms.core.models.role import OutsideReach, Reach, Role
from oms.core.policy import allow, declare, entrust, has_everywhere, hide, may, need, offer, role
from oms.core.reaching import PartOf, companies_of, every_row, leads, master, rows

EVERYBODY = "rep picker packer buyer accountant manager"

role("rep", Reach.CUSTOMERS, _("Sells to their own customers."))
role("picker", Reach.WAREHOUSES, _("Picks, receives and counts in their own warehouses."))
role("packer", Reach.WAREHOUSES, _("Packs and ships in their own warehouses."))
role("buyer", Reach.EVERYTHING, _("Buys from suppliers."))
role("accountant", Reach.EVERYTHING, _("Bills, books payments and exports to accounting."))
role("manager", Reach.EVERYTHING, _("Runs the business and sets it up."))

offer("see_money", None, _("See prices, totals and balances"), "rep buyer accountant manager")
offer(
    "see_cost",
    None,
    _("See unit costs, supplier prices and shipping costs"),
    "rep buyer accountant manager",
)
offer("see_receivables", None, _("See what customers owe"), "accountant manager")
offer("verify", None, _("Check that everything adds up"), "manager")
offer("oversee", Job, _("See the jobs of others"), "manager")
offer("run_again", Job, _("Run the jobs of others again"), "manager")


def _people(person: Actor, reach: str) -> Q | None:
    """Everybody; to those who reach own companies, their colleagues and the staff of no company in particular."""
    if reach != Reach.COMPANIES:
        return Q()
    staff = Company.staff.through.objects.values("user")
    colleagues = staff.filter(company__in=companies_of(person))
    return Q(pk__in=colleagues) | ~Q(pk__in=staff)


def _rules(person: Actor, reach: str) -> Q | None:
    """The rules of notifications; to those who reach own companies, none of another's warehouse."""
    codes = companies_of(person).values("warehouse__code")
    own = Q(warehouse="") | Q(warehouse__in=codes)
    return own if reach == Reach.COMPANIES else Q()


def _jobs(person: Actor, reach: str) -> Q | None:
    """A user's own jobs; users with the right to oversee jobs of everybody see all of them."""
    return Q() if has_everywhere(person, "oversee", Job) else Q(by=person.pk)


def _notices(person: Any, reach: str) -> Q | None:
    """One's own notices: with amounts as long as one sees money, about documents and companies that one still sees."""
    held = [right for right in ("see_money",) if may(person, right)]
    known = Q(to=person.pk, needs__in=["", *held]) & event_access.about_seen_documents(person)
    if reach == Reach.COMPANIES:
        known &= ~Q(subject_type="company") | Q(
            subject_number__in=companies_of(person).values("code")
        )
    if reach == Reach.WAREHOUSES:
        known &= ~Q(subject_type="warehouse") | Q(
            subject_number__in=person.warehouses.values("code")
        )
    return known


def _views(person: Actor, reach: str) -> Q | None:
    """One's own views, and those of one's teams."""
    return Q(owner=person.pk) | Q(team__name__in=[grant.role for grant in person.grants])


def _about_seen(person: Actor, reach: str) -> Q | None:
    """What is about any document; to those who reach own companies, about the documents that they see."""
    if reach == Reach.COMPANIES:
        return event_access.about_documents(person)
    return Q() if reach == Reach.EVERYTHING else None


def _notes(person: Actor, reach: str) -> Q | None:
    """Notes by what they are about; users who don't see money read those that hold no prices."""
    known = _about_seen(person, reach)
    if known is None or may(person, "see_money"):
        return known
    return known & Q(visible_to_warehouse=True)


def _deliveries(person: Actor, reach: str) -> Q | None:
    """What became of any event; to those who reach own companies, of the events that they see."""
    if reach == Reach.COMPANIES:
        return Q(event__in=Event.objects.filter(event_access.condition(person)))
    return Q() if reach == Reach.EVERYTHING else None


@leads(OutsideReach.ORDER, OutsideReach.CHANNEL)
def _events(actor: Actor, reach: str) -> Q | None:
    """The events of the records that somebody sees; of an order's, for its customer, those that are for them."""
    if reach == Reach.EVERYTHING:
        return Q()
    seen = event_access.condition(actor)
    is_customer = reach == OutsideReach.ORDER
    return seen & Q(name__in=event_catalog.for_customers()) if is_customer else seen


for reference in (Group, Permission, ContentType, Role):
    declare(reference, every_row)
declare(User, _people, view="manager")
allow("manager", User, "change")
declare(Company, master(""), view="accountant buyer", edit="manager")
offer("close_books", Company, _("Close the books"), "accountant manager")
declare(ExchangeRate, master("company"), edit="accountant manager")
declare(Subscription, _rules, view=EVERYBODY, edit="manager")
declare(Notice, _notices, view=EVERYBODY)
declare(SavedView, _views)
declare(Job, _jobs, view=EVERYBODY)
declare(JobResult, PartOf("job", Job), view="manager")
declare(JobRows, PartOf("job", Job))
declare(Event, _events, view="manager accountant")
for reach in OutsideReach:
    entrust(reach, Event, "view")
    entrust(reach, None, "see_money")
declare(StoredDocument, _about_seen, view="manager accountant")
declare(Email, rows(company="company"), view="manager accountant")
declare(Sequence, rows(company="company"), view="manager accountant")
offer("send_again", Email, _("Send again, or mark as sent"), "manager accountant")
declare(Decision, _about_seen, view="manager")
declare(Delivery, _deliveries, view="manager")
for record in (Heartbeat, IdempotencyKey, Stream):
    declare(record, rows(), view="manager")
offer("retry", Delivery, _("Try again"), "manager")
declare(Note, _notes, view="manager")
allow("manager", Note, "delete")
declare(ApiClient, rows())
declare(ApiToken, rows())
declare(WebhookEndpoint, rows(own="user"), edit="rep accountant manager")
declare(WebhookDelivery, rows(own="endpoint__user"), view="rep accountant manager")
offer("send_again", WebhookDelivery, _("Send again"), "rep accountant manager")
declare(WebhookAttempt, rows(own="delivery__endpoint__user"))

for right in ("see_money", "see_cost"):  # they hold texts and files about anything
    need(right, Decision)
    need(right, StoredDocument)
    need(right, Job, "oversee")
    need(right, None, "verify")
    hide(right, Delivery, "error")
    hide(right, IdempotencyKey, "answer")
need("see_money", None, "see_receivables")
need("see_money", Email)
hide("see_money", Event, "data")
hide("see_money", Company)

# Who is notified of what, to begin with; managers change it.
RULES = (
    ("buyer", Topic.LOW_STOCK, Mail.DIGEST),
    ("buyer", Topic.OUT_OF_STOCK, Mail.AT_ONCE),
    ("buyer", Topic.PROPOSED, Mail.NO),
    ("picker", Topic.TO_PICK, Mail.NO),
    ("rep", Topic.ON_HOLD, Mail.AT_ONCE),
    ("manager", Topic.ON_HOLD, Mail.NO),
    ("accountant", Topic.OVERDUE, Mail.DIGEST),
    ("manager", Topic.JOB_FAILED, Mail.NO),
    ("picker", Topic.CANCEL_ASKED, Mail.AT_ONCE),
    ("manager", Topic.CANCEL_ASKED, Mail.AT_ONCE),
    ("rep", Topic.CANCEL_ASKED, Mail.AT_ONCE),
)
