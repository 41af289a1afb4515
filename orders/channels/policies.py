"""Who sees and sets up channels' accounts, listings and what is told."""

from django.utils.translation import gettext_lazy as _

from oms.core.policy import declare, declare_parts, hide, made_of, need, offer
from oms.core.reaching import master, rows
from orders.channels.models import (
    ChannelAccount,
    ChannelCall,
    ChannelLine,
    ChannelLocation,
    ChannelOrder,
    ChannelSignal,
    HistoryRecord,
    Listing,
)
from orders.policies import ACCOUNTS

declare(ChannelAccount, master("channel__company"), view="accountant", edit="manager", is_kept=True)
offer("run", ChannelAccount, _("Connect, pause and compare"), "manager")
declare_parts(ChannelAccount, "account", ChannelLocation, ChannelSignal)
declare(Listing, master("channel__company"), view="buyer accountant", edit="manager")
offer("import", Listing, _("Import"), "manager")
declare(
    ChannelOrder,
    rows(customer="order__customer", company="channel__company"),
    view="rep accountant manager",
)
declare_parts(ChannelOrder, "channel_order", ChannelLine, ChannelCall)
offer("send_again", ChannelCall, _("Send again"), "manager")
declare(HistoryRecord, rows(company="channel__company"), view=ACCOUNTS)
need("see_money", HistoryRecord)
for kind in (ChannelOrder, ChannelLine):
    hide("see_money", kind)
hide("see_money", ChannelAccount, "revenue")
made_of(ChannelOrder, ChannelAccount, "orders", "calls", "revenue")
made_of(Listing, ChannelAccount, "listings")
hide("see_money", ChannelCall, "body")  # it holds amounts of refunds
