"""Actors that are no users: the customer of an order, by a link to it, and the account of a channel."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from oms.core import actors, policy
from oms.core.actors import Actor, Outsider
from oms.core.errors import NotAllowed
from oms.core.locking import whole
from oms.core.models.role import OutsideReach
from oms.core.policy import Right
from orders import order_entry
from orders.models import Channel, Order
from orders.order_entry import Entry


def customer_of(order: Order, rights: Iterable[Right] | None = None) -> Outsider:
    """Whoever has the link to an order: sees it, its shipments, issued invoices and returns, and what is told of them.

    `rights`: fewer than a customer may have, such as none to see money before they proved who they are.
    """
    return policy.outsider(OutsideReach.ORDER, order.pk, "customer by link", rights)


def account_of(channel: Channel, rights: Iterable[Right] | None = None) -> Outsider:
    """A channel: enters, amends and cancels its own orders, and sees those alone."""
    return policy.outsider(OutsideReach.CHANNEL, channel.pk, f"channel {channel.code}", rights)


@whole
def enter(entry: Entry, *, by: Actor) -> Order:
    """Enter an order for an actor. Raises NotAllowed where it is none that they may add."""
    if not policy.may(by, "add", Order):
        raise NotAllowed(_("You don't have permission to enter orders."))
    with actors.acting(by) as user:
        order = order_entry.enter(entry, by=user)
    policy.require_reach(by, "add", order)
    return order
