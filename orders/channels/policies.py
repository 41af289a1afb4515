"""Who sees what was imported from outside."""

from oms.core.policy import declare, need, rows
from orders.channels.models import HistoryRecord
from orders.policies import ACCOUNTS

declare(HistoryRecord, rows(), view=ACCOUNTS)
need("see_money", HistoryRecord)
