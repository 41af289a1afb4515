"""The SKU of lines that nobody has matched yet."""

from django.utils.translation import gettext as _

from inventory.models import SKU
from orders.channels.translating import UNKNOWN_ITEM


def seed() -> None:
    SKU.objects.get_or_create(
        code=UNKNOWN_ITEM, defaults={"name": _("Unknown item of a channel"), "is_sellable": False}
    )
