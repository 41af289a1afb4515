from django.db import migrations, models
from django.db.models import Q

MARK = """
    UPDATE inventory_binstock SET is_serial = true
    WHERE sku_id IN (SELECT id FROM inventory_sku WHERE tracking = 'serial') AND on_hand <= 1
      AND (on_hand = 0 OR lot_id NOT IN (SELECT lot_id FROM inventory_binstock
                                         WHERE on_hand > 0 AND lot_id IS NOT NULL
                                         GROUP BY lot_id HAVING count(*) > 1))
"""


class Migration(migrations.Migration):
    """Serials that are several pieces or in several places stay unmarked: `verify` names them."""

    dependencies = [("inventory", "0008_counts_again")]

    operations = [
        migrations.AddField("binstock", "is_serial",
                            models.BooleanField(db_default=False, default=False, editable=False)),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint("binstock", models.CheckConstraint(
            condition=Q(is_serial=False) | Q(on_hand__lte=1), name="serial_is_one_piece")),
        migrations.AddConstraint("binstock", models.UniqueConstraint(
            fields=["lot"], condition=Q(is_serial=True, on_hand__gt=0), name="serial_in_one_place")),
    ]
