import django.db.models.deletion
import oms.core.money
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0013_cancellations_asked'),
        ('orders', '0016_tax_codes_of_books'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FraudRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('minimum', oms.core.money.AmountField(default=Decimal('0'), help_text="In the company's currency, for example 500.", verbose_name='from an order of')),
                ('is_new_customer', models.BooleanField(default=False, help_text='Only customers without a completed order.', verbose_name='first order')),
                ('countries_differ', models.BooleanField(default=False, help_text='Only where delivery and billing country differ.', verbose_name='delivered abroad')),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='allocation',
            name='allocation_is_positive',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_is_positive',
        ),
        migrations.RemoveConstraint(
            model_name='writeoff',
            name='write_off_is_positive',
        ),
        migrations.AddField(
            model_name='allocation',
            name='booked_on',
            field=models.DateField(help_text='Of a counter-entry: the day from which it counts.', null=True),
        ),
        migrations.AddField(
            model_name='allocation',
            name='reverses',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='orders.allocation'),
        ),
        migrations.AddField(
            model_name='channel',
            name='paid_at_checkout',
            field=models.BooleanField(db_default=False, default=False, help_text='Its orders are on hold until their payment is authorized or received in full.'),
        ),
        migrations.AddField(
            model_name='payment',
            name='capture_key',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=80),
        ),
        migrations.AddField(
            model_name='payment',
            name='error',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=200),
        ),
        migrations.AddField(
            model_name='payment',
            name='origin',
            field=models.ForeignKey(editable=False, help_text='The payment that this is the rest of, or was moved from.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='follow_ups', to='orders.payment'),
        ),
        migrations.AddField(
            model_name='payment',
            name='void_reference',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=80),
        ),
        migrations.AddField(
            model_name='refund',
            name='booked_on',
            field=models.DateField(null=True, verbose_name='value date'),
        ),
        migrations.AddField(
            model_name='refund',
            name='fee',
            field=oms.core.money.AmountField(db_default=0, default=Decimal('0'), help_text='What the bank charged us for a returned payment.'),
        ),
        migrations.AddField(
            model_name='refund',
            name='kind',
            field=models.CharField(choices=[('refund', 'refund'), ('returned', 'returned payment'), ('moved', 'moved to another customer')], db_default='refund', default='refund', editable=False, max_length=8),
        ),
        migrations.AddField(
            model_name='refund',
            name='reason',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='reverses',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='orders.writeoff'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='paid_on',
            field=models.DateField(blank=True, null=True, verbose_name='value date'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses', None)), models.Q(('amount__lt', 0), ('booked_on__isnull', False), ('reverses__isnull', False)), _connector='OR'), name='allocation_is_positive_and_its_reversal_negative'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('fee__gte', 0)), name='refund_is_positive'),
        ),
        migrations.AddConstraint(
            model_name='writeoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('reverses', None), ('tax__gte', 0)), models.Q(('amount__lt', 0), ('reverses__isnull', False), ('tax__lte', 0)), _connector='OR'), name='write_off_is_positive_and_its_reversal_negative'),
        ),
        migrations.AddField(
            model_name='fraudrule',
            name='channel',
            field=models.ForeignKey(blank=True, help_text='Empty: every channel.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='fraud_rules', to='orders.channel'),
        ),
        migrations.AddConstraint(
            model_name='fraudrule',
            constraint=models.CheckConstraint(condition=models.Q(('minimum__gte', 0)), name='fraud_rule_minimum_is_not_negative'),
        ),
    ]
