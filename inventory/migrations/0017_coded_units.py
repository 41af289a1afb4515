"""Units become codes of UN/ECE Recommendations 20 and 21; unknown spellings stay until changed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import migrations, models

from oms.core import codes


def code_units(apps: Any, schema_editor: Any) -> None:
    skus = apps.get_model("inventory", "SKU").objects
    for written in skus.order_by().values_list("base_unit", flat=True).distinct():
        try:
            skus.filter(base_unit=written).update(base_unit=codes.unit(written))
        except ValidationError:
            continue


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0016_entrusted'),
    ]

    operations = [
        migrations.AlterField(
            model_name='sku',
            name='base_unit',
            field=models.CharField(default='H87', help_text='A code of UN/ECE Recommendation 20 or 21, for example H87 (piece), KGM (kilogram) or XBX (box).', max_length=12),
        ),
        migrations.RunPython(code_units, migrations.RunPython.noop),
    ]
