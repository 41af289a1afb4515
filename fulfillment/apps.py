from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class FulfillmentConfig(AppOfRooms):
    name = "fulfillment"
    verbose_name = _("Fulfillment")
