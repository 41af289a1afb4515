"""The label that a customer puts on what comes back."""

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.core.errors import Refused
from oms.printing import barcodes, letterheads, printout_revisions, printouts
from oms.printing.printouts import Page
from returns.models import ReturnRequest

LABEL_MM = 87  # across a label between its margins, within which bars have their quiet zone
LABEL_SIZES = ("full", "smaller", "small", "smallest")
ON_ITS_WAY = (ReturnRequest.Status.APPROVED,)


def return_label(request: ReturnRequest) -> list[Page]:
    """Where a return goes, and its code. Raises Refused before it is approved, and after it came."""
    if request.status not in ON_ITS_WAY:
        raise Refused(
            gettext("Return %(number)s is %(status)s. Only approved returns have a label.")
            % {"number": request.number, "status": request.get_status_display()},
            code="no_label",
        )
    order, place = request.order, request.warehouse
    language = letterheads.language(order.company, order.customer.language)
    with translation.override(language):
        head = letterheads.letterhead(order.company)
    sender = [
        order.ship_to.get(name, "") for name in ("name", "street", "postal_code", "city", "country")
    ]
    receiver = [
        head.name,
        place.name,
        place.street,
        f"{place.postal_code} {place.city}".strip(),
        place.country,
    ]
    return [
        {
            "request": request,
            "lines": list(request.lines.select_related("order_line__sku")),
            "letterhead": head,
            "language": language,
            "from": [line for line in sender if line],
            "to": [line for line in receiver if line],
            "bars": barcodes.symbol(printout_revisions.code(request), LABEL_MM),
        }
    ]


printouts.register(
    "return_label",
    ReturnRequest,
    _("Return label"),
    template="return_label",
    pages=return_label,
    sizes=LABEL_SIZES,
    available=lambda request: request.status in ON_ITS_WAY,
)
