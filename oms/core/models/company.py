"""The legal entities of the installation, and exchange rates."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core import endpoints
from oms.core.guarding import Guarded
from oms.core.models.checked import (  # migrations name the validators here
    BICField,
    IBANField,
    VATNumberField,
    VATNumbersField,
    validate_iban,  # noqa: F401
    validate_vat_number,  # noqa: F401
)
from oms.core.models.coded import CountryField, CurrencyField, LanguageField
from oms.core.models.money import AmountField
from oms.core.models.postal import PostalCodeField


def validate_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError):
        raise ValidationError(
            gettext("Unknown time zone %(name)r. Use one like Europe/London.") % {"name": name}
        ) from None


validate_color = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Enter a hex color, for example #1f2937."))


class Company(Guarded):
    """A legal entity that sells, bills and buys."""

    guarded = ("currency",)

    class Rounding(models.TextChoices):
        LINE = "line", _("Per line")
        DOCUMENT = "document", _("Per tax rate")

    code = models.SlugField(max_length=12, unique=True)
    name = models.CharField(max_length=120)
    street = models.TextField(blank=True)
    postal_code = PostalCodeField(max_length=12, blank=True)
    city = models.CharField(max_length=60, blank=True)
    country = CountryField()
    registration = models.CharField(
        max_length=40, blank=True, help_text=_("Company registration number.")
    )
    vat_number = VATNumberField(_("VAT number"), blank=True)
    other_vat_numbers = VATNumbersField(
        _("VAT numbers of other countries"),
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "For goods that leave from warehouses in these countries; separated by commas, for example NL004495445B01, "
            "XI123456782."
        ),
    )
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
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
        help_text=_("EAS code, for example 9932, 9930 or 0088."),
    )
    iban = IBANField(_("IBAN"), blank=True)
    bic = BICField(_("BIC"), max_length=11, blank=True)
    currency = CurrencyField()
    time_zone = models.CharField(max_length=40, default="UTC", validators=[validate_time_zone])
    tax_rounding = models.CharField(max_length=8, choices=Rounding, default=Rounding.LINE)
    gs1_prefix = models.CharField(
        _("GS1 company prefix"),
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^\d{4,12}$", _("Enter 4 to 12 digits."))],
        help_text=_(
            "Used for SSCCs on shipping labels. Without it, SSCCs are valid only "
            "inside your company."
        ),
    )
    sscc_reuse_months = models.PositiveSmallIntegerField(
        _("months before an SSCC is used again"),
        default=12,
        db_default=12,
        validators=[MinValueValidator(12)],
        help_text=_(
            "At least 12, as GS1 demands; more where trading partners keep records for longer."
        ),
    )
    write_off_limit = AmountField(
        default=Decimal("0.05"),
        help_text=_("Largest payment difference that can be written off as a small difference."),
    )
    books_closed_through = models.DateField(null=True, blank=True, editable=False)
    logo = models.FileField(
        upload_to="logos/",
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg"])],
        help_text=_("PNG or JPEG. Printed at the top of documents."),
    )
    color = models.CharField(
        max_length=7,
        default="#1f2937",
        validators=[validate_color],
        help_text=_("Heading color on printed documents, for example #1f2937."),
    )
    language = LanguageField(
        blank=True, help_text=_("Print language, for example en or de. Default: system.")
    )
    terms_and_conditions = models.TextField(
        blank=True, help_text=_("Printed at the end of quotes, order confirmations and invoices.")
    )
    staff = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="companies",
        help_text=_(
            "With a role that reaches own companies, users see only the companies whose staff they are."
        ),
    )

    class Meta:
        verbose_name_plural = _("companies")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(sscc_reuse_months__gte=12), name="sscc_rests_for_a_year"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """An e-invoicing address is one of its scheme."""
        super().clean()
        endpoints.validate(self.endpoint_scheme, self.endpoint)

    def identity(self) -> dict[str, str]:
        """Who the company is on a legal document, as it is now; what is not known is left out."""
        names = (
            "name",
            "street",
            "postal_code",
            "city",
            "country",
            "registration",
            "vat_number",
            "email",
            "phone",
            "endpoint",
            "endpoint_scheme",
            "iban",
            "bic",
        )
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def today(self) -> date:
        """The date of the business day."""
        return self.day_of(timezone.now())

    def day_of(self, at: datetime) -> date:
        """The business day that a moment belongs to."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()


class BusinessDay(models.Func):
    """The date that it is now for a row's company, in SQL, by the lookup that leads to the company."""

    output_field = models.DateField()
    template = "(%(expressions)s)::date"

    def __init__(self, company: str) -> None:
        super().__init__(
            models.Func(
                models.F(f"{company}__time_zone"),
                Now(),
                function="timezone",
                output_field=models.DateTimeField(),
            )
        )


def today_of(lookup: str, company: str = "company") -> models.Q:
    """A condition on today's date of each row's company, such as `due_on__lt`; by an index where there are few."""
    found = models.Q(pk__in=[])
    for each in Company.objects.all():
        found |= models.Q(**{company: each.pk, lookup: each.today()})
    return found


def latest_day() -> date:
    """The latest day that it is at any company, for what looks back over all of them."""
    return max((each.today() for each in Company.objects.all()), default=timezone.now().date())


class ExchangeRate(models.Model):
    """Units of `currency` for one unit of the company's currency, on a day."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="exchange_rates")
    currency = CurrencyField()
    day = models.DateField()
    rate = models.DecimalField(max_digits=14, decimal_places=6)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["company", "currency", "day"], name="one_rate_per_day"),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0), name="exchange_rate_is_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} ({self.day})"
