from django.db import migrations, models
from django.db.models import Q

DATED = """
    UPDATE inventory_sku SET has_expiry = true
    WHERE tracking <> 'none' AND id IN (SELECT sku_id FROM inventory_lot GROUP BY sku_id
                                        HAVING count(*) = count(expires_on))
"""


class Migration(migrations.Migration):

    dependencies = [("inventory", "0012_supply_way_on")]

    operations = [
        migrations.AddField("sku", "has_expiry", models.BooleanField(
            db_default=False, default=False,
            help_text="Lots or serial numbers have an expiry date, which is asked when they are received.")),
        migrations.RunSQL(DATED, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint("sku", models.CheckConstraint(
            condition=Q(has_expiry=False) | ~Q(tracking="none"), name="what_expires_is_tracked")),
        migrations.AddField("demand", "min_life_days", models.PositiveSmallIntegerField(db_default=0, default=0)),
    ]
