from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class InventoryConfig(AppOfRooms):
    name = "inventory"
    verbose_name = _("Inventory")
