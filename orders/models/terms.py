"""When invoices are to be paid."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.planners import terms


class PaymentTerms(models.Model):
    """Due at once or in installments, with a deposit before and a discount for paying early."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    days = models.PositiveSmallIntegerField(_("payment due in (days)"), default=30)
    end_of_month = models.BooleanField(
        default=False, help_text=_("Count from the end of the invoice month.")
    )
    discount_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        help_text=_("Applied to the total if the invoice is paid early."),
    )
    discount_days = models.PositiveSmallIntegerField(_("discount period (days)"), default=0)
    deposit_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        help_text=_("Percentage of the order total, invoiced on confirmation."),
    )

    class Meta:
        verbose_name_plural = _("payment terms")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lt=100),
                name="early_discount_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(deposit_percent__gte=0, deposit_percent__lte=100),
                name="deposit_is_a_percentage",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def plan(self) -> terms.Terms:
        """The terms as the planner reads them."""
        parts = tuple(
            terms.Part(part.percent, part.days, part.end_of_month)
            for part in self.parts.order_by("pk")
        )
        whole = terms.Part(Decimal(100), self.days, self.end_of_month)
        return terms.Terms(parts or (whole,), self.discount_percent, self.discount_days)


class TermsPart(models.Model):
    """An installment of payment terms; without any, the whole is due at once."""

    terms = models.ForeignKey(PaymentTerms, on_delete=models.CASCADE, related_name="parts")
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    days = models.PositiveSmallIntegerField(_("payment due in (days)"))
    end_of_month = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("installment")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=100), name="installment_is_a_percentage"
            )
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"
