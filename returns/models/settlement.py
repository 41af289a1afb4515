"""What the customer gets for what came back."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core.models.money import AmountField
from orders.accounting.models import Invoice
from orders.models import Order
from returns.models.request import ReturnRequest


class Settlement(models.Model):
    """The credit notes of a return, what is refunded of them, and the order sent in exchange."""

    request = models.OneToOneField(
        ReturnRequest, on_delete=models.PROTECT, related_name="settlement"
    )
    credits = models.ManyToManyField(Invoice, related_name="settlements")
    credited = AmountField()
    cleared = AmountField(help_text=_("Applied to the order's open invoices."))
    to_refund = AmountField()
    exchange = models.OneToOneField(
        Order, on_delete=models.PROTECT, null=True, related_name="settlement"
    )
    difference_due = AmountField(help_text=_("Exchange total minus amount credited."))

    def __str__(self) -> str:
        return gettext("settlement of %(request)s") % {"request": self.request}

    @property
    def currency(self) -> str:
        return self.request.order.currency
