"""Charges by tax rate, and tax rates whose periods neither overlap nor end before they begin.

Of rates that overlapped, the one that applied so far still does: the later one.
"""

from datetime import timedelta
from typing import Any

import django.contrib.postgres.constraints
import django.core.validators
import django.db.models.functions.text
import oms.core.money
from django.db import migrations, models


def settle_periods(apps: Any, schema_editor: Any) -> None:
    reversed_ones = models.Q(valid_to__lt=models.F("valid_from"))
    rates = apps.get_model("orders", "TaxRate").objects
    rates.filter(reversed_ones).delete()
    apps.get_model("orders", "Discount").objects.filter(reversed_ones).delete()
    known: dict[Any, Any] = {}
    for row in rates.order_by(models.F("valid_from").asc(nulls_first=True), "pk"):
        is_dated = bool(row.valid_from or row.valid_to)
        key = (row.country, row.region.lower(), row.tax_class, is_dated)
        before = known.get(key)
        if before is not None and not is_dated:
            before.delete()
        elif before is not None and (before.valid_to is None or row.valid_from is None
                                     or before.valid_to >= row.valid_from):
            _end_before(before, row)
        known[key] = row


def _end_before(before: Any, row: Any) -> None:
    if row.valid_from is None or (before.valid_from and before.valid_from >= row.valid_from):
        before.delete()
    else:
        before.valid_to = row.valid_from - timedelta(days=1)
        before.save(update_fields=["valid_to"])


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0018_demand_of_companies'),
        ('orders', '0014_remaining_life'),
    ]

    operations = [
        migrations.AddField(
            model_name='ordercharge',
            name='taxes',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, editable=False, help_text="The charge by tax rate, where it follows the goods' rates."),
        ),
        migrations.AddField(
            model_name='orderline',
            name='included_percent',
            field=models.DecimalField(db_default=0, decimal_places=3, default=0, editable=False, max_digits=6, verbose_name='tax taken out of the price (%)'),
        ),
        migrations.AddField(
            model_name='writeoff',
            name='taxes',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, editable=False, help_text='The same by category and rate.'),
        ),
        migrations.AlterField(
            model_name='orderline',
            name='unit_price',
            field=oms.core.money.UnitPriceField(blank=True, default=None, help_text='Leave empty for the price that applies to this customer.', null=True, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AlterField(
            model_name='ordercharge',
            name='kind',
            field=models.CharField(choices=[('freight', 'freight'), ('fee', 'fee'), ('allowance', 'allowance'), ('reminder', 'reminder fee'), ('damage', 'compensation for damage')], default='freight', max_length=10),
        ),
        migrations.RunPython(settle_periods, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='discount',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_from', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='discount_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='taxrate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_from', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='tax_rate_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='taxrate',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.Func(django.db.models.functions.text.Concat('country', models.Value('/'), models.Func('region', function='lower'), models.Value('/'), 'tax_class', models.Value('/'), models.Func('valid_from', 'valid_to', output_field=models.CharField(), template="(daterange(%(expressions)s, '[]') = '(,)'::daterange)::text")), models.Value(0), function='hashtextextended'), models.Func(django.db.models.functions.text.Concat('country', models.Value('/'), models.Func('region', function='lower'), models.Value('/'), 'tax_class', models.Value('/'), models.Func('valid_from', 'valid_to', output_field=models.CharField(), template="(daterange(%(expressions)s, '[]') = '(,)'::daterange)::text")), models.Value(0), function='hashtextextended'), models.Value('[]'), function='int8range'), '&&'), (models.Func('valid_from', 'valid_to', output_field=models.CharField(), template="daterange(%(expressions)s, '[]')"), '&&')], name='tax_rates_do_not_overlap', violation_error_message="Another rate of this country, region and tax class holds then. Enter days that don't overlap, or change that rate."),
        ),
    ]
