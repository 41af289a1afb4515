from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("orders", "0018_value_dates_of_refunds")]

    operations = [
        migrations.AlterField(
            model_name="refund", name="booked_on", field=models.DateField(verbose_name="value date")),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('gross', models.F('net') + models.F('tax'))), name='order_gross_is_net_and_tax'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('captured', 0), ('paid_on__isnull', False), _connector='OR'), name='captured_money_has_a_value_date'),
        ),
    ]
