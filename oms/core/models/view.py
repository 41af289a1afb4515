"""Lists as people want to see them again."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oms.core.models.role import Role


class SavedView(models.Model):
    """A list with its filters, search and order, under a name: one person's, or a team's (a role)."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=60)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, blank=True)
    team = models.ForeignKey(
        Role,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("role"),
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"], name="view_once_per_owner_and_page"
            )
        ]

    def __str__(self) -> str:
        return self.name
