"""The places outside of all warehouses."""

from django.db import migrations

OUTSIDE = ("supplier", "customer", "adjustment", "scrap", "transit")


def create_places(apps, schema_editor):
    Bin = apps.get_model("inventory", "Bin")
    Bin.objects.bulk_create(Bin(code=kind.upper(), kind=kind, is_sellable=False) for kind in OUTSIDE)


class Migration(migrations.Migration):
    dependencies = [("inventory", "0001_initial")]
    operations = [migrations.RunPython(create_places, migrations.RunPython.noop)]
