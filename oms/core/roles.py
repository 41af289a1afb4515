"""Roles as rows: what the policy declares, written into Django's permissions and groups, and copies of it."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils.translation import gettext as _

from oms.core import operations, policy
from oms.core.locking import atomic
from oms.core.models import Role, User
from oms.core.policy import Right
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


def copy(role: Role) -> Role:
    """Make a role of a company's own with what another one may do."""
    with atomic():
        made = Role.objects.create(
            name=_free_name(role.name), description=role.description, reach=role.reach
        )
        made.permissions.set(role.permissions.all())
    return made


def _free_name(name: str) -> str:
    """A name for a copy that no role has."""
    taken, count = set(Group.objects.values_list("name", flat=True)), 1
    found = _("copy of %(name)s") % {"name": name[:120]}
    while found in taken:
        count += 1
        found = _("copy %(count)s of %(name)s") % {"count": count, "name": name[:120]}
    return found


def titles() -> dict[Right, Words]:
    """The rights that Django doesn't know, and what they are called."""
    return {
        **policy.titles(),
        **{(each.model, each.name): each.title for each in operations.every()},
    }


def without_effect(role: Role) -> dict[str, list[str]]:
    """The rights of a role, by their names, that hold only with another one that it lacks, by the name of that one."""
    granted = {
        f"{app}.{name}"
        for app, name in role.permissions.values_list("content_type__app_label", "codename")
    }
    known, found = permissions(), dict[str, list[str]]()
    for model, rights in policy.offered().items():
        for right in rights:
            missing = {policy.code(each) for each in policy.needs(model, right)} - granted
            for code in sorted(missing) if policy.code(right, model) in granted else ():
                found.setdefault(known[code].name, []).append(known[policy.code(right, model)].name)
    return found


def permissions() -> dict[str, Permission]:
    """All permissions by `app.codename`."""
    rows = Permission.objects.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row for row in rows}


def _role(name: str) -> Role:
    group, _made = Group.objects.get_or_create(name=name)
    return Role.objects.filter(pk=group.pk).first() or Role(group_ptr=group, name=name)


def _permissions() -> dict[str, Permission]:
    """All permissions; those that Django doesn't write are written here."""
    known = permissions()
    missing = [
        Permission(
            content_type=_kind_of(model),
            codename=policy.code(right, model).partition(".")[2],
            name=str(title)[:255],
        )
        for (model, right), title in titles().items()
        if policy.code(right, model) not in known
    ]
    Permission.objects.bulk_create(missing)
    return permissions() if missing else known


def _kind_of(model: type[Model] | None) -> ContentType:
    """The content type of a right: its model's; the user's for a right in general."""
    return ContentType.objects.get_for_model(model or User)
