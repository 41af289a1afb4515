"""Roles in the admin: the built-in ones to look at, and a company's own, made from nothing or from a copy."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget

from oms.backoffice.access import ScopedAdmin
from oms.backoffice.decorators import display
from oms.backoffice.rights import RightsField, offered_permissions, table
from oms.core import roles
from oms.core.models import Role
from oms.core.models.role import Reach


class RoleForm(forms.ModelForm):
    """A role of a company's own."""

    reach = forms.ChoiceField(
        choices=Reach.choices,
        widget=UnfoldAdminRadioSelectWidget,
        label=_("Reach"),
        help_text=_("Which customers' and warehouses' records its rights hold for."),
    )
    permissions = RightsField(
        Permission.objects.none(),
        required=False,
        label=_("Rights"),
        help_text=_("Any right on a kind of record includes looking at it."),
    )

    class Meta:
        model = Role
        fields = ("name", "description", "reach", "permissions")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "permissions" in self.fields:
            self.fields["permissions"].queryset = offered_permissions()  # type: ignore[attr-defined]


@admin.register(Role)
class RoleAdmin(ScopedAdmin):
    """Roles are for superusers: whoever makes them gives rights."""

    form = RoleForm
    list_display = ["name", "description", "reach", "is_built_in", "people"]
    list_filter = ["reach", "is_built_in"]
    fields = ["name", "description", "reach", "permissions"]
    change_form_outer_before_template = "admin/oms/steps.html"

    @display(description=_("People"))
    def people(self, role: Role) -> int:
        return role.user_set.filter(is_active=True).count()

    @display(description=_("Rights"))
    def rights(self, role: Role) -> Any:
        return table(role.permissions.values_list("pk", flat=True))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_built_in)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_built_in)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The table of rights, with boxes only where they can be changed."""
        rights = "permissions" if self.has_change_permission(request, obj) else "rights"
        return ["name", "description", "reach", rights]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [] if self.has_change_permission(request, obj) else ["rights"]

    def get_urls(self) -> Any:
        return [
            path(
                "<int:pk>/copy/", self.admin_site.admin_view(self.copy_view), name="core_role_copy"
            ),
            *super().get_urls(),
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Say which rights don't hold, as another one is missing that they need."""
        super().save_related(request, form, formsets, change)
        for needed, rights in roles.without_effect(form.instance).items():
            messages.warning(
                request,
                gettext("Without “%(needed)s” these rights have no effect: %(rights)s.")
                % {"needed": needed, "rights": ", ".join(rights)},
            )

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button that copies a role, to be changed."""
        role = Role.objects.filter(pk=pk).first()
        if role is None or not self.has_add_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        made = roles.copy(role)
        messages.success(
            request,
            gettext("This is a copy of “%(role)s”. Give it a name, change it and save it.")
            % {"role": role},
        )
        return HttpResponseRedirect(reverse("admin:core_role_change", args=[made.pk]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Above the form: its copy, and what somebody with this role sees."""
        context: dict[str, Any] = {"steps": [], "links": []}
        if object_id and str(object_id).isdigit():
            context = {
                "steps": [(_("Copy"), reverse("admin:core_role_copy", args=[object_id]))],
                "links": [(_("What this role sees"), reverse("preview_role", args=[object_id]))],
            }
        return super().changeform_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
