"""Writing what the policy declares into Django's permissions and groups."""

from collections.abc import Iterator

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from oms.core import operations, policy
from oms.core.locking import atomic
from oms.core.models import Role
from oms.core.wording import Words


def seed() -> None:
    """Write the permissions of all rights, and the built-in roles as this version declares them. Safe to repeat."""
    with atomic():
        known = _permissions()
        for name, (reach, description) in policy.built_in_roles().items():
            role = _role(name)
            role.reach, role.description, role.is_built_in = reach, str(description), True
            role.save()
            role.permissions.set(known[each].pk for each in policy.default_permissions(name))


def _role(name: str) -> Role:
    group, _made = Group.objects.get_or_create(name=name)
    return Role.objects.filter(pk=group.pk).first() or Role(group_ptr=group, name=name)


def _permissions() -> dict[str, Permission]:
    """All permissions by `app.codename`; those that Django doesn't write are written here."""
    known = _known()
    kinds = {(kind.app_label, kind.model): kind for kind in ContentType.objects.all()}
    missing = [Permission(content_type=_kind_of(each, kinds), codename=each.partition(".")[2], name=str(title)[:255])
               for each, title in _titles() if each not in known]
    Permission.objects.bulk_create(missing)
    return _known() if missing else known


def _titles() -> Iterator[tuple[str, Words]]:
    """The rights that Django doesn't know, and what they are called."""
    yield from policy.titles().items()
    yield from ((policy.code(each.name, each.model), each.title) for each in operations.every())


def _known() -> dict[str, Permission]:
    rows = Permission.objects.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row for row in rows}


def _kind_of(permission: str, kinds: dict[tuple[str, str], ContentType]) -> ContentType:
    """The content type of a permission: its model's; the user's for a right in general."""
    app, _, codename = permission.partition(".")
    return kinds.get((app, codename.rpartition("_")[2])) or kinds["core", "user"]
