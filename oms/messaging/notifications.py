"""Telling people: in the admin, and by email."""

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import groupby

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import ngettext

from oms.core import attention, policy, sweeping
from oms.core.models import Company, Mail, Notice, Role, Subscription, Topic, User
from oms.core.models.role import Reach
from oms.messaging import emails
from oms.printing import letterheads

log = logging.getLogger(__name__)
MAIL_PAUSE = timedelta(minutes=15)  # before a mail is tried again
MAIL_LIMIT = timedelta(hours=1)  # that a notice may wait to be mailed


Text = str | Callable[[], str]  # as it is, or asked for in the language of each reader


def tell(
    topic: Topic,
    text: Text,
    *,
    without_amounts: Text | None = None,
    warehouse: str = "",
    company: Company | None = None,
    rep: User | None = None,
    subject_type: str = "",
    subject_number: str = "",
) -> list[Notice]:
    """Leave a notice for everybody whose role hears of the topic, from this warehouse or from all.

    Where a role has a line of its own for the warehouse, that one counts. A role that reaches own customers hears of
    theirs alone (`rep` is the customer's), one that reaches own warehouses or own companies of theirs. Users who don't
    see money are told `without_amounts` where it is given, and nothing where it is empty.
    """
    lines = {
        line.role: line
        for line in Subscription.objects.select_related("role")
        .filter(topic=topic, warehouse__in={"", warehouse})
        .order_by("warehouse", "role__name")
    }
    told: dict[int, Notice] = {}
    for role, line in lines.items():
        people = User.objects.filter(is_active=True, groups=role)
        for person in people.filter(_reached(role, warehouse, company, rep)):
            has_amounts = without_amounts is not None and policy.may(person, "see_money")
            said = text if has_amounts or without_amounts is None else without_amounts
            if said:
                notice = _notice(person, line, said, subject_type, subject_number)
                notice.needs = "see_money" if has_amounts else ""
                told.setdefault(person.pk, notice)
    return Notice.objects.bulk_create(told.values())


def _reached(role: Role, warehouse: str, company: Company | None, rep: User | None) -> Q:
    """Whom of a role something of a warehouse, a company or a rep's customer concerns."""
    if role.reach == Reach.WAREHOUSES:
        return Q(warehouses__code=warehouse)
    if role.reach == Reach.CUSTOMERS:
        return Q(pk__in=[rep.pk] if rep else [])
    if role.reach == Reach.COMPANIES:
        its = Company.objects.filter(
            Q(pk=company.pk if company else None) | Q(warehouse__code=warehouse)
        )
        return Q(pk__in=Company.staff.through.objects.filter(company__in=its).values("user"))
    return Q()


def language_of(person: User) -> str:
    """Whatever a person is told is in their language, else in the installation's."""
    return person.language or settings.LANGUAGE_CODE


def _said(text: Text, person: User) -> str:
    with translation.override(language_of(person)):
        return text if isinstance(text, str) else text()


def _notice(
    person: User, line: Subscription, text: Text, subject_type: str, subject_number: str
) -> Notice:
    return Notice(
        to=person,
        text=_said(text, person)[:300],
        topic=line.topic,
        mail=line.mail,
        subject_type=subject_type,
        subject_number=subject_number,
        read_at=None if line.bell else timezone.now(),
    )


def tell_person(
    person: User,
    topic: Topic,
    text: str,
    *,
    subject_type: str = "",
    subject_number: str = "",
    needs: str = "",
) -> Notice:
    """Leave a notice for one person, who reads it with a right, if it needs one."""
    return Notice.objects.create(
        to=person,
        needs=needs,
        topic=topic,
        text=text[:300],
        subject_type=subject_type,
        subject_number=subject_number,
    )


def send_at_once() -> None:
    """Send notices to those who want them by email at once."""
    send_mails(Mail.AT_ONCE)


def send_mails(mail: Mail) -> int:
    """Send what is to be sent at once, or the digests: one email a person. Returns how many."""
    waiting = Notice.objects.filter(pk__in=_claim(mail)).select_related("to").order_by("to", "pk")
    sent = 0
    for _, notices in groupby(list(waiting), key=lambda notice: notice.to_id):
        rows = _still_for(list(notices))
        if not rows:
            continue
        try:
            email(
                rows[0].to,
                "notices",
                {"notices": rows, "person": rows[0].to},
                key=f"notices-{rows[-1].pk}",
            )
        except Exception:  # one mailbox must not keep the others' mails
            log.warning("mail_failed user=%s", rows[0].to_id, exc_info=True)
            continue
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(mailed_at=timezone.now())
        sent += 1
    return sent


def _still_for(notices: list[Notice]) -> list[Notice]:
    """Those of a person's notices that they still may read; the others are not mailed."""
    own = Notice.objects.filter(pk__in=[notice.pk for notice in notices])
    known = set(policy.scope(own, notices[0].to).values_list("pk", flat=True))
    own.exclude(pk__in=known).update(mail=Mail.NO)
    return [notice for notice in notices if notice.pk in known]


def late() -> QuerySet[Notice]:
    """Notices that wait for longer than they may to be mailed at once."""
    now = timezone.now()
    return Notice.objects.filter(
        Q(mail_leased_until=None) | Q(mail_leased_until__lt=now - MAIL_LIMIT),
        mail=Mail.AT_ONCE,
        mailed_at=None,
        at__lt=now - MAIL_LIMIT,
    )


def _claim(mail: Mail) -> list[int]:
    """The notices to mail that no other process is at; those of a mail that fails are free again after a pause."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE core_notice SET mail_leased_until = %(until)s WHERE id IN (
                SELECT id FROM core_notice
                WHERE mail = %(mail)s AND mailed_at IS NULL
                  AND (mail_leased_until IS NULL OR mail_leased_until < %(now)s)
                ORDER BY to_id, id LIMIT 5000 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            {"mail": mail, "now": now, "until": now + MAIL_PAUSE},
        )
        return [key for (key,) in cursor.fetchall()]


def mark_read(notices: Iterable[Notice]) -> None:
    """Take notices off the list of what is new."""
    Notice.objects.filter(pk__in=[notice.pk for notice in notices], read_at=None).update(
        read_at=timezone.now()
    )


def email(person: User, template: str, context: dict[str, object], *, key: str) -> None:
    """Send a colleague an email in their language, in the frame of those to customers; outside any transaction.

    `key` becomes the Message-ID, so that a message sent again after a crash is recognized as the same one.
    """
    if not person.email:
        return
    head, language = letterheads.of_house(), language_of(person)
    with translation.override(language):
        words = emails.worded(template, language, context, head)
    emails.made(key, person.email, words, head.logo).send()


def _told_late(count: int) -> str:
    return ngettext(
        "%(count)s notice has waited too long to be mailed.",
        "%(count)s notices have waited too long to be mailed.",
        count,
    ) % {"count": count}


attention.watch(late, _told_late)
sweeping.also(send_at_once)
