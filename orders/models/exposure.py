"""What customers owe and have ordered, as sums that a credit check can read at once."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.customer import Customer


class ExposureEntry(models.Model):
    """A change of a customer's exposure, in their currency, or the sum of earlier changes.

    Triggers of the database append an entry with each change of an order, invoice, payment or write-off, in the same
    transaction. Entries are never updated, so that no two transactions wait for each other.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    amount = models.DecimalField(max_digits=24, decimal_places=3, editable=False)
    is_sum = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = _("exposure entries")
        indexes = [
            models.Index(
                fields=["customer"], condition=Q(is_sum=False), name="exposure_entries_to_fold"
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} of {self.customer}"
