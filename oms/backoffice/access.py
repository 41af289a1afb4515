"""Who sees and edits what in the admin, as the policy says."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial, wraps
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline

from oms.backoffice.choices import ScopedChoices, keep_chosen, own_company, require_company
from oms.backoffice.lists import FastListAdmin
from oms.backoffice.sheets import SheetsAdmin
from oms.backoffice.views import SavedViewsAdmin
from oms.core import limits, money_text, policy
from oms.core.errors import DomainError
from oms.core.locking import run_again
from oms.core.models.money import AMOUNT_FIELDS
from oms.core.wording import Words


def is_money(model: type[Model], name: str) -> bool:
    """Whether a field of a model, by its name, holds an amount or a price."""
    fields = {field.name: field for field in model._meta.get_fields()}
    return isinstance(fields.get(name), AMOUNT_FIELDS)


@cache
def money_column(model: type[Model], name: str) -> Any:
    """A column or field that shows an amount or a price at the minor units of its row's currency."""

    def shown(row: Any) -> str | None:
        amount = getattr(row, name)
        return None if amount is None else money_text.grouped(amount, getattr(row, "currency", ""))

    shown.__name__ = name
    shown.short_description = model._meta.get_field(name).verbose_name  # type: ignore[attr-defined, union-attr]
    shown.admin_order_field = name  # type: ignore[attr-defined]
    return shown


def with_money_columns(model: type[Model], names: Iterable[Any]) -> list[Any]:
    """Names of fields, those of money replaced by what shows them."""
    return [money_column(model, name) if is_money(model, str(name)) else name for name in names]


@cache
def name_column(model: type[Model], name: str) -> Any:
    """A field that refers to a record, as that record's name without a link."""

    def shown(row: Any) -> str | None:
        record = getattr(row, name)
        return None if record is None else str(record)

    shown.__name__ = name
    shown.short_description = model._meta.get_field(name).verbose_name  # type: ignore[attr-defined, union-attr]
    return shown


def shown_columns(model: type[Model], names: Iterable[Any], user: Any) -> list[Any]:
    """Names of fields that are only read: money by its currency, records that a person may not open without a link."""
    unlinked = closed_links(model, user)
    return [
        name_column(model, name) if str(name) in unlinked else name
        for name in with_money_columns(model, names)
    ]


def closed_links(model: type[Model], user: Any) -> set[str]:
    """The fields that refer to records whose pages a person may not open."""
    return {
        field.name
        for field in model._meta.fields
        if field.related_model and not policy.may(user, "view", field.related_model)
    }


def kinds_along(model: type[Model], lookup: str) -> Iterator[type[Model]]:
    """The kinds of records through which a lookup leads, and to which."""
    for step in lookup.split(LOOKUP_SEP):
        field: Any = next((each for each in model._meta.get_fields() if each.name == step), None)
        if field is None or not field.is_relation:
            return
        model = field.related_model
        yield model


def filter_name(entry: Any) -> str:
    """The lookup of an entry of `list_filter`, or the parameter of one that is a class."""
    lookup = entry[0] if isinstance(entry, tuple) else entry
    return lookup if isinstance(lookup, str) else str(lookup.parameter_name)


