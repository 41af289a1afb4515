"""Accounts with shops and marketplaces, listings, and orders that came from outside."""

from orders.channels.models.account import ChannelAccount, ChannelLocation, ChannelSignal
from orders.channels.models.imported_record import HistoryRecord
from orders.channels.models.listing import Listing
from orders.channels.models.order import ChannelCall, ChannelLine, ChannelOrder

__all__ = [
    "ChannelAccount",
    "ChannelCall",
    "ChannelLine",
    "ChannelLocation",
    "ChannelOrder",
    "ChannelSignal",
    "HistoryRecord",
    "Listing",
]
