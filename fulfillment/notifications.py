"""Who is told what about shipments."""

from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from fulfillment.carriers.models import CarrierAccount
from fulfillment.models import Shipment
from oms.core.models import Event, Topic
from oms.messaging import emails, notifications


def tell_team(shipment: Shipment) -> None:
    """The pickers of a warehouse hear that there is something new to pick."""
    notifications.tell(
        Topic.TO_PICK,
        lambda: (
            _("Shipment %(shipment)s is ready to pick in %(warehouse)s.")
            % {"shipment": shipment, "warehouse": shipment.warehouse}
        ),
        warehouse=shipment.warehouse.code,
        subject_type=shipment.subject_type,
        subject_number=shipment.number,
    )


def tell_cancellation(shipment: Shipment, event: Event) -> None:
    """The team hears what a partner must be asked to cancel; the customer's rep, too, and of the answer."""
    said = {
        "shipment": shipment,
        "warehouse": shipment.warehouse,
        "units": event.data["units"],
        "external_id": shipment.external_id,
        "words": event.data.get("answer") or event.data.get("reason") or "–",
    }
    notifications.tell(
        Topic.CANCEL_ASKED,
        lambda: _of_cancellation(event.name) % said,
        warehouse=shipment.warehouse.code,
        company=shipment.order.company,
        rep=shipment.order.customer.rep,
        subject_type=shipment.subject_type,
        subject_number=shipment.number,
    )


def _of_cancellation(name: str) -> str:
    return {
        "shipment.cancellation_asked": _(
            "Ask %(warehouse)s to cancel %(units)s of %(external_id)s (%(shipment)s), "
            "and record the answer. Reason: %(words)s"
        ),
        "shipment.cancellation_agreed": _(
            "%(warehouse)s canceled %(units)s of %(external_id)s (%(shipment)s): %(words)s"
        ),
        "shipment.cancellation_declined": _(
            "%(warehouse)s can't cancel %(units)s of %(external_id)s (%(shipment)s): %(words)s"
        ),
    }[name]


def tell_shipped(shipment: Shipment, event: Event) -> None:
    """The customer hears that the goods are on their way, with links to the carrier's tracking."""
    lines = [
        (line.reservation.quantity, line.reservation.sku.code, line.order_line.description)
        for line in shipment.lines.select_related("reservation__sku", "order_line")
    ]
    names = shipment.packages.exclude(carrier="").values_list("carrier", flat=True)
    carrier = str(shipment.service.account) if shipment.service else names.first() or ""
    links = [
        (number, tracking_link(shipment, carrier, number)) for number in event.data["tracking"]
    ]
    _send("shipment_shipped", shipment, event, lines=lines, tracking=links, carrier=carrier)


def tell_delivered(shipment: Shipment, event: Event) -> None:
    """The customer hears that the goods have arrived."""
    _send("shipment_delivered", shipment, event)


def _send(template: str, shipment: Shipment, event: Event, **context: Any) -> None:
    order = shipment.order
    emails.send(
        f"event-{event.pk}",
        template,
        {"shipment": shipment, "order": order, **context},
        to=order.customer.email,
        company=order.company,
        language=order.customer.language,
        about=shipment,
    )


def tracking_link(shipment: Shipment, carrier: str, number: str) -> str:
    """Where the carrier shows a parcel; a partner's carrier is known by its name. Empty where nobody told."""
    account = (
        shipment.service.account
        if shipment.service
        else CarrierAccount.objects.filter(name__iexact=carrier).exclude(tracking_url="").first()
    )
    return account.tracking_url.replace("{number}", quote(number, safe="")) if account else ""
