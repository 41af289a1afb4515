"""People and their roles. Only superusers make people stronger."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from oms.core.admin.access import ScopedAdmin
from oms.core.models import User

POWERS = ("is_staff", "is_superuser", "is_active", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(ScopedAdmin, DjangoUserAdmin):
    """A manager sees people and corrects names and addresses of those without more power than theirs."""

    viewers = "manager"
    editors = "manager"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "roles", "is_active"]
    list_filter = ["groups", "is_active"]
    ordering = ["username"]

    def roles(self, person: User) -> str:
        return ", ".join(sorted(person.role_names))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if request.user.is_superuser:
            return True
        return obj is not None and not obj.is_superuser and not obj.has_role("manager") and super(
        ).has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        powers = () if request.user.is_superuser else (*POWERS, "username", "last_login", "date_joined")
        return [*super().get_readonly_fields(request, obj), *powers]

    def user_change_password(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        if not request.user.is_superuser:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(args[0] if args else ""))
        return super().user_change_password(request, *args, **options)


admin.site.unregister(Group) if admin.site.is_registered(Group) else None


@admin.register(Group)
class GroupAdmin(ScopedAdmin):
    """The roles; their names are what the code asks for."""

    list_display = ["name"]
    fields = ["name"]
