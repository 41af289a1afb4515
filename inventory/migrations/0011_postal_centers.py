"""Where countries and postal regions lie; postal codes in their countries' form; bins that nobody measured."""

from django.db import migrations
from django.db.models import Q

from inventory.geography import take_shipped
from oms.core.postal_codes import normalize


def write_centers(apps, schema_editor):
    """Codes that are known already keep their place."""
    PostalCode = apps.get_model("inventory", "PostalCode")
    for row in PostalCode.objects.exclude(code=""):
        code = normalize(row.country, row.code)
        if code != row.code and not PostalCode.objects.filter(country=row.country, code=code).exists():
            PostalCode.objects.filter(pk=row.pk).update(code=code)
    take_shipped(keep=True)


def normalize_warehouses(apps, schema_editor):
    Warehouse = apps.get_model("inventory", "Warehouse")
    for row in Warehouse.objects.all():
        Warehouse.objects.filter(pk=row.pk).update(postal_code=normalize(row.country, row.postal_code))


def forget_unmeasured_bins(apps, schema_editor):
    """Where every bin of a warehouse stands at 0/0, nobody entered coordinates."""
    Bin = apps.get_model("inventory", "Bin")
    measured = Bin.objects.filter(~Q(x_cm=0) | ~Q(y_cm=0)).exclude(warehouse=None).values("warehouse")
    Bin.objects.exclude(warehouse__in=measured).update(x_cm=None, y_cm=None)


class Migration(migrations.Migration):

    dependencies = [('inventory', '0010_routing')]

    operations = [migrations.RunPython(step, migrations.RunPython.noop)
                  for step in (write_centers, normalize_warehouses, forget_unmeasured_bins)]
