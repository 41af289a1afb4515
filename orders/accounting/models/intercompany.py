"""Supplies between companies of the installation: the setting, what was supplied, and the supplier invoices."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from inventory import sharing
from inventory.models import SKU
from inventory.purchasing.models import Supplier
from oms.core.guarding import Guarded
from oms.core.models import Company
from oms.core.models.coded import CurrencyField
from oms.core.models.money import AmountField, UnitPriceField
from orders.accounting.models.invoice import Invoice, InvoiceLine
from orders.models.customer import Customer
from orders.models.order import Order
from orders.models.price import PriceList
from orders.models.tax import TaxRate


class IntercompanyRule(Guarded):
    """Whose stock may serve a company's orders, and at what price the companies settle it."""

    guarded = ("selling", "supplying")

    class Pricing(models.TextChoices):
        COST = "cost", _("cost")
        COST_PLUS = "cost_plus", _("cost plus percent")
        PRICE_LIST = "list", _("price list")

    selling = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("selling company"),
        help_text=_("Its orders are served."),
    )
    supplying = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("supplying company"),
        help_text=_("Its stock serves them, where the selling company's own doesn't suffice."),
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The selling company, as the supplying company's customer."),
    )
    supplier = models.ForeignKey(
        Supplier,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The supplying company, as the selling company's supplier."),
    )
    pricing = models.CharField(
        _("transfer price"), max_length=9, choices=Pricing, default=Pricing.COST
    )
    percent = models.DecimalField(
        _("percent on cost"),
        max_digits=5,
        decimal_places=2,
        default=0,
        blank=True,
        help_text=_("Only for cost plus percent, for example 10."),
    )
    price_list = models.ForeignKey(
        PriceList,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Only for price list: in the supplying company's currency, before tax."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=False,
        help_text=_(
            "On: this stock is promised to orders. Off: only what was promised before is shipped."
        ),
    )

    class Meta:
        verbose_name = _("intercompany setting")
        ordering = ["selling__code", "supplying__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["selling", "supplying"], name="one_rule_per_pair_of_companies"
            ),
            models.CheckConstraint(
                condition=~Q(selling=F("supplying")), name="companies_of_a_rule_differ"
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0), name="percent_on_cost_is_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(pricing="list") | Q(price_list__isnull=False),
                name="pricing_by_list_has_a_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplying} → {self.selling}"

    def clean(self) -> None:
        """Two different companies, and everything in the supplying company's currency."""
        super().clean()
        problems = dict(self._problems()) if self.selling_id and self.supplying_id else {}
        if problems:
            raise ValidationError(problems)

    def _problems(self) -> Any:
        if self.selling_id == self.supplying_id:
            yield "supplying", gettext("Choose another company than the selling one.")
        currency = self.supplying.currency
        wrong = gettext(
            "This has %(other)s. Choose one with %(currency)s, the supplying company's currency."
        )
        for name in ("customer", "supplier", "price_list"):
            chosen = getattr(self, name) if getattr(self, f"{name}_id") else None
            if chosen is not None and name != "supplier" and not self._is_suppliers(chosen):
                yield (
                    name,
                    gettext("This is another company's. Choose one of the supplying company's."),
                )
            elif chosen is not None and chosen.currency != currency:
                yield name, wrong % {"other": chosen.currency, "currency": currency}
            elif name == "price_list" and chosen is not None and chosen.includes_tax:
                yield (
                    name,
                    gettext(
                        "Prices between companies are before tax. Choose a price list without tax."
                    ),
                )
            elif (
                name == "price_list" and chosen is None and self.pricing == self.Pricing.PRICE_LIST
            ):
                yield name, gettext("Choose the price list.")

    def _is_suppliers(self, chosen: Any) -> bool:
        """Whether a customer or a price list is one of the supplying company, or of every company."""
        return chosen.company_id in (None, self.supplying_id)

    def save(self, *args: Any, **options: Any) -> None:
        """Save, and share the stock or stop sharing it."""
        with transaction.atomic():
            super().save(*args, **options)
            if self.is_active:
                sharing.share(self.selling, self.supplying)
            else:
                sharing.stop_sharing(self.selling, self.supplying)


class IntercompanySupply(models.Model):
    """Base units of a SKU that left a company's stock for another company's order, and the line that bills them."""

    rule = models.ForeignKey(IntercompanyRule, on_delete=models.PROTECT, related_name="supplies")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="intercompany_supplies")
    shipment = models.CharField(max_length=40)
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, related_name="+")
    line = models.OneToOneField(
        InvoiceLine, on_delete=models.PROTECT, related_name="intercompany_supply"
    )

    class Meta:
        verbose_name_plural = _("intercompany supplies")
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "sku"], name="sku_of_a_shipment_supplied_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shipment}: {self.line}"


class SupplierInvoice(models.Model):
    """What another company of the installation billed or credited, in the books of the company that buys."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT = "credit", _("credit note")

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.INVOICE)
    number = models.CharField(_("supplier's number"), max_length=40)
    mirrors = models.OneToOneField(
        Invoice,
        on_delete=models.PROTECT,
        related_name="supplier_invoice",
        verbose_name=_("supplier's document"),
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credits",
        verbose_name=_("credited invoice"),
    )
    currency = CurrencyField()
    exchange_rate = models.DecimalField(max_digits=14, decimal_places=6, default=1)
    net = AmountField()
    tax = AmountField()
    gross = AmountField()
    issued_on = models.DateField()
    booked_on = models.DateField()
    due_on = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "number"], name="supplier_invoice_recorded_once"
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")), name="supplier_invoice_gross_is_net_and_tax"
            ),
            models.CheckConstraint(
                condition=Q(corrects=None) | Q(kind="credit"),
                name="only_supplier_credit_notes_correct",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class SupplierInvoiceLine(models.Model):
    """A line of a supplier invoice: base units of a SKU."""

    invoice = models.ForeignKey(SupplierInvoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    sku = models.ForeignKey(SKU, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    description = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)
    unit_price = UnitPriceField()
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    tax_category = models.CharField(max_length=2, choices=TaxRate.Category, default="S")
    net = AmountField()
    tax = AmountField()
    gross = AmountField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="position_once_per_supplier_invoice"
            ),
            models.CheckConstraint(
                condition=Q(gross=F("net") + F("tax")),
                name="supplier_invoice_line_gross_is_net_and_tax",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.description}"

    @property
    def currency(self) -> str:
        return self.invoice.currency
