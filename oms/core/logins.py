"""How Django asks for permissions: of the roles that were read once."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from oms.core.models import User


class RoleBackend(ModelBackend):
    """Passwords as Django checks them; permissions from the person's grants."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj)
        return {each for grant in user_obj.grants for each in grant.permissions}
