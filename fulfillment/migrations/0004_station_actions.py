"""What is done at a station is a station action; scans are what carriers do, too."""

from django.db import migrations

from oms.core.renaming import rename_stored


def _renaming(old, new):
    return lambda apps, _editor: rename_stored(apps, "fulfillment", old, new)


class Migration(migrations.Migration):
    dependencies = [("fulfillment", "0003_shipping_labels")]

    operations = [
        migrations.RenameModel("Scan", "StationAction"),
        migrations.AlterModelOptions("StationAction", {"verbose_name": "station action"}),
        migrations.RunPython(
            _renaming("scan", "stationaction"), _renaming("stationaction", "scan"), elidable=True
        ),
    ]
