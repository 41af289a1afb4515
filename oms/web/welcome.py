"""The page behind an invitation: whoever has the link sets their password and is logged in."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from unfold.widgets import UnfoldAdminPasswordWidget

from oms.core.models import User


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # it takes no parameters when it runs
    """A new password, twice."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, label in (
            ("new_password1", _("New password")),
            ("new_password2", _("New password again")),
        ):
            self.fields[name].label = label
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )
        self.fields["new_password2"].help_text = ""


@method_decorator(never_cache, name="dispatch")
class SetPassword(PasswordResetConfirmView):
    """Set a password by a link; the token leaves the address at once, so that no other site hears of it."""

    template_name = "admin/oms/set_password.html"
    form_class = PasswordForm
    post_reset_login = True
    success_url = reverse_lazy("admin:index")
    title = _("Set your password")

    def get_user(self, uidb64: str) -> User | None:
        user: Any = super().get_user(uidb64)
        return user if user is not None and user.is_active else None

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        shown = {**admin.site.each_context(self.request), **super().get_context_data(**context)}
        return shown | (
            {"person": self.user}
            if self.validlink
            else {"title": _("This link doesn't work anymore")}
        )
