"""Mails to customers in the admin: what was sent, and what to do where nobody knows."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice.access import acting
from oms.backoffice.records import ReadOnlyAdmin
from oms.core.errors import ConnectorError
from oms.core.models import Email
from oms.messaging import emails


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    list_display = ["subject", "to", "about", "state", "attempts", "tried_at", "error"]
    list_filter = ["state"]
    search_fields = exact_search_fields = ["subject_number"]
    ordering = ["-pk"]
    fields = [
        "subject",
        "to",
        "company",
        "text",
        "attachments",
        "state",
        "attempts",
        "tried_at",
        "error",
    ]
    actions = ["send_again", "mark_sent"]

    @admin.display(description=_("Document"), ordering="subject_number")
    def about(self, row: Email) -> str:
        return row.subject_number

    @admin.display(description=_("Attachments"))
    def attachments(self, row: Email) -> str:
        return ", ".join(file["name"] for file in row.files) or "–"

    @acting("send_again", _("Send again"))
    def send_again(self, request: HttpRequest, rows: Any) -> None:
        """Only what wasn't accepted, or may have been lost: whoever asks for it has looked."""
        chosen = list(emails.standing().filter(pk__in=rows.values("pk")))
        for row in chosen:
            try:
                emails.attempt(row)
            except ConnectorError as error:
                messages.error(request, error.message)
        self._tell(
            request,
            len(chosen),
            ngettext("%(count)s email tried again.", "%(count)s emails tried again.", len(chosen)),
        )

    @acting("send_again", _("Mark as sent"))
    def mark_sent(self, request: HttpRequest, rows: Any) -> None:
        chosen = list(emails.standing().filter(pk__in=rows.values("pk")))
        for row in chosen:
            emails.mark_sent(row)
        self._tell(
            request,
            len(chosen),
            ngettext(
                "%(count)s email marked as sent.", "%(count)s emails marked as sent.", len(chosen)
            ),
        )

    def _tell(self, request: HttpRequest, count: int, done: str) -> None:
        if count:
            messages.success(request, done % {"count": count})
        else:
            messages.warning(
                request, gettext("Choose emails that weren't accepted or whose outcome is unknown.")
            )
