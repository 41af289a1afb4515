"""What was found when returned goods were looked at."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from returns.models.request import ReturnLine


class Inspection(models.Model):
    """Units of a return line with one grade, and where they go."""

    class Grade(models.TextChoices):
        NEW = "new", _("as new")
        USED = "used", _("used")
        BROKEN = "broken", _("broken")

    class Disposition(models.TextChoices):
        RESTOCK = "restock", _("restock")
        REFURBISH = "refurbish", _("refurbish")
        SCRAP = "scrap", _("scrap")

    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="inspections")
    quantity = models.PositiveIntegerField()
    was_damaged = models.BooleanField(default=False, help_text=_("Received as damaged."))
    grade = models.CharField(max_length=6, choices=Grade)
    disposition = models.CharField(max_length=9, choices=Disposition)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0), name="inspected_quantity_is_positive"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.get_grade_display()}: {self.get_disposition_display()}"
