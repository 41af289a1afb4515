"""Postal codes of addresses in the form of their countries, so that the same one is found again."""

from django.db import migrations

from oms.core.postal_codes import normalize


def normalize_addresses(apps, schema_editor):
    Address = apps.get_model("orders", "Address")
    changed = []
    for row in Address.objects.exclude(postal_code="").only("pk", "country", "postal_code").iterator(chunk_size=5000):
        code = normalize(row.country, row.postal_code)
        if code != row.postal_code:
            row.postal_code = code
            changed.append(row)
    Address.objects.bulk_update(changed, ["postal_code"], batch_size=1000)


class Migration(migrations.Migration):

    dependencies = [('orders', '0011_routing_of_channels')]

    operations = [migrations.RunPython(normalize_addresses, migrations.RunPython.noop)]
