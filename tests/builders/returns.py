"""Returns taken to a stage of their way."""

from oms.core import outbox
from orders.models import Order
from returns import inspection, receiving, requests
from returns.inspection import Finding
from returns.models import ReturnRequest
from returns.receiving import Arrived
from returns.requests import Asked
from tests.builders.orders import fresh


def asked_back(order: Order, quantity: int = 1, **options) -> ReturnRequest:
    line = order.lines.order_by("position").first()
    return requests.open_request(
        order, [Asked(line, quantity, exchange_for=options.pop("exchange_for", None))], **options
    )


def came_back(order: Order, good: int = 1, damaged: int = 0, **options) -> ReturnRequest:
    request = asked_back(order, good + damaged, **options)
    return receiving.receive(request, [Arrived(request.lines.get(), good, damaged)])


def settled(order: Order, good: int = 1, damaged: int = 0, **options) -> ReturnRequest:
    request = came_back(order, good, damaged, **options)
    line = request.lines.get()
    inspection.inspect(
        request, [Finding(line, good), Finding(line, damaged, "broken", "scrap", damaged=True)]
    )
    outbox.drain()
    return fresh(request)
