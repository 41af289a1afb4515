"""Where orders come from."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.core.models import Company
from oms.core.models.money import AmountField
from orders.models.price import ANOTHERS_PRICES, PriceList


class Channel(models.Model):
    """A way by which orders reach us, with its prices and rules."""

    class Kind(models.TextChoices):
        OWN_SITE = "own_site", _("Own website")
        IN_HOUSE = "in_house", _("in-house")
        MARKETPLACE = "marketplace", _("marketplace")
        SOCIAL = "social", _("social network")
        AFFILIATE = "affiliate", _("affiliate")
        AMBASSADOR = "ambassador", _("brand ambassador")

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.IN_HOUSE)
    company = models.ForeignKey(Company, on_delete=models.PROTECT)
    price_list = models.ForeignKey(PriceList, on_delete=models.PROTECT, null=True, blank=True)
    min_life_days = models.PositiveSmallIntegerField(
        _("minimum remaining life (days)"),
        default=0,
        db_default=0,
        help_text=_(
            "Lots that expire earlier than so many days after picking are not sent, for example 90."
        ),
    )
    allow_backorders = models.BooleanField(default=False)
    reserve_days_ahead = models.PositiveSmallIntegerField(
        _("reserve stock (days ahead)"),
        null=True,
        blank=True,
        help_text=_(
            "Orders requested for later reserve stock only this many days before their date. Empty: at once."
        ),
    )
    reroutes = models.BooleanField(
        _("re-route automatically"),
        default=False,
        db_default=False,
        help_text=_(
            "Move unstarted shipments to a better warehouse when stock or a warehouse changes."
        ),
    )
    paid_at_checkout = models.BooleanField(
        default=False,
        db_default=False,
        help_text=_(
            "Its orders are on hold until their payment is authorized or received in full."
        ),
    )
    commission_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(commission_percent__gte=0, commission_percent__lte=100),
                name="commission_is_a_percentage",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """A channel has prices of its company, or of every company."""
        super().clean()
        if self.price_list and self.price_list.company_id not in (None, self.company_id):
            raise ValidationError({"price_list": ANOTHERS_PRICES})

    def reserve_from(self, requested_on: date | None) -> date | None:
        """The later day from which an order requested for a day reserves stock; None: at once."""
        if requested_on is None or self.reserve_days_ahead is None:
            return None
        first = requested_on - timedelta(days=self.reserve_days_ahead)
        return first if first > self.company.today() else None


class FraudRule(models.Model):
    """Which orders wait for a fraud check: those to which all that a rule says applies."""

    name = models.CharField(max_length=80, unique=True)
    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="fraud_rules",
        help_text=_("Empty: every channel."),
    )
    minimum = AmountField(
        verbose_name=_("from an order of"),
        help_text=_("In the company's currency, for example 500."),
    )
    is_new_customer = models.BooleanField(
        _("first order"), default=False, help_text=_("Only customers without a completed order.")
    )
    countries_differ = models.BooleanField(
        _("delivered abroad"),
        default=False,
        help_text=_("Only where delivery and billing country differ."),
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum__gte=0), name="fraud_rule_minimum_is_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.name
