"""Channels' accounts, listings and orders in the admin."""

from orders.channels.admin import accounts, records

__all__ = ["accounts", "records"]
