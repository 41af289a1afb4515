"""Listings, orders of channels, what they were told, and what was imported, in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from oms.backoffice import panels
from oms.backoffice.access import Lines, ScopedAdmin, acting
from oms.backoffice.decorators import display
from oms.backoffice.records import ReadOnlyAdmin
from oms.files.runs import offer
from orders.channels import incoming, intake, marking, telling
from orders.channels.admin.sheets import ListingSheet
from orders.channels.models import (
    ChannelAccount,
    ChannelCall,
    ChannelLine,
    ChannelOrder,
    ChannelSignal,
    HistoryRecord,
    Listing,
)
from orders.models import Order


@admin.register(Listing)
class ListingAdmin(ScopedAdmin):
    list_display = [
        "external_id",
        "title",
        "external_sku",
        "channel",
        "sku",
        "factor",
        "shown",
        "wanted",
        "pushed_at",
        "verdict",
        "message",
    ]
    list_select_related = ["channel", "sku"]
    list_filter = ["channel", ("sku", admin.EmptyFieldListFilter), "verdict", "is_paused"]
    search_fields = exact_search_fields = ["external_id", "external_sku", "barcode"]
    autocomplete_fields = ["sku"]
    fields = [
        "channel",
        "external_id",
        "title",
        "external_sku",
        "barcode",
        "sku",
        "factor",
        "is_paused",
        "buffer",
        "cap",
        "share_percent",
        "shown",
        "seen_at",
        "wanted",
        "pushed_at",
        "verdict",
        "message",
    ]
    readonly_fields = ["shown", "seen_at", "wanted", "pushed_at", "verdict", "message"]
    sheets = offer(ListingSheet)
    actions = ["send_again"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What is matched or ruled anew is sent, and frees orders that waited for it."""
        super().save_model(request, obj, form, change)
        marking.mark_listings(Listing.objects.filter(pk=obj.pk))
        account = ChannelAccount.objects.filter(channel=obj.channel_id).first()
        if account is not None and "sku" in form.changed_data:
            intake.retry_unmatched(account)

    @acting("change", _("Send stock again"))
    def send_again(self, request: HttpRequest, rows: Any) -> None:
        count = marking.mark_listings(Listing.objects.filter(pk__in=rows.values("pk")))
        messages.success(
            request,
            ngettext(
                "%(count)s listing is sent again.", "%(count)s listings are sent again.", count
            )
            % {"count": count},
        )


@admin.register(ChannelOrder)
class ChannelOrderAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "channel",
        "order",
        "state",
        "placed_at",
        "ship_by",
        "source",
        "there",
    ]
    list_select_related = ["channel", "order"]
    list_filter = ["channel", "is_open"]
    search_fields = exact_search_fields = ["number", "external_id"]
    only_links = ["there"]
    ordering = ["-pk"]
    fields = [
        "channel",
        "number",
        "external_id",
        "order",
        "state",
        "stage",
        "placed_at",
        "looked_at",
        "ship_by",
        "source",
        "campaign",
        "partner",
        "gift_message",
        "there",
    ]
    readonly_fields = ["there"]

    @display(description=_("In the channel"))
    def there(self, row: ChannelOrder) -> Any:
        if not row.link.startswith("https://"):
            return ""
        return format_html(
            '<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>',
            row.link,
            gettext("Open"),
        )


@admin.register(ChannelCall)
class ChannelCallAdmin(ReadOnlyAdmin):
    list_display = [
        "channel_order",
        "kind",
        "state",
        "reference",
        "attempts",
        "error",
        "asked_at",
        "told_at",
    ]
    list_select_related = ["channel_order__channel"]
    list_filter = ["state", "kind", "channel_order__channel"]
    ordering = ["-pk"]
    actions = ["say_again"]

    @acting("send_again", _("Send again"))
    def say_again(self, request: HttpRequest, rows: Any) -> None:
        for call in rows:
            telling.again(call)
        messages.success(request, gettext("They are sent again, unless the channel has them."))


@admin.register(ChannelSignal)
class ChannelSignalAdmin(ReadOnlyAdmin):
    list_display = ["account", "kind", "external_id", "received_at", "next_at", "attempts", "error"]
    list_select_related = ["account__channel"]
    list_filter = ["account", "kind", ("next_at", admin.EmptyFieldListFilter)]
    ordering = ["-pk"]
    actions = ["replay"]

    @acting("send_again", _("Act on it again"))
    def replay(self, request: HttpRequest, rows: Any) -> None:
        for signal in rows:
            incoming.replay(signal)


@admin.register(HistoryRecord)
class HistoryRecordAdmin(ReadOnlyAdmin):
    list_display = ["external_id", "kind", "code", "text", "quantity", "unit_price", "at"]
    list_filter = ["kind"]
    search_fields = exact_search_fields = ["external_id", "code"]


panels.register(
    Order,
    _("In the channel"),
    ChannelOrder,
    lambda order: ChannelOrder.objects.filter(order=order),
    "number",
    "state",
    "placed_at",
    "ship_by",
    "source",
    "campaign",
)
panels.register(
    Order,
    _("Told to the channel"),
    ChannelCall,
    lambda order: ChannelCall.objects.filter(channel_order__order=order).order_by("pk"),
    "kind",
    "state",
    "reference",
    "asked_at",
    "told_at",
    "error",
)


class ChannelLines(Lines):
    model = ChannelLine
    fields = ["external_id", "variant", "line", "quantity", "factor", "net", "tax"]


ChannelOrderAdmin.inlines = [ChannelLines]
