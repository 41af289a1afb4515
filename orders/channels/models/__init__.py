"""What came from outside."""

from orders.channels.models.imported_record import HistoryRecord

__all__ = ["HistoryRecord"]
