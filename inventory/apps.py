from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class InventoryConfig(AppOfRooms):
    default = True  # beside the class that it extends
    name = "inventory"
    verbose_name = _("Inventory")
