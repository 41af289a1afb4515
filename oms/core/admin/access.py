"""Who sees and edits what in the admin: by role, by row scope, and never money for who must not see it."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from oms.core.money import AmountField, UnitPriceField

MONEY_FIELDS = (AmountField, UnitPriceField)


def is_money(model: type[Model], name: str) -> bool:
    """Whether a field of a model, by its name, holds an amount or a price."""
    fields = {field.name: field for field in model._meta.get_fields()}
    return isinstance(fields.get(name), MONEY_FIELDS)


class RoleAccess:
    """Roles as words separated by spaces: who may look, and who may add and change. Superusers may everything."""

    viewers = ""
    editors = ""
    money_names: tuple[str, ...] = ()

    def _has(self, request: HttpRequest, roles: str) -> bool:
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return False
        return user.is_superuser or bool(user.role_names & set(roles.split()))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has(request, f"{self.viewers} {self.editors}")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has(request, self.editors)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has(request, self.editors)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._has(request, self.editors)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def without_money(self, request: HttpRequest, model: type[Model], names: Any) -> list[Any]:
        """Names of fields and columns, less those of money where the person must not see it."""
        if request.user.sees_money:  # type: ignore[union-attr]
            return list(names)
        return [name for name in names if not is_money(model, str(name)) and name not in self.money_names]


class ScopedAdmin(RoleAccess, ModelAdmin):
    """The base of every admin page: lists, links, autocompletes and exports show what the person may see."""

    show_full_result_count = False
    list_per_page = 50
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if hasattr(rows, "visible_to") else rows

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.without_money(request, self.model, super().get_list_display(request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.without_money(request, self.model, super().get_fields(request, obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [
            (title, {**options, "fields": self.without_money(request, self.model, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        rows = db_field.remote_field.model._default_manager.get_queryset()
        if hasattr(rows, "visible_to") and "queryset" not in options:
            options["queryset"] = rows.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **options)


class Lines(RoleAccess, TabularInline):
    """Rows of a document or a record; the parent decides whether they can be edited."""

    extra = 0
    tab = False
    is_editable = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_editable and self._parent_is_editable(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def _parent_is_editable(self, request: HttpRequest, obj: Any) -> bool:
        parent: Any = self.admin_site._registry[self.parent_model]
        return bool(parent.has_change_permission(request, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.without_money(request, self.model, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(super().get_readonly_fields(request, obj))
        shown = {str(name) for name in self.fields or ()}
        names += [field.name for field in self.model._meta.fields
                  if field.name in shown and not field.editable and field.name not in names]
        return self.without_money(request, self.model, names)
