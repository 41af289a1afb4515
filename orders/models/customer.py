"""Customers, their people, addresses and part numbers."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from oms.core import endpoints
from oms.core.guarding import Guarded
from oms.core.locking import LockRank
from oms.core.models import Company
from oms.core.models.checked import VATNumberField
from oms.core.models.coded import CountryField, CurrencyField, LanguageField
from oms.core.models.money import AmountField
from oms.core.models.postal import PostalCodeField
from oms.core.models.word_search import words_index
from oms.core.postal_codes import tidy
from orders.models.price import ANOTHERS_PRICES


class Customer(Guarded):
    """Who buys from us, on what terms."""

    guarded = ("currency",)
    compared = ("company",)

    class Billing(models.TextChoices):
        SHIPMENT = "shipment", _("Shipment")
        ORDER = "order", _("Order, on confirmation")
        MONTH = "month", _("Month (consolidated)")

    class EInvoice(models.TextChoices):
        NONE = "", _("None (PDF only)")
        FACTUR_X = "facturx", _("Factur-X (PDF with embedded XML)")
        UBL = "ubl", _("Peppol UBL (XML in addition to the PDF)")

    lock_rank = LockRank.CUSTOMER
    worded = ("code", "name", "email")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    currency = CurrencyField()
    company = models.ForeignKey(
        Company,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The company that sells to them. Empty: every company."),
    )
    rep = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="customers",
    )
    price_list = models.ForeignKey(
        "orders.PriceList", on_delete=models.PROTECT, null=True, blank=True
    )
    terms_days = models.PositiveSmallIntegerField(_("payment due in (days)"), default=30)
    terms = models.ForeignKey(
        "orders.PaymentTerms",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("payment terms"),
        help_text=_("Overrides the number of days."),
    )
    billing = models.CharField(
        _("invoice per"), max_length=8, choices=Billing, default=Billing.SHIPMENT
    )
    credit_limit = AmountField(null=True, blank=True, default=None)  # type: ignore[misc]
    vat_number = VATNumberField(
        _("VAT number"),
        blank=True,
        help_text=_("Include the country prefix, for example DE136695976."),
    )
    is_tax_exempt = models.BooleanField(default=False)
    exemption_note = models.CharField(max_length=200, blank=True)
    einvoice = models.CharField(
        _("e-invoices"), max_length=8, choices=EInvoice, default=EInvoice.NONE, blank=True
    )
    endpoint = models.CharField(
        _("e-invoicing address"),
        max_length=60,
        blank=True,
        help_text=_("Participant ID, for example a VAT number or GLN."),
    )
    endpoint_scheme = models.CharField(
        _("e-invoicing address scheme"),
        max_length=4,
        blank=True,
        help_text=_("EAS code, for example 9930, 9906 or 0088."),
    )
    buyer_reference = models.CharField(
        max_length=60,
        blank=True,
        help_text=_("Reference the customer requires on e-invoices, for example a Leitweg-ID."),
    )
    language = LanguageField(blank=True, help_text=_("Print language. Default: company's."))
    priority = models.PositiveSmallIntegerField(
        default=100, help_text=_("Lower numbers get scarce stock first.")
    )
    ship_complete = models.BooleanField(
        _("ship complete only"),
        default=False,
        db_default=False,
        help_text=_(
            "Nothing of an order leaves until everything ordered is in stock. An order can say otherwise."
        ),
    )
    min_life_days = models.PositiveSmallIntegerField(
        _("minimum remaining life (days)"),
        default=0,
        db_default=0,
        help_text=_(
            "Lots that expire earlier than so many days after picking are not sent, for example 90."
        ),
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        indexes = [words_index("code", "name", "email", name="customers_by_words")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_tax_exempt=False) | ~Q(exemption_note=""),
                name="tax_exemption_has_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        """Who gets e-invoices has an address for them."""
        super().clean()
        endpoints.validate(self.endpoint_scheme, self.endpoint)
        if self.einvoice == Customer.EInvoice.UBL and not (self.endpoint and self.endpoint_scheme):
            raise ValidationError(
                {"endpoint": _("Enter an e-invoicing address and scheme to use Peppol.")}
            )
        if self.price_list and self.price_list.company_id not in (None, self.company_id):
            raise ValidationError({"price_list": ANOTHERS_PRICES})
        if self.company_id and self.is_changed("company") and self._buys_elsewhere():
            raise ValidationError(
                {"company": _("They have documents of another company. Leave this empty.")}
            )

    def buys_from(self, company: Company) -> bool:
        """Whether a company sells to them."""
        return self.company_id in (None, company.pk)

    def _buys_elsewhere(self) -> bool:
        """Whether they have documents of another company than theirs."""
        documents: Any = (self.orders, self.invoices, self.payments)
        return any(rows.exclude(company=self.company_id).exists() for rows in documents)

    def identity(self) -> dict[str, str]:
        """What identifies the customer on an invoice, as it is now; what is not known is left out."""
        names = ("vat_number", "endpoint", "endpoint_scheme", "buyer_reference")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class Contact(models.Model):
    """A person at the customer's."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    """Where the customer is billed or gets goods."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(max_length=120)
    street = models.CharField(max_length=120, blank=True)
    postal_code = PostalCodeField(max_length=12, blank=True)
    city = models.CharField(max_length=60, blank=True)
    region = models.CharField(max_length=40, blank=True)
    country = CountryField()
    is_billing = models.BooleanField(default=True)
    is_shipping = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return f"{self.name}, {self.postal_code} {self.city}, {self.country}"

    def snapshot(self) -> dict[str, str]:
        """The address as it is now, to be kept on a document."""
        names = ("name", "street", "postal_code", "city", "region", "country")
        return tidy({name: getattr(self, name) for name in names})


class CustomerSKU(models.Model):
    """What a customer calls a SKU."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="part_numbers")
    code = models.CharField(_("customer's part number"), max_length=40)
    sku = models.ForeignKey(SKU, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("customer part number")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "code"], name="part_number_once_per_customer"
            )
        ]

    def __str__(self) -> str:
        return self.code
