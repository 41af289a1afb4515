"""Forms of people: how they get in, what they do here, and which warehouses and customers are theirs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.contrib.auth.forms import SetPasswordMixin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from unfold.forms import UserChangeForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
)

from oms.core import policy
from oms.core.models import User

SCOPES = ("companies", "warehouses", "customers")
MOST_LISTED = 200  # of a rep with more, customers are changed at the customers themselves
INVITE, PASSWORD = "invite", "password"


def scope_model(name: str) -> Any:
    """The model whose rows name a person."""
    return User._meta.get_field(name).related_model


def rows_of(person: User, name: str, seen_by: User) -> Any:
    """The rows that name a person, as far as somebody sees them."""
    return policy.scope(getattr(person, name).all(), seen_by)


class RolesField(forms.ModelMultipleChoiceField):
    """Roles, each with what it is for."""

    def label_from_instance(self, obj: Any) -> str:
        told = getattr(getattr(obj, "role", None), "description", "")
        return f"{obj.name}: {told}" if told else str(obj.name)


class ScopesForm(forms.ModelForm):
    """A person's roles, and the rows that are theirs, as far as the editor sees them."""

    editor: User
    groups = RolesField(
        Group.objects.select_related("role").order_by("name"),
        label=_("Roles"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    companies = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        label=_("Companies"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("With a role that reaches own companies, only those checked here are seen."),
    )
    warehouses = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        label=_("Warehouses"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("With a role that reaches own warehouses, only those checked here are seen."),
    )
    customers = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        label=_("Customers"),
        required=False,
        help_text=_(
            "With a role that reaches own customers, only these are seen. A customer of another rep changes "
            "over to this one."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in SCOPES:
            if name in self.fields:
                self._offer(name)

    def _offer(self, name: str) -> None:
        field: Any = self.fields[name]
        model = scope_model(name)
        if name == "customers":
            link = next(each.field for each in model._meta.related_objects if each.one_to_many)
            field.widget = AutocompleteSelectMultiple(
                link, admin.site, attrs={"data-theme": "admin-autocomplete"}
            )
        field.queryset = policy.scope(model, self.editor)
        if self.instance.pk:
            field.initial = list(
                rows_of(self.instance, name, self.editor).values_list("pk", flat=True)
            )

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        for name in SCOPES:
            if name in self.changed_data:
                unseen = getattr(self.instance, name).exclude(
                    pk__in=policy.scope(scope_model(name), self.editor).values("pk")
                )
                getattr(self.instance, name).set([*self.cleaned_data[name], *unseen])


class PersonForm(ScopesForm, UserChangeForm):
    """Somebody who is known."""


class NewPersonForm(SetPasswordMixin, ScopesForm):
    """Somebody new, who gets an email to set a password, or is given one."""

    access = forms.ChoiceField(
        label=_("First log-in"),
        initial=INVITE,
        widget=UnfoldAdminRadioSelectWidget,
        choices=[
            (INVITE, _("By an invitation: an email with a link to set a password")),
            (PASSWORD, _("With the password below")),
        ],
    )
    password1, password2 = SetPasswordMixin.create_password_fields(
        _("Password"), _("Password again")
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("password1", "password2"):
            self.fields[name].required = False
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )
        self.fields["password2"].help_text = ""
        self.fields["email"].help_text = _("Invitations and notifications go here.")

    @property
    def is_invited(self) -> bool:
        return bool(self.cleaned_data.get("access") == INVITE)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_invited and not cleaned.get("email") and "email" not in self.errors:
            self.add_error(
                "email",
                _("Enter the address that the invitation goes to, or give them a password."),
            )
        if self.is_invited and cleaned.get("password1"):
            self.add_error(
                "password1",
                _("Leave the password empty for an invitation, or choose to give them one."),
            )
        if cleaned.get("access") == PASSWORD:
            missing = [name for name in ("password1", "password2") if not cleaned.get(name)]
            if missing:
                self.add_error(
                    missing[0], _("Enter the password twice, or send them an invitation.")
                )
            self.validate_passwords()
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.is_invited:
            self.validate_password_for_user(
                self.instance, "password1"
            )  # it may resemble the name entered here

    def save(self, commit: bool = True) -> User:
        person: User = super().save(commit=False)
        person.is_staff = True  # who works here works in the back office
        person.set_password(None if self.is_invited else self.cleaned_data["password1"])
        if commit:
            person.save()
            self.save_m2m()
        return person
