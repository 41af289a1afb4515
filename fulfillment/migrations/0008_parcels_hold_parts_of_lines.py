from django.db import migrations, models
import django.db.models.deletion

# What was in one parcel each stays there, with all its units.
CONTENTS = """
    INSERT INTO fulfillment_packagecontent (package_id, line_id, quantity)
    SELECT l.package_id, l.id, r.quantity FROM fulfillment_shipmentline l
    JOIN inventory_reservation r ON r.id = l.reservation_id WHERE l.package_id IS NOT NULL;
    SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
"""
BACK = """
    UPDATE fulfillment_shipmentline l SET package_id = c.package_id
    FROM (SELECT line_id, min(package_id) AS package_id FROM fulfillment_packagecontent GROUP BY 1) c
    WHERE c.line_id = l.id;
    SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('fulfillment', '0007_origins_of_rates_and_days'),
        ('inventory', '0006_by_time'),
    ]

    operations = [
        migrations.CreateModel(
            name='PackageContent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField()),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contents', to='fulfillment.shipmentline')),
                ('package', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contents', to='fulfillment.package')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('package', 'line'), name='line_once_per_package'),
                                models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='package_content_is_positive')],
            },
        ),
        migrations.AddField(
            model_name='package',
            name='carrier',
            field=models.CharField(blank=True, db_default='', max_length=60),
        ),
        migrations.AddField(
            model_name='package',
            name='tracking_number',
            field=models.CharField(blank=True, db_default='', help_text='From a shop or third party that sent it; our own labels have theirs.', max_length=60),
        ),
        migrations.AddIndex(
            model_name='package',
            index=models.Index(condition=models.Q(('tracking_number', ''), _negated=True), fields=['tracking_number'], name='packages_by_tracking_number'),
        ),
        migrations.RunSQL(CONTENTS, BACK),
        migrations.RemoveField(model_name='shipmentline', name='package'),
    ]
