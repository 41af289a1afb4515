from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class OrdersConfig(AppOfRooms):
    name = "orders"
    verbose_name = _("Orders")
