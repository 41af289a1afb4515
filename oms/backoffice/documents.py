"""The admin of documents: drafts are forms, everything after is an operation, by button, selection or form page."""

from decimal import Decimal
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from oms.background import bulk_operations
from oms.backoffice import absent
from oms.backoffice.access import ScopedAdmin
from oms.backoffice.chips import chip
from oms.backoffice.forms import OperationForm
from oms.backoffice.panels import context_of, panels_of
from oms.backoffice.printouts import PapersAdmin
from oms.backoffice.reasons import in_words
from oms.backoffice.sent_forms import entered, key_of, key_to_send, sender, sent_already, was_done
from oms.core import attention, events, idempotency, notes, operations, policy, states
from oms.core.decisions import about
from oms.core.errors import Conflict, DomainError, NeedsConfirmation
from oms.core.models import Decision, Document, User
from oms.core.money_text import display
from oms.core.operations import Operation
from oms.core.wording import spoken


class VersionedForm(forms.ModelForm):
    """Carries the version that was read, so that a stale form never overwrites what somebody else saved."""

    version_read = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["version_read"].initial = getattr(self.instance, "version", None)

    def clean(self) -> Any:
        cleaned = super().clean()
        read = self.cleaned_data.get("version_read")
        if self.instance.pk and read is not None and read != self.instance.version:
            told = self._told()
            data: Any = self.data.copy()  # type: ignore[attr-defined]
            data[self.add_prefix("version_read")] = self.instance.version
            self.data = data
            raise forms.ValidationError(told, code="stale")
        return cleaned

    def _told(self) -> list[str]:
        """Who changed the document, and where what is entered differs from what is saved now."""
        last = (
            events.timeline(self.instance.subject_type, self.instance.number)
            .select_related("by")
            .last()
        )
        who = (
            f"{last.who or _('the program')} ({last.name}, {last.at:%Y-%m-%d %H:%M} UTC)"
            if last
            else _("someone")
        )
        now = type(self.instance)._default_manager.get(pk=self.instance.pk)
        differing = [
            _("%(field)s: saved “%(saved)s”, yours “%(entered)s”")
            % {
                "field": field.label,
                "saved": _text(getattr(now, name)),
                "entered": _text(self.cleaned_data[name]),
            }
            for name, field in self.fields.items()
            if name in self.cleaned_data
            and hasattr(now, name)
            and getattr(now, name) != self.cleaned_data[name]
        ]
        return [
            _(
                "%(who)s changed this document after you opened it. Your changes aren't saved yet. Review the "
                "differences, then save again to overwrite."
            )
            % {"who": who},
            *differing,
        ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class DocumentAdmin(PapersAdmin, ScopedAdmin):
    """No delete, no list editing; edited freely in its editable statuses, and by operations alone after that."""

    form = VersionedForm
    editable_statuses: tuple[str, ...] = ()
    change_form_outer_before_template = "admin/oms/document_head.html"
    change_form_outer_after_template = "admin/oms/document_panels.html"
    ordering = ["-pk"]
    actions_on_bottom = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.editable_statuses) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.status not in self.editable_statuses:
            return False
        return bool(self.editable_statuses) and super().has_change_permission(request, obj)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in super().get_fields(request, obj) if name != "version_read"]
        return [*names, "version_read"] if self.has_change_permission(request, obj) else names

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A draft is created and changed with its event, under its lock."""
        self.complete(obj)
        user: Any = request.user
        if not change:
            states.create(obj, by=user)
            return
        with states.change(
            obj, event=f"{obj.subject_type}.edited", by=user, fields=form.changed_data
        ) as row:
            if row.version != obj.version:
                raise Conflict(
                    _(
                        "Someone changed this document while you were saving. Reload it and try again."
                    ),
                    code="stale",
                )
            for name in form.changed_data:
                if name != "version_read":
                    setattr(row, name, getattr(obj, name))
            self.complete(row)
            row.save()

    def complete(self, document: Any) -> None:
        """Fill in what the entered fields imply."""

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_operation"
        notes = f"{self.opts.app_label}_{self.opts.model_name}_notes"
        return [
            path(
                "<path:object_id>/do/<str:operation>/",
                self.admin_site.admin_view(self.operation_view),
                name=name,
            ),
            path(
                "<path:object_id>/notes/", self.admin_site.admin_view(self.notes_view), name=notes
            ),
            *super().get_urls(),
        ]

    def notes_view(self, request: HttpRequest, object_id: str) -> Any:
        """Write a note, take one away (`?remove=`), or open what is attached to one (`?open=`)."""
        document: Any = self.get_object(request, object_id)
        user: Any = request.user
        if not isinstance(document, Document) or not self.has_view_permission(request, document):
            return absent.answer(request, self.opts, object_id)
        mine = notes.of(document, user)
        if request.method == "GET" and request.GET.get("open", "").isdigit():
            note = mine.filter(pk=request.GET["open"]).exclude(file="").first()
            if note is not None:
                return FileResponse(
                    note.file.open("rb"), as_attachment=True, filename=note.file_name
                )
        try:
            if request.method == "POST" and request.POST.get("remove", "").isdigit():
                for note in mine.filter(pk=request.POST["remove"]):
                    notes.remove(note, by=user)
            elif request.method == "POST":
                notes.write(
                    document,
                    request.POST.get("text", ""),
                    by=user,
                    file=request.FILES.get("file"),
                    visible_to_warehouse="visible_to_warehouse" in request.POST,
                )
        except DomainError as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(self.document_url(document) + "#notes")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        context = dict(extra_context or {})
        document = self.get_object(request, object_id) if object_id else None
        if document is not None and isinstance(document, Document):
            context |= self.document_context(request, document)
        return super().changeform_view(request, object_id, form_url, extra_context=context)

    def document_context(self, request: HttpRequest, document: Any) -> dict[str, Any]:
        """What stands around a document: its next steps, what hangs on it, its events and decisions."""
        user: Any = request.user
        return {
            "document": document,
            "alarms": self.alarms(document),
            "status_chip": chip(document),
            "next_steps": [
                (step, self.operation_url(document, step))
                for step in operations.next_steps(document, user)
            ],
            "panels": panels_of(document, request),
            "timeline": events.timeline(document.subject_type, document.number).select_related(
                "by"
            ),
            "decisions": [
                in_words(decision) for decision in about(document.subject_type, document.number)
            ]
            if not policy.lacks(user, "view", Decision)
            else [],
            "sees_money": user.sees_money,
            "notes": notes.of(document, user)[:100],
            "links": self.print_links(request, document),
            "form_key": uuid4().hex,
            "notes_url": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_notes", args=[document.pk]
            ),
            **context_of(document, request),
        }

    def alarms(self, document: Any) -> list[str]:
        """What is to be said where something of the document waits for a worker, and there is none."""
        return attention.waiting(document)

    def operation_url(self, document: Any, operation: Operation) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_operation"
        return reverse(name, args=[document.pk, operation.name])

    def operation_view(self, request: HttpRequest, object_id: str, operation: str) -> HttpResponse:
        """The form page of an operation, and the button of one that needs no form."""
        document: Any = self.get_object(request, object_id)
        step = operations.of(self.model).get(operation)
        user: Any = request.user
        if document is None or step is None or not self.has_view_permission(request, document):
            return absent.answer(request, self.opts, object_id)
        if not step.allowed_for(user, document):
            messages.error(request, step.refusal())
            return HttpResponseRedirect(self.document_url(document))
        form = OperationForm(step, document, user, request.POST or None) if step.input else None
        error: str | None = None
        question = preview = None
        if (
            request.method == "POST"
            and "_preview" in request.POST
            and form is not None
            and form.is_valid()
        ):
            preview, error = self._preview(step, document, form, user)
        elif request.method == "POST" and (form is None or was_done(request) or form.is_valid()):
            version = str(getattr(document, "version", ""))
            stale = request.POST.get("version", version) != version and not was_done(request)
            error = _(
                "Someone changed this document after you opened it. Review it and confirm again."
            )
            refused = None if stale else self._perform(request, step, document, form)
            if not stale and refused is None:
                return HttpResponseRedirect(self.document_url(document))
            if isinstance(refused, NeedsConfirmation):
                error, question = None, refused.message
            elif refused is not None:
                error = refused.message
        context = {
            **self.admin_site.each_context(request),
            "title": f"{step.title}: {document}",
            "opts": self.opts,
            "document": document,
            "operation": step,
            "operation_form": form,
            "error": error,
            "preview": preview,
            "question": question,
            "back": self.document_url(document),
            "form_key": key_to_send(request),
        }
        status = 409 if error or question else 200
        return TemplateResponse(request, "admin/oms/operation.html", context, status=status)

    def _preview(
        self, step: Operation, document: Any, form: OperationForm, user: User
    ) -> tuple[Any, str | None]:
        """What the operation would do, by name, or why it would be refused."""
        try:
            effect = step.rehearse(document, by=user, **form.values())
        except DomainError as refused:
            return None, refused.message
        return [
            (
                spoken(name),
                display(value, document.currency) if isinstance(value, Decimal) else value,
            )
            for name, value in operations.told(effect, user).items()
        ], None

    def document_url(self, document: Any) -> str:
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[document.pk]
        )

    def _perform(
        self, request: HttpRequest, step: Operation, document: Any, form: OperationForm | None
    ) -> DomainError | None:
        """Run the operation; the refusal, or None where it was done."""
        user: Any = request.user

        def act() -> str:
            done = step.perform(
                document,
                by=user,
                agreed=frozenset(request.POST.getlist("agreed")),
                **(form.values() if form else {}),
            )
            return str(getattr(done, "news", ""))

        try:
            news = (
                idempotency.once(sender(request), key, entered(request), act)
                if (key := key_of(request))
                else act()
            )
        except DomainError as refused:
            return sent_already() if refused.code == "key_reused" else refused
        if news:
            messages.info(request, news)
            return None
        messages.success(
            request, _("%(title)s: %(document)s") % {"title": step.title, "document": document}
        )
        return None

    def get_actions(self, request: HttpRequest) -> Any:
        """Operations for many become bulk actions."""
        user: Any = request.user
        actions = self.prints_of_many(request)
        for step in operations.of(self.model).values():
            if step.many and step.input is None and step.allowed_for(user):
                actions[f"do_{step.name}"] = (_bulk(step), f"do_{step.name}", step.title)
        return actions


def _bulk(step: Operation) -> Any:
    """A bulk action: a job that does each document on its own; its page shows how far it is."""

    def run(modeladmin: DocumentAdmin, request: HttpRequest, rows: Any) -> HttpResponse:
        keys = list(rows.values_list("pk", flat=True))
        job = bulk_operations.submit(step, keys, by=cast("User", request.user))
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

    return run
