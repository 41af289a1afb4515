"""What we take back."""

from django.db import models

from orders.models import Channel


class ReturnPolicy(models.Model):
    """The rules of a channel (or of all that have none of their own)."""

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, null=True, blank=True)
    window_days = models.PositiveSmallIntegerField("days after shipping", default=30)
    approves_by_itself = models.BooleanField(default=True, help_text="Within the window nobody has to look at it.")
    credits_damaged = models.BooleanField(default=True, help_text="Goods that come back damaged are credited, too.")

    class Meta:
        verbose_name_plural = "return policies"
        constraints = [models.UniqueConstraint(fields=["channel"], nulls_distinct=False, name="one_general_policy")]

    def __str__(self) -> str:
        return f"policy of {self.channel}" if self.channel else "general policy"
