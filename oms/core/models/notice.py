"""What people are told, and who wants to hear of what."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from oms.core.models.role import Role


class Topic(models.TextChoices):
    """What there is to hear of."""

    LOW_STOCK = "low_stock", _("Low stock")
    OUT_OF_STOCK = "out_of_stock", _("Out of stock")
    TO_PICK = "to_pick", _("Shipment ready to pick")
    CANCEL_ASKED = "cancel_asked", _("A partner is asked to cancel, or answers")
    ON_HOLD = "on_hold", _("Order on hold")
    PROPOSED = "proposed", _("Purchase order proposed")
    OVERDUE = "overdue", _("Invoice overdue")
    JOB_FAILED = "job_failed", _("Job failed")


class Mail(models.TextChoices):
    """Whether a notice comes by email, too."""

    NO = "no", _("No email")
    AT_ONCE = "at_once", _("Immediately")
    DIGEST = "digest", _("Daily digest")


class Notice(models.Model):
    """A message to a person in the admin, and by email where they want that."""

    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    text = models.CharField(max_length=300)
    topic = models.CharField(max_length=12, choices=Topic, blank=True)
    subject_type = models.CharField(max_length=20, blank=True)
    subject_number = models.CharField(max_length=40, blank=True)
    needs = models.CharField(max_length=20, blank=True, db_default="")  # the right to read its text
    mail = models.CharField(max_length=8, choices=Mail, default=Mail.NO)
    mailed_at = models.DateTimeField(null=True)
    mail_leased_until = models.DateTimeField(null=True)
    at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("notification"), _("notifications")
        indexes = [
            models.Index(
                fields=["to", "-id"], condition=models.Q(read_at=None), name="notice_unread"
            ),
            models.Index(
                fields=["mail", "id"],
                condition=models.Q(mailed_at=None) & ~models.Q(mail="no"),
                name="notice_to_mail",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Subscription(models.Model):
    """A role hears of a topic, from one warehouse (by its code) or from all: in the admin, and perhaps by email."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=12, choices=Topic)
    warehouse = models.CharField(
        max_length=12, blank=True, help_text=_("Warehouse code. Leave empty for all warehouses.")
    )
    bell = models.BooleanField(_("show in app"), default=True)
    mail = models.CharField(_("email"), max_length=8, choices=Mail, default=Mail.NO)

    class Meta:
        verbose_name, verbose_name_plural = _("notification rule"), _("notification rules")
        ordering = ["topic", "role__name", "warehouse"]
        constraints = [
            models.UniqueConstraint(
                fields=["role", "topic", "warehouse"], name="topic_once_per_role_and_warehouse"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.get_topic_display()}"
