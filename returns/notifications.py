"""What customers are told about their returns."""

from oms.core.models import Event
from oms.messaging import emails
from returns.models import ReturnRequest


def tell_received(request: ReturnRequest, event: Event) -> None:
    """The customer hears that their goods came back."""
    rows = request.lines.select_related("order_line__sku", "component").order_by("pk")
    lines = [
        (line.came, (line.component or line.order_line.sku).code, line.order_line.description)
        for line in rows
        if line.came
    ]
    order = request.order
    emails.send(
        f"event-{event.pk}",
        "return_received",
        {"request": request, "order": order, "lines": lines},
        to=order.customer.email,
        company=order.company,
        language=order.customer.language,
        about=request,
    )
