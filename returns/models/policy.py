"""What we take back."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import Channel


class ReturnPolicy(models.Model):
    """The rules of a channel (or of all that have none of their own)."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, null=True, blank=True)
    window_days = models.PositiveSmallIntegerField(
        _("return window (days after shipping)"), default=30
    )
    auto_approve = models.BooleanField(
        default=True, help_text=_("Approve automatically within the window.")
    )
    credit_damaged = models.BooleanField(
        default=True, help_text=_("Credit items that arrive damaged.")
    )

    class Meta:
        verbose_name_plural = _("return policies")
        constraints = [
            models.UniqueConstraint(
                fields=["channel"], nulls_distinct=False, name="one_general_policy"
            )
        ]

    def __str__(self) -> str:
        return (
            (gettext("%(channel)s return policy") % {"channel": self.channel})
            if self.channel
            else gettext("Default return policy")
        )
