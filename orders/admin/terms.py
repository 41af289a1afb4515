"""Payment terms in the admin."""

from django.contrib import admin

from oms.backoffice.access import Lines, ScopedAdmin
from orders.models import PaymentTerms, TermsPart


class TermsParts(Lines):
    model = TermsPart
    is_editable = True


@admin.register(PaymentTerms)
class PaymentTermsAdmin(ScopedAdmin):
    list_display = [
        "code",
        "name",
        "days",
        "end_of_month",
        "discount_percent",
        "discount_days",
        "deposit_percent",
    ]
    inlines = [TermsParts]
