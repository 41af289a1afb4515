"""Notification rules and shared views name their role by its key, so that a role can be renamed and deleted."""

import django.db.models.deletion
from django.db import migrations, models


def roles_by_key(apps, schema_editor):
    Group, Role = apps.get_model("auth", "Group"), apps.get_model("core", "Role")
    rules, views = apps.get_model("core", "Subscription").objects, apps.get_model("core", "SavedView").objects
    for name in {*rules.values_list("role_name", flat=True), *views.values_list("team_name", flat=True)} - {""}:
        group, _made = Group.objects.get_or_create(name=name)
        role = Role.objects.filter(pk=group.pk).first() or Role(group_ptr=group, name=name)
        role.save()  # its reach is written after migrating, if it is a built-in one
        rules.filter(role_name=name).update(role=role)
        views.filter(team_name=name).update(team=role)


def key(**options):
    return models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="core.role",
                             **options)


class Migration(migrations.Migration):
    dependencies = [("core", "0019_vat_origins")]
    operations = [
        migrations.RemoveConstraint("subscription", "topic_once_per_role_and_warehouse"),
        migrations.AlterModelOptions("subscription", {"ordering": ["topic", "role__name", "warehouse"]}),
        migrations.RenameField("subscription", "role", "role_name"),
        migrations.RenameField("savedview", "team", "team_name"),
        migrations.AddField("subscription", "role", key()),
        migrations.AddField("savedview", "team", key(blank=True)),
        migrations.RunPython(roles_by_key, elidable=True),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveField("subscription", "role_name"),
        migrations.RemoveField("savedview", "team_name"),
        migrations.AlterField("subscription", "role", models.ForeignKey(
            on_delete=django.db.models.deletion.CASCADE, related_name="+", to="core.role")),
        migrations.AddConstraint("subscription", models.UniqueConstraint(
            fields=("role", "topic", "warehouse"), name="topic_once_per_role_and_warehouse")),
    ]
