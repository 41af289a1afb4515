"""Where goods of a return wait for their inspection: damaged ones apart from good ones."""

from django.utils.translation import gettext_lazy as _

from inventory import catalog
from inventory.models import Bin, Move
from returns.models import ReturnRequest

Kind = Bin.Kind
INTO_BIN = {"help": _("Put these in the bin for damaged returns.")}
FROM_BIN = {"help": _("From the bin for damaged returns.")}


def bins_of(request: ReturnRequest) -> list[Bin]:
    """The bins that a return's goods were received into."""
    came = Move.objects.filter(reference=request.number, source__kind=Kind.CUSTOMER)
    return list(Bin.objects.filter(pk__in=came.values("target")).order_by("pk"))


def bin_of(request: ReturnRequest, *, is_damaged: bool) -> Bin:
    """Return the bin that a return's goods were received into, or are to be received into now."""
    kinds = (
        (Kind.DAMAGED_RETURNS, Kind.DAMAGED) if is_damaged else (Kind.RETURNS,)
    )  # earlier ones are in DAMAGED
    return next(
        (place for place in bins_of(request) if place.kind in kinds), None
    ) or catalog.place(request.warehouse, kinds[0])
