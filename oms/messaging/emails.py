"""Mails to customers: each is written once and goes out once. Where nobody knows whether it did, people decide."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from email.mime.image import MIMEImage
from email.utils import formataddr, parseaddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db.models import F, QuerySet
from django.template import Context
from django.template.loader import select_template
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.core import attention, stored_files
from oms.core.errors import ConnectorError, Refused
from oms.core.models import Company, Document, Email, StoredDocument
from oms.printing import letterheads
from oms.printing.letterheads import Letterhead

S = Email.State
LIMIT = timedelta(minutes=15)  # that an attempt may take
SETTLED = (S.SENT, S.FAILED, S.UNKNOWN)


def send(
    key: str,
    template: str,
    context: Mapping[str, Any],
    *,
    to: str,
    company: Company,
    language: str = "",
    about: Document,
    files: Sequence[tuple[str, StoredDocument, str]] = (),
) -> None:
    """Send a customer's mail, outside any transaction; again with the same key it goes out no second time.

    The attempt is committed before it is made. Raises ConnectorError where the server did not take it, which is tried
    again; an attempt that nobody knows the end of is kept as such and shown.
    """
    if not to:
        return
    row = Email.objects.filter(key=key).first() or _write(
        key, template, context, to, company, language, about, files
    )
    if row.state == S.SENDING:  # this event's earlier attempt never ended
        _settle(row, S.UNKNOWN, _("The process that sent it died."))
    elif row.state == S.WAITING:
        attempt(row)


def is_settled(key: str) -> bool:
    """Whether a mail went out, or won't by itself."""
    return Email.objects.filter(key=key, state__in=SETTLED).exists()


def standing() -> QuerySet[Email]:
    """Mails that somebody must look at: not accepted, of unknown outcome, or begun and never ended."""
    begun = Email.objects.filter(state=S.SENDING, tried_at__lt=timezone.now() - LIMIT)
    return Email.objects.filter(state__in=[S.FAILED, S.UNKNOWN]) | begun


def attempt(row: Email) -> None:
    """Claim a mail, hand it to the server, and note what came of it."""
    claimed = (
        Email.objects.filter(pk=row.pk, state=row.state)
        .exclude(state=S.SENT)
        .update(state=S.SENDING, attempts=F("attempts") + 1, tried_at=timezone.now(), error="")
    )
    if not claimed:
        return
    connection = get_connection()
    try:
        message = _message(row)
        message.message()  # whatever can't be put in a mail fails here, before anything is sent
        connection.open()
    except Exception as error:  # whatever it is, nothing was sent
        raise _not_taken(row, error, permanent=isinstance(error, Refused)) from error
    try:
        connection.send_messages([message])
    except (SMTPRecipientsRefused, SMTPResponseException) as error:
        raise _not_taken(row, error, permanent=_is_final(error)) from error
    except Exception as error:  # the server may have taken it: nobody knows
        _settle(row, S.UNKNOWN, str(error) or type(error).__name__)
    else:
        _settle(row, S.SENT)
    finally:
        with suppress(Exception):
            connection.close()


def mark_sent(row: Email) -> None:
    """Note that a mail of unknown outcome arrived."""
    _settle(row, S.SENT)


def _settle(row: Email, state: Email.State, error: str = "") -> None:
    Email.objects.filter(pk=row.pk).update(state=state, error=error)


def _not_taken(row: Email, error: Exception, *, permanent: bool) -> ConnectorError:
    told = str(error) or type(error).__name__
    _settle(row, S.FAILED if permanent else S.WAITING, told)
    return ConnectorError(
        _("The mail to %(to)s wasn't accepted: %(error)s") % {"to": row.to, "error": told},
        permanent=permanent,
    )


def _is_final(error: SMTPRecipientsRefused | SMTPResponseException) -> bool:
    """Whether the server refuses for good (5xx) instead of for now (4xx)."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return error.smtp_code >= 500


def _write(
    key: str,
    template: str,
    context: Mapping[str, Any],
    to: str,
    company: Company,
    language: str,
    about: Document,
    files: Sequence[tuple[str, StoredDocument, str]],
) -> Email:
    """Put a mail into words, in the customer's language, and keep it."""
    language = letterheads.language(company, language)
    with translation.override(language):
        head = letterheads.letterhead(company)
        subject, text, html = worded(template, language, {**context, "company": company}, head)
    Email.objects.bulk_create(
        [
            Email(
                key=key,
                company=company,
                to=to,
                subject=subject[:200],
                text=text,
                html=html,
                subject_type=about.subject_type,
                subject_number=str(about.number),
                files=[
                    {"name": name, "document": stored.pk, "type": kind}
                    for name, stored, kind in files
                ],
            )
        ],
        ignore_conflicts=True,
    )
    return Email.objects.get(key=key)


def worded(
    template: str, language: str, context: Mapping[str, Any], head: Letterhead
) -> tuple[str, str, str]:
    """A mail's subject, text and HTML from its templates, of which the text's first line is the subject."""
    known = {**context, "letterhead": head, "language": language}
    subject, _line, text = _render(template, "txt", language, known).strip().partition("\n")
    html = _render(template, "html", language, {**known, "subject": subject})
    return subject.strip(), text.strip() + "\n", html


def made(
    key: str, to: str, words: tuple[str, str, str], logo: bytes, **options: Any
) -> EmailMultiAlternatives:
    """A mail of text and HTML, with the logo if the HTML shows it; of the same key it has the same Message-ID."""
    subject, text, html = words
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "oms"
    message = EmailMultiAlternatives(
        subject, text, to=[to], headers={"Message-ID": f"<{key}@{domain}>"}, **options
    )
    if html:
        message.attach_alternative(html, "text/html")
    if logo and "cid:logo" in html:
        image = MIMEImage(logo, _subtype="png" if logo.startswith(b"\x89PNG") else "jpeg")
        image.add_header("Content-ID", "<logo>")
        image.add_header("Content-Disposition", "inline")
        message.attach(image)
    return message


def _render(name: str, suffix: str, language: str, context: dict[str, Any]) -> str:
    """A template, one of its language if there is such; only HTML is escaped."""
    names = [
        f"emails/{name}.{language}.{suffix}",
        f"emails/{name}.{language.partition('-')[0]}.{suffix}",
        f"emails/{name}.{suffix}",
    ]
    found: Any = select_template(names)
    return str(found.template.render(Context(context, autoescape=suffix == "html")))


def _message(row: Email) -> EmailMultiAlternatives:
    """The mail as it is sent."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    message = made(
        row.key,
        row.to,
        (row.subject, row.text, row.html),
        letterheads.letterhead(row.company).logo,
        from_email=formataddr((row.company.name, sender)),
        reply_to=[row.company.email] if row.company.email else [],
    )
    kept = StoredDocument.objects.in_bulk([file["document"] for file in row.files])
    for file in row.files:
        message.attach(file["name"], stored_files.read(kept[file["document"]]), file["type"])
    return message


def _told_standing(count: int) -> str:
    return ngettext(
        "%(count)s email to a customer wasn't accepted, or its outcome is unknown: look under Emails.",
        "%(count)s emails to customers weren't accepted, or their outcome is unknown: look under Emails.",
        count,
    ) % {"count": count}


attention.watch(standing, _told_standing)
