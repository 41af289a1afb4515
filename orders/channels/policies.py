"""Who sees what was imported from outside."""

from oms.core.policy import declare, need
from oms.core.reaching import rows
from orders.channels.models import HistoryRecord
from orders.policies import ACCOUNTS

declare(HistoryRecord, rows(company="channel__company"), view=ACCOUNTS)
need("see_money", HistoryRecord)
