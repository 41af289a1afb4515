from django.utils.translation import gettext_lazy as _

from oms.core.rooms import AppOfRooms


class FulfillmentConfig(AppOfRooms):
    default = True  # beside the class that it extends
    name = "fulfillment"
    verbose_name = _("Fulfillment")
