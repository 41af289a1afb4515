"""SKUs as channels list them, and what we show of them there."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import SKU
from orders.models import Channel


class Listing(models.Model):
    """An article as a channel lists it, and the SKU that it is: unmatched ones are to be matched by a person."""

    class Verdict(models.TextChoices):
        NEVER = "", _("not sent yet")
        SET = "set", _("shown")
        ACCEPTED = "accepted", _("accepted, not confirmed yet")
        STALE = "stale", _("changed there meanwhile")
        MISSING = "missing", _("no longer listed")
        INVALID = "invalid", _("refused")
        UNKNOWN = "unknown", _("unknown")
        LATER = "later", _("waits for its turn")

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listings")
    sku = models.ForeignKey(
        SKU, on_delete=models.CASCADE, null=True, blank=True, related_name="listings"
    )
    factor = models.PositiveIntegerField(
        _("units per piece"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Base units of the SKU in one listed piece, for example 6 for a pack of six."),
    )
    external_id = models.CharField(max_length=80)
    parent = models.CharField(max_length=80, blank=True, db_default="")
    stock_id = models.CharField(max_length=80, blank=True, db_default="")
    external_sku = models.CharField(
        _("SKU on the channel"), max_length=80, blank=True, db_default=""
    )
    barcode = models.CharField(max_length=48, blank=True, db_default="")
    title = models.CharField(max_length=200, blank=True, db_default="")
    is_paused = models.BooleanField(
        _("paused"), default=False, db_default=False, help_text=_("We leave its quantity alone.")
    )
    buffer = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Empty: as the channel's account says.")
    )
    cap = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Empty: as the channel's account says.")
    )
    share_percent = models.PositiveSmallIntegerField(
        _("share (%)"),
        default=100,
        db_default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("How much of what is available is shown."),
    )
    is_tracked = models.BooleanField(default=True, db_default=True, editable=False)
    shown = models.IntegerField(null=True, editable=False)  # there, as far as we know
    seen_at = models.DateTimeField(null=True, editable=False)  # when that was read or set
    wanted = models.IntegerField(null=True, editable=False)  # what was sent last
    pushed_at = models.DateTimeField(null=True, editable=False)
    verdict = models.CharField(
        max_length=8, choices=Verdict, blank=True, default="", db_default="", editable=False
    )
    batch = models.CharField(  # the request among many by which it was sent, while it is processed
        max_length=80, blank=True, db_default="", editable=False
    )
    message = models.CharField(max_length=300, blank=True, db_default="", editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)  # what it can promise changed
    dirty_since = models.DateTimeField(null=True, editable=False)
    retry_at = models.DateTimeField(null=True, editable=False)
    revised_on = models.DateField(null=True, editable=False)
    revisions = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="listing_once_per_channel"
            ),
            models.CheckConstraint(
                condition=Q(factor__gte=1), name="factor_of_listing_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(share_percent__gte=1, share_percent__lte=100),
                name="share_of_listing_is_a_percentage",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "changed_at"],
                condition=~Q(changed_at=None),
                name="listings_that_changed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.title or self.external_sku or self.external_id} ({self.channel})"
