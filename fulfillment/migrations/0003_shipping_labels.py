"""Labels of carriers are shipping labels: the model, its permissions and its saved views."""

from django.db import migrations

from oms.core.renaming import rename_stored


def _renaming(old, new):
    return lambda apps, _editor: rename_stored(apps, "fulfillment", old, new)


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0004_labels"),
        ("fulfillment", "0002_labels"),
    ]

    operations = [
        migrations.RenameModel("Label", "ShippingLabel"),
        migrations.AlterModelOptions("ShippingLabel", {"verbose_name": "shipping label"}),
        migrations.RunPython(
            _renaming("label", "shippinglabel"), _renaming("shippinglabel", "label"), elidable=True
        ),
    ]
