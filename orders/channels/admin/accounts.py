"""Channels' accounts in the admin: an overview, the page of each, connecting and disconnecting."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from oms.backoffice.access import Lines, Page, ScopedAdmin
from oms.backoffice.decorators import display
from oms.core import money_text
from oms.core.errors import DomainError
from orders.channels import accounts, health, intake, listings, marking, pulling, pushing
from orders.channels.connectors import Health, providers
from orders.channels.models import ChannelAccount, ChannelLocation, Listing
from orders.channels.translating import mapping_of

MOST_PREVIEWED = 50
PARTS = ("orders", "revenue", "listings", "calls")  # of the pages, as the policy names them


class Locations(Lines):
    model = ChannelLocation
    is_editable = True
    fields = ["external_id", "name", "warehouse"]


def overview_page(page: "ChannelAccountAdmin", request: HttpRequest) -> HttpResponse:
    """All channels: today's orders and revenue, what is oversold, late, waiting and wrong."""
    if not page.has_view_permission(request):
        raise Http404
    rows = health.overview(page.get_queryset(request).select_related("channel__company"))
    context = {
        **page.admin_site.each_context(request),
        "title": gettext("Channels"),
        "opts": page.opts,
        "rows": [(row, money_text.display(row.revenue, row.currency)) for row in rows],
        "may_add": page.has_add_permission(request),
        "shows": page.shown_parts(request, *PARTS),
    }
    return TemplateResponse(request, "admin/oms/channels.html", context)


def health_page(page: "ChannelAccountAdmin", request: HttpRequest, pk: int) -> HttpResponse:
    """How a channel is, and what can be done about it."""
    account = _account(page, request, pk)
    if request.method == "POST" and page.may(request, "run", account):
        _act(request, account, request.POST.get("act", ""))
        return HttpResponseRedirect(reverse("admin:orders_channel_health", args=[pk]))
    context = {
        **page.admin_site.each_context(request),
        "title": str(account),
        "opts": page.opts,
        "account": account,
        "health": health.of(account),
        "shows": page.shown_parts(request, *PARTS),
        "states": mapping_of(account) if account.provider in providers.names else {},
        "may_run": page.may(request, "run", account),
        "preview": _preview(account) if "preview" in request.GET else None,
    }
    return TemplateResponse(request, "admin/oms/channel.html", context)


def _preview(account: ChannelAccount) -> list[tuple[Listing, int]]:
    rows = list(
        Listing.objects.filter(channel=account.channel, sku__isnull=False)
        .select_related("sku", "channel")
        .order_by("-changed_at", "pk")[:MOST_PREVIEWED]
    )
    try:
        numbers = pushing.preview(account, rows)
    except DomainError:
        return []
    return [(row, numbers[row.pk]) for row in rows if row.pk in numbers]


def _act(request: HttpRequest, account: ChannelAccount, name: str) -> None:
    """Do what a button of the page asks for, and say what came of it."""
    try:
        if name in SWITCHES:
            title, switch = SWITCHES[name]
            text = gettext("%(title)s: on") if switch(account) else gettext("%(title)s: off")
            messages.success(request, text % {"title": title})
        elif name == "check":
            _tell(request, account, accounts.check(account))
            messages.success(request, gettext("The account works."))
        elif name == "pull":
            count = pulling.pull(account)
            messages.success(request, gettext("%(count)s orders changed.") % {"count": count})
        elif name == "compare":
            found = listings.read(account)
            pulling.compare(account)
            messages.success(
                request,
                gettext("%(listed)s listings read, %(new)s new, %(differing)s differ.")
                % {"listed": found.listed, "new": found.new, "differing": len(found.differences)},
            )
        elif name == "push":
            marking.send_again(Listing.objects.filter(channel=account.channel))
            messages.success(request, gettext("All listings are sent again."))
        elif name == "match":
            freed = intake.retry_unmatched(account)
            messages.success(request, gettext("%(count)s orders go on.") % {"count": freed})
        elif name == "disconnect":
            accounts.disconnect(account)
            messages.success(
                request,
                gettext("Disconnected: its credentials are erased. Orders and listings stay."),
            )
    except DomainError as refused:
        messages.error(request, refused.message)


