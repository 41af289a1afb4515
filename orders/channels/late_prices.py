"""Orders whose channel names amounts only after they came in, as marketplaces do once an order is paid."""

from oms.core.locking import whole
from orders import as_sold
from orders.as_sold import SoldItem
from orders.channels import translating
from orders.channels.connectors import Sold
from orders.channels.models import ChannelAccount, ChannelOrder
from orders.models import Order, OrderHold

OPEN = (Order.Status.PLACED, Order.Status.CONFIRMED)


def are_due(row: ChannelOrder, order: Order, sold: Sold) -> bool:
    """Whether a channel names the amounts of an order only now, such as a marketplace once it is paid."""
    return bool(sold.gross and not order.gross and order.status in OPEN) and not any(
        link.net or link.tax for link in row.lines.all()
    )


@whole
def take(account: ChannelAccount, row: ChannelOrder, order: Order, sold: Sold) -> Order:
    """Give an order the amounts that its channel names now."""
    entry = translating.entry(account, sold)
    links = {link.external_id: link for link in row.lines.all()}
    items: dict[int, SoldItem] = {}
    for each in sold.lines:
        known = links.get(each.id)
        if known is not None and known.line_id and each.quantity == known.quantity:
            items[known.line_id] = entry.order.items[entry.positions[each.id] - 1]
            known.net, known.tax = each.net, each.tax
            known.save(update_fields=["net", "tax"])
    order = as_sold.reprice(order, items, entry.order.extras)
    doubts = [each for each in entry.holds if each[0] == OrderHold.Kind.AMOUNTS]
    return as_sold.hold(order, doubts) if doubts else order
