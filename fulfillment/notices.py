"""Who is told what about shipments."""

from django.utils.translation import gettext as _

from fulfillment.models import Shipment
from oms.core import notices
from oms.core.models import Event, Topic


def tell_team(shipment: Shipment) -> None:
    """The pickers of a warehouse hear that there is something new to pick."""
    notices.tell(Topic.TO_PICK, _("Shipment %(shipment)s is new to pick in %(warehouse)s.")
                                % {"shipment": shipment, "warehouse": shipment.warehouse},
                 warehouse=shipment.warehouse.code, subject_type=shipment.subject_type, subject_number=shipment.number)


def tell_cancellation(shipment: Shipment, event: Event) -> None:
    """The team hears what a partner must be asked to cancel; the customer's rep, too, and of the answer."""
    said = {"shipment": shipment, "warehouse": shipment.warehouse, "units": event.data["units"],
            "external_id": shipment.external_id, "words": event.data.get("answer") or event.data.get("reason") or "–"}
    texts = {
        "shipment.cancellation_asked": _("Ask %(warehouse)s to cancel %(units)s of %(external_id)s (%(shipment)s), "
                                         "and record the answer. Reason: %(words)s"),
        "shipment.cancellation_agreed": _("%(warehouse)s canceled %(units)s of %(external_id)s (%(shipment)s): "
                                          "%(words)s"),
        "shipment.cancellation_declined": _("%(warehouse)s can't cancel %(units)s of %(external_id)s (%(shipment)s): "
                                            "%(words)s"),
    }
    notices.tell(Topic.CANCEL_ASKED, texts[event.name] % said, warehouse=shipment.warehouse.code,
                 rep=shipment.order.customer.rep, subject_type=shipment.subject_type, subject_number=shipment.number)


def tell_shipped(shipment: Shipment, event: Event) -> None:
    """The customer hears that the goods are on their way, with the tracking numbers."""
    lines = [(line.reservation.quantity, line.reservation.sku.code, line.order_line.description)
             for line in shipment.lines.select_related("reservation__sku", "order_line")]
    context = {"shipment": shipment, "order": shipment.order, "lines": lines, "tracking": event.data["tracking"],
               "carrier": shipment.packages.exclude(carrier="").values_list("carrier", flat=True).first() or ""}
    notices.email(shipment.order.customer.email, "shipment_shipped", context, key=f"event-{event.pk}")