def acting(right: str, title: Words) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of a page, a request and rows a bulk action, for those who have a right to the rows."""

    def made(run: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(run)
        def act(page: Any, request: HttpRequest, rows: Any) -> Any:
            return run(page, request, policy.scope(rows, request.user, right))

        act.short_description, act.right = title, right  # type: ignore[attr-defined]
        return act

    return made


class PolicyAccess:
    """Who may look, add, change and delete is asked of the policy."""

    def may(self, request: HttpRequest, right: str, obj: Any = None) -> bool:
        """Whether a colleague has a right on this page's kind of record, or on one record."""
        user: Any = request.user
        page: Any = self
        return bool(user.is_staff) and policy.may(user, right, obj or page.model)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "delete", obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def without_hidden(self, request: HttpRequest, names: Any) -> list[Any]:
        """Names of fields and columns, less those that the person isn't shown."""
        page: Any = self
        return [
            name
            for name in names
            if policy.shows(request.user, page.model, getattr(name, "__name__", name))
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: Any = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return [
            (title, {**options, "fields": self.shown_fields(request, obj, options["fields"])})
            for title, options in sets
        ]

    def shown_fields(self, request: HttpRequest, obj: Any, names: Any) -> list[Any]:
        """The fields that a person may see; money that they cannot edit as its currency writes it."""
        page: Any = self
        names = self.without_hidden(request, names)
        columns = shown_columns(page.model, names, request.user)
        is_edited = (
            self.has_change_permission(request, obj)
            if obj is not None
            else self.has_add_permission(request) or self.has_change_permission(request)
        )
        if not is_edited:
            return columns
        fixed = page.get_readonly_fields(request, obj)
        return [
            column if column in fixed else name for name, column in zip(names, columns, strict=True)
        ]


def _refused(form: Any, message: str) -> Any:
    """A form that keeps what was entered and is not saved."""

    class Refused(form):
        def full_clean(self) -> None:
            super().full_clean()
            if self.is_bound:
                self.add_error(None, message)

    return Refused


def _tell_corrections(request: HttpRequest, form: Any) -> None:
    """Say which codes were entered in another spelling, and what they became."""
    for name in form.changed_data:
        written, code = getattr(form.fields[name], "corrected", None) or ("", "")
        if code:
            messages.info(
                request,
                _("%(field)s: %(written)s was corrected to %(code)s.")
                % {"field": form.fields[name].label, "written": written, "code": code},
            )


@dataclass(frozen=True)
class Page:
    """A further page of a kind of record: its route below the list, its name, and a view of admin page and request."""

    route: str
    view: Callable[..., Any]
    name: str


class ScopedAdmin(
    PolicyAccess, ScopedChoices, FastListAdmin, SheetsAdmin, SavedViewsAdmin, ModelAdmin
):
    """The base of every admin page: lists, links, autocompletes and exports show what the person may see."""

    show_full_result_count = False
    list_per_page = 50
    compressed_fields = True
    list_before_template = "admin/oms/list_tools.html"
    list_tools_template = ""
    list_tools_rights: tuple[str, ...] = ()  # those that its buttons ask for
    pages: Sequence[Page] = ()  # further pages, by rooms above

    def get_urls(self) -> list[Any]:
        return [
            path(page.route, self.admin_site.admin_view(partial(page.view, self)), name=page.name)
            for page in self.pages
        ] + super().get_urls()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """What a form saves is one transaction; what is refused only then is told above what was entered."""
        try:
            with limits.within():
                return run_again(
                    super().changeform_view, request, object_id, form_url, extra_context
                )
        except DomainError as refused:
            if request.method != "POST":
                raise
            request.refused = refused.message  # type: ignore[attr-defined]
            for file in request.FILES.values():
                file.seek(0)  # type: ignore[union-attr]
            page = super().changeform_view(request, object_id, form_url, extra_context)
            page.status_code = 503 if refused.code == "busy" else 409
            return page

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **options)
        if obj is None:
            require_company(form, self.model, request.user)
        else:
            keep_chosen(form, obj, request.user)
        message = getattr(request, "refused", "")
        return _refused(form, message) if message else form

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**own_company(self.model, request), **super().get_changeform_initial_data(request)}

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        _tell_corrections(request, form)
        return super().save_form(request, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.forms:
            _tell_corrections(request, row)
        super().save_formset(request, form, formset, change)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return policy.scope(super().get_queryset(request), request.user)

    def get_list_display(self, request: HttpRequest) -> Any:
        names = self.without_hidden(request, super().get_list_display(request))
        return with_money_columns(self.model, names)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """A list can't be narrowed by what isn't shown, either."""
        return self.shows_along(request, lookup) and super().lookup_allowed(lookup, value, request)

    def shows_along(self, request: HttpRequest, lookup: str) -> bool:
        """Whether a person is shown where a lookup begins, and sees the kinds of records to which it leads."""
        begin = lookup.partition(LOOKUP_SEP)[0]
        return policy.shows(request.user, self.model, begin) and all(
            policy.sees(request.user, kind) for kind in kinds_along(self.model, lookup)
        )

    def shown_parts(self, request: HttpRequest, *names: str) -> dict[str, bool]:
        """Whether a person is shown parts of a further page, by their names in the policy."""
        return {name: policy.shows(request.user, self.model, name) for name in names}

    def get_list_filter(self, request: HttpRequest) -> Any:
        """The filters that show what the person sees."""
        return [
            each
            for each in super().get_list_filter(request)
            if self.shows_along(request, filter_name(each))
        ]

    def get_actions(self, request: HttpRequest) -> Any:
        """The bulk actions that the person has the right to."""
        actions = super().get_actions(request)
        return {
            name: action
            for name, action in actions.items()
            if self.may(request, getattr(action[0], "right", "view"))
        }

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, policy.scope(queryset, request.user, "delete"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_readonly_fields(request, obj)
        return shown_columns(self.model, names, request.user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nobody adds what is out of their reach."""
        super().save_related(request, form, formsets, change)
        if not change:
            policy.require_reach(request.user, "add", form.instance)


class Lines(PolicyAccess, ScopedChoices, TabularInline):
    """Rows of a document or a record; the parent decides whether they can be edited."""

    extra = 0
    tab = False
    is_editable = False
    show_change_link = False
    per_page = 100
    reads_with: tuple[str, ...] = ()  # relations that a row asks for besides those it shows

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that the person sees, with what they name, so that none asks for it on its own."""
        known = {field.name for field in self.model._meta.fields if field.is_relation}
        named = [str(name) for name in self.fields or known if str(name) in known]
        rows = policy.scope(super().get_queryset(request), request.user)
        rows = rows.select_related(*named, *self.reads_with)
        return rows if rows.ordered else rows.order_by("pk")  # pages need an order

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """A cell of the table is named by its heading, for those who hear it."""
        field: Any = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None and field.widget is not None:
            getattr(field.widget, "widget", field.widget).attrs.setdefault(
                "aria-label", str(field.label)
            )
        return field

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return policy.sees(request.user, self.model)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (
            self.is_editable
            and policy.sees(request.user, self.model)
            and not policy.lacks(request.user, "change", self.model)
            and (self._parent_is_editable(request, obj))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def _parent_is_editable(self, request: HttpRequest, obj: Any) -> bool:
        parent: Any = self.admin_site.get_model_admin(self.parent_model)
        return bool(parent.has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(super().get_readonly_fields(request, obj))
        shown = {str(name) for name in self.fields or ()}
        is_fixed = not self.has_change_permission(request, obj)
        unlinked = closed_links(self.model, request.user)
        names += [
            field.name
            for field in self.model._meta.fields
            if field.name not in names
            and (
                (field.name in shown and not field.editable)
                or (is_fixed and is_money(self.model, field.name))
                or (
                    is_fixed
                    and field.name in unlinked
                    and field.related_model is not self.parent_model
                )
            )
        ]
        return shown_columns(self.model, self.without_hidden(request, names), request.user)