def _tell(request: HttpRequest, account: ChannelAccount, found: Health) -> None:
    """Say what an account's self-test found."""
    for trouble in accounts.troubles(found, account):
        messages.warning(request, trouble)
    for note in found.notes:
        messages.info(request, note)


SWITCHES = {
    "pulls_orders": (_("Take orders in"), accounts.switch_orders),
    "pushes_stock": (_("Show stock there"), accounts.switch_stock),
    "tells_back": (_("Tell shipments, cancellations and refunds"), accounts.switch_telling),
}


class ConnectForm(forms.Form):
    """The credentials that a provider asks for. What is stored already is never shown again."""

    def __init__(self, account: ChannelAccount, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        provider = accounts.provider_of(account)
        optional = accounts.optional_fields(provider)
        for name, label in provider.fields().items():
            self.fields[name] = forms.CharField(
                label=label,
                required=not account.sealed and name not in optional,
                strip=True,
                widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
            )


def connect_page(page: "ChannelAccountAdmin", request: HttpRequest, pk: int) -> HttpResponse:
    """Enter credentials; they are tested before they are stored."""
    account = _account(page, request, pk)
    if not page.may(request, "run", account):
        raise Http404
    try:
        form = ConnectForm(account, request.POST or None)
    except DomainError as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("admin:orders_channelaccount_change", args=[pk]))
    if request.method == "POST" and form.is_valid():
        entered = {name: value for name, value in form.cleaned_data.items() if value}
        try:
            found = accounts.connect(account, entered, site=request.build_absolute_uri("/"))
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            _tell(request, account, found)
            messages.success(
                request, gettext("Connected to %(name)s.") % {"name": found.name or account.address}
            )
            return HttpResponseRedirect(reverse("admin:orders_channel_health", args=[pk]))
    context = {
        **page.admin_site.each_context(request),
        "title": gettext("Connect %(channel)s") % {"channel": account},
        "opts": page.opts,
        "account": account,
        "form": form,
    }
    return TemplateResponse(request, "admin/oms/connect_channel.html", context)


def _account(page: "ChannelAccountAdmin", request: HttpRequest, pk: int) -> ChannelAccount:
    accounts = page.get_queryset(request).select_related("channel__company")
    account: ChannelAccount | None = accounts.filter(pk=pk).first()
    if account is None or not page.has_view_permission(request, account):
        raise Http404
    return account


@admin.register(ChannelAccount)
class ChannelAccountAdmin(ScopedAdmin):
    list_display = ["channel", "provider", "address", "state", "pulled_at", "look"]
    list_select_related = ["channel"]
    only_links = ["look"]
    fields = [
        "channel",
        "provider",
        "address",
        "confirms",
        "notifies_buyer",
        "guest",
        "warehouses",
        "buffer",
        "cap",
        "last_units",
        "last_units_by",
        "preference",
        "stages",
        "settings",
    ]
    autocomplete_fields = ["guest"]
    inlines = [Locations]
    pages = (
        Page("overview/", overview_page, "orders_channelaccount_channels"),
        Page("<int:pk>/health/", health_page, "orders_channel_health"),
        Page("<int:pk>/connect/", connect_page, "orders_channel_connect"),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        """The providers that there are."""
        if db_field.name == "provider":
            return forms.ChoiceField(
                choices=[(name, name.title()) for name in providers.names],
                widget=UnfoldAdminSelectWidget,
            )
        return super().formfield_for_dbfield(db_field, request, **options)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ["channel", "provider"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """A new account is connected next."""
        return HttpResponseRedirect(reverse("admin:orders_channel_connect", args=[obj.pk]))

    @display(description=_("State"))
    def state(self, account: ChannelAccount) -> str:
        if account.connected_at is None:
            return gettext("not connected")
        if account.stopped_at is not None:
            return gettext("stopped")
        return gettext("failing") if account.failures else gettext("running")

    @display(description=_("Health"))
    def look(self, account: ChannelAccount) -> Any:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:orders_channel_health", args=[account.pk]),
            gettext("Health"),
        )
