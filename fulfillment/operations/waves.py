"""What people and programs can ask of waves."""

from django.utils.translation import gettext_lazy as _

from fulfillment import waves
from fulfillment.models import Wave
from oms.core.operations import declare

declare(
    "release",
    Wave,
    waves.release,
    label=_("Release wave"),
    many=True,
    available=lambda wave: wave.status == Wave.Status.DRAFT,
)
declare("close", Wave, waves.close, label=_("Close wave"), many=True, available=waves.is_done)
