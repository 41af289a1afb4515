from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class OrdersConfig(AppOfRooms):
    default = True  # beside the class that it extends
    name = "orders"
    verbose_name = _("Orders")
