"""People and their roles. Only superusers make people stronger."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm

from oms.backoffice import absent
from oms.backoffice.access import ScopedAdmin
from oms.backoffice.decorators import display
from oms.backoffice.people import MOST_LISTED, SCOPES, NewPersonForm, PersonForm, rows_of
from oms.core import people, policy
from oms.core.errors import DomainError
from oms.core.models import User

NAME = ("username", "first_name", "last_name", "email", "language")
POWERS = ("is_active", "is_staff", "is_superuser")
DATES = ("last_login", "date_joined")
SHOWN = {
    "companies": "their_companies",
    "warehouses": "their_warehouses",
    "customers": "their_customers",
}  # where they cannot be edited

admin.site.unregister(Group)  # The import above registers it. Groups are changed as roles.


@admin.register(User)
class UserAdmin(ScopedAdmin, DjangoUserAdmin):
    """A manager sees people, and corrects names, warehouses and customers of those without more power than theirs."""

    form = PersonForm
    add_form = NewPersonForm
    add_form_template = (
        "admin/change_form.html"  # Django's says that more can be entered afterwards
    )
    change_password_form = AdminPasswordChangeForm
    change_form_outer_before_template = "admin/oms/steps.html"
    list_display = ["username", "first_name", "last_name", "email", "roles", "is_active"]
    list_filter = ["groups", "is_active"]
    filter_horizontal = ()
    ordering = ["username"]
    add_fieldsets = (
        (None, {"fields": NAME}),
        (_("Log-in"), {"fields": ("access", "password1", "password2")}),
        (_("Work"), {"fields": ("groups", *SCOPES)}),
    )
    fieldsets = (
        (None, {"fields": NAME}),
        (_("Work"), {"fields": ("groups", *SCOPES)}),
        (_("Powers"), {"fields": POWERS}),
        (_("Dates"), {"fields": DATES}),
    )

    @display(description=_("roles"))
    def roles(self, person: User) -> str:
        return ", ".join(sorted(person.role_names))

    def get_object(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """The person, and who looks at them: of what is theirs, only what that one sees is shown."""
        person: Any = super().get_object(request, *args, **options)
        if person is not None:
            person.seen_by = request.user
        return person

    @display(description=_("companies"))
    def their_companies(self, person: Any) -> str:
        return ", ".join(map(str, rows_of(person, "companies", person.seen_by))) or "—"

    @display(description=_("warehouses"))
    def their_warehouses(self, person: Any) -> str:
        return ", ".join(map(str, rows_of(person, "warehouses", person.seen_by))) or "—"

    @display(description=_("customers"))
    def their_customers(self, person: Any) -> str:
        count = rows_of(person, "customers", person.seen_by).count()
        return ngettext("%(count)s customer", "%(count)s customers", count) % {"count": count}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if request.user.is_superuser:
            return True
        return (
            obj is not None
            and not policy.may(obj, "change", User)
            and super().has_change_permission(request, obj)
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: Any = super().get_fieldsets(request, obj)
        if obj is None:
            return sets
        fixed = set(self.get_readonly_fields(request, obj))
        return [
            (
                title,
                {
                    **options,
                    "fields": [
                        SHOWN[name] if name in SHOWN and SHOWN[name] in fixed else name
                        for name in options["fields"]
                    ],
                },
            )
            for title, options in sets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Powers and roles where a manager looks; scopes where nothing is edited, or where there are too many."""
        if obj is None:
            return []
        names: list[str] = list(DATES)
        if not request.user.is_superuser:
            names += [*POWERS, "groups", "username"]
        elif obj.pk == request.user.pk:
            names += POWERS  # nobody locks themselves out
        if not self.has_change_permission(request, obj):
            names += [*SHOWN, *SHOWN.values()]
        elif rows_of(obj, "customers", request.user).count() > MOST_LISTED:  # type: ignore[arg-type]
            names += ["customers", SHOWN["customers"]]
        return names

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **options)
        form.editor = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change and form.is_invited:
            self._invite(request, obj)

    def _invite(self, request: HttpRequest, person: User) -> None:
        user: Any = request.user
        try:
            people.invite(person, site=request.build_absolute_uri("/").rstrip("/"), by=user)
            messages.success(
                request,
                gettext("A link to set a password is on its way to %(email)s.")
                % {"email": person.email},
            )
        except DomainError as refused:
            messages.error(request, refused.message)

    def get_urls(self) -> Any:
        return [
            path(
                "<int:pk>/invite/",
                self.admin_site.admin_view(self.invite_view),
                name="core_user_invite",
            ),
            *super().get_urls(),
        ]

    def invite_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button that sends a link to set a password."""
        person = self.get_object(request, str(pk))
        if person is None or not self.has_change_permission(request, person):
            return absent.answer(request, self.opts, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._invite(request, person)
        return HttpResponseRedirect(reverse("admin:core_user_change", args=[pk]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Around the form: the link by email, and the page that sets a password."""
        person = self.get_object(request, object_id) if object_id else None
        context: dict[str, Any] = {"steps": [], "links": []}
        if person is not None and self.has_change_permission(request, person):
            context["steps"] = [
                (
                    _("Email a link to set a password"),
                    reverse("admin:core_user_invite", args=[person.pk]),
                )
            ]
            if request.user.is_superuser:
                context["links"] = [
                    (
                        _("Set a password"),
                        reverse("admin:auth_user_password_change", args=[person.pk]),
                    ),
                    (_("What they see"), reverse("preview_person", args=[person.pk])),
                ]
        return super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    def user_change_password(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        if not request.user.is_superuser:
            return absent.answer(request, self.opts, str(args[0] if args else ""))
        return super().user_change_password(request, *args, **options)
