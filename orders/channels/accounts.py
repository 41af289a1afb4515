"""Connecting a channel to its provider, testing it, and stopping it where a person must look."""

import secrets as random
from collections.abc import Collection
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.core import attention
from oms.core.errors import DomainError, Refused
from oms.core.locking import atomic, lock_one
from oms.core.secrets import KeyLost
from oms.core.web_addresses import require_callable
from orders.channels.connectors import Challenged, Connector, Health, Provider, providers
from orders.channels.connectors.errors import AuthEnded, ChannelError, ScopeMissing, Throttled
from orders.channels.models import ChannelAccount, ChannelLocation

SKEW_SECONDS = 120  # that a shop's clock may be off
SECRET = "webhook_secret"  # noqa: S105  # the name of the credential that a channel signs its messages with
REFRESH_BEFORE = timedelta(minutes=10)
AUTHORIZE_BEFORE = timedelta(days=30)  # that people are reminded to authorize us again
FAILURES = (ChannelError, KeyLost)  # of a whole account, which must not stand in the way of others
WAITS = (30, 60, 300, 900, 1800)  # seconds until the next look, by looks that failed in a row


def provider_of(account: ChannelAccount) -> Provider:
    """The provider of an account. Raises ConnectorError for one that doesn't exist."""
    return providers.get(account.provider)


def optional_fields(provider: Provider) -> Collection[str]:
    """Credentials that may stay empty; a provider that has some names them as `optional`."""
    found: Collection[str] = getattr(provider, "optional", ())
    return found


def open_connector(account: ChannelAccount) -> Connector:
    """The connector of an account, with credentials that hold. Raises KeyLost, ChannelError."""
    soon = timezone.now() + REFRESH_BEFORE
    if account.token_ends_at is not None and account.token_ends_at <= soon:
        account = refresh(account)
    return provider_of(account).open(account.plain())


def refresh(account: ChannelAccount) -> ChannelAccount:
    """Renew credentials that end soon, one process at a time; the new ones are stored before anything uses them."""
    with atomic():
        account = lock_one(account)
        if account.token_ends_at is None or account.token_ends_at > timezone.now() + REFRESH_BEFORE:
            return account  # somebody else has done it meanwhile
        _renew(account)
    return account


def _renew(account: ChannelAccount) -> None:
    """Have the provider give new credentials where they end, and store them before anything uses them."""
    renewed = provider_of(account).open(account.plain()).refresh()
    if renewed is not None:
        account.credentials = {**account.credentials, **renewed[0]}
        account.token_ends_at = renewed[1]
        account.save(update_fields=["sealed", "token_ends_at"])


def check(account: ChannelAccount) -> Health:
    """Test an account as it is, and keep its locations. Raises ChannelError, KeyLost."""
    health = open_connector(account).check()
    for external_id, name in health.locations.items():
        ChannelLocation.objects.update_or_create(
            account=account, external_id=external_id, defaults={"name": name[:120]}
        )
    return health


def troubles(health: Health, account: ChannelAccount) -> list[str]:
    """What a person should mend before the account is used, a sentence each."""
    found = [
        _("The account lacks the scope %(scope)s.") % {"scope": scope} for scope in health.missing
    ]
    if abs(health.skew_seconds) > SKEW_SECONDS:
        found.append(
            _("The shop's clock is %(seconds)s seconds off. Changes could be missed; set it right.")
            % {"seconds": round(health.skew_seconds)}
        )
    company = account.channel.company
    if health.currency and health.currency != company.currency:
        found.append(
            _(
                "The shop sells in %(there)s, %(company)s keeps its books in %(here)s: exchange rates are needed."
            )
            % {"there": health.currency, "company": company, "here": company.currency}
        )
    return found


def connect(account: ChannelAccount, credentials: dict[str, str], *, site: str = "") -> Health:
    """Store credentials, test them, and begin. Raises Refused for what is missing, ChannelError where it fails.

    `site`: the address at which the channel reaches us; without one it is asked for changes, and tells none.
    """
    provider = provider_of(account)
    needed = [name for name in provider.fields() if name not in optional_fields(provider)]
    missing = [name for name in needed if not credentials.get(name)]
    if missing:
        raise Refused(
            _("Enter %(names)s.") % {"names": ", ".join(missing)},
            code="incomplete",
            field=missing[0],
        )
    _require_address(account)
    known = account.credentials if account.sealed else {}
    secret = known.get(SECRET) or random.token_urlsafe(32)
    account.credentials = {SECRET: secret, **credentials}  # tokens of before end with them
    account.settings = {**account.settings, "site": site or account.settings.get("site", "")}
    _renew(account)
    connector = provider.open(account.plain())
    health = connector.check()
    is_new = any(known.get(name) != value for name, value in credentials.items())
    days = connector.abilities.authorization_days
    with atomic():
        if is_new:
            account.authorized_until = timezone.now() + timedelta(days=days) if days else None
        account.connected_at = account.connected_at or timezone.now()
        account.stopped_at, account.trouble, account.failures = None, "", 0
        account.cursor = account.cursor or timezone.now()
        account.pull_at, account.wait_until = timezone.now(), None
        account.save()
        for external_id, name in health.locations.items():
            ChannelLocation.objects.update_or_create(
                account=account, external_id=external_id, defaults={"name": name[:120]}
            )
    subscribe(account)
    return health


def _require_address(account: ChannelAccount) -> None:
    """Raise Refused for a shop's address that could never be called; without one the provider has its own."""
    if not account.address:
        return
    try:
        require_callable(account.address)
    except ValidationError as error:
        raise Refused(error.messages[0], field="address") from error
    parts = urlsplit(account.address)
    if parts.query or parts.fragment:
        raise Refused(
            _("Enter the shop's address without “?” and “#”, such as https://shop.example.com."),
            field="address",
        )


def door_of(account: ChannelAccount) -> str:
    """The address at which a channel tells of changes; empty where it isn't known how we are reached."""
    site = str(account.settings.get("site", "")).rstrip("/")
    return f"{site}{reverse('channel_door', args=[account.door])}" if site else ""


def answer_challenge(account: ChannelAccount, code: str) -> str | None:
    """How we show a channel that our address is ours; None for one that doesn't ask. Raises KeyLost."""
    connector = provider_of(account).open(account.plain())
    if not connector.abilities.challenges:
        return None
    return cast("Challenged", connector).challenged(code[:200], door_of(account))


def subscribe(account: ChannelAccount) -> None:
    """See to it that a channel tells of changes, and does so again where it gave up. Raises KeyLost.

    What fails is only noted: the channel is asked for changes all the same.
    """
    connector, address = open_connector(account), door_of(account)
    if not address or not connector.abilities.has_signals:
        return
    row = ChannelAccount.objects.filter(pk=account.pk)
    try:
        found = list(connector.subscribe(address, account.credentials.get(SECRET, "")))
    except ChannelError as error:
        row.update(trouble=error.message[:300], troubled_at=timezone.now())
    else:
        row.update(subscriptions=found)


def disconnect(account: ChannelAccount) -> None:
    """Erase the credentials. Orders, listings and what was told stay."""
    with atomic():
        account = lock_one(account)
        account.sealed, account.token_ends_at, account.connected_at = None, None, None
        account.authorized_until = None
        account.stopped_at = timezone.now()
        account.save()


def record_failure(account: ChannelAccount, error: DomainError) -> None:
    """Note that a look failed: when the next one is, and whether a person must look first."""
    now = timezone.now()
    if isinstance(error, Throttled):
        until = now + timedelta(seconds=error.after)
        waits = {"pull_at": until} if error.is_narrow else {"wait_until": until, "pull_at": now}
        ChannelAccount.objects.filter(pk=account.pk).update(**waits)
        return
    failures = account.failures + 1
    wait = WAITS[min(failures, len(WAITS)) - 1]
    stopped = now if isinstance(error, AuthEnded | ScopeMissing | KeyLost) else account.stopped_at
    ChannelAccount.objects.filter(pk=account.pk).update(
        failures=failures,
        trouble=error.message[:300],
        troubled_at=now,
        pull_at=now + timedelta(seconds=wait),
        stopped_at=stopped,
    )
    account.failures, account.stopped_at = failures, stopped


def record_success(account: ChannelAccount, note: str | None = None) -> None:
    """Record that a channel answered as it should; `note` is what a person should look at all the same.

    Without one an earlier note stays; an empty one says that there is nothing to look at any more.
    """
    wanted = ("" if account.failures else account.trouble) if note is None else note[:300]
    if account.failures or account.trouble != wanted:
        ChannelAccount.objects.filter(pk=account.pk).update(failures=0, trouble=wanted)
        account.failures, account.trouble = 0, wanted


def _alarms() -> list[str]:
    """Channels that were stopped, and those that have failed for a while."""
    stopped = ChannelAccount.objects.filter(stopped_at__isnull=False, connected_at__isnull=False)
    failing = ChannelAccount.objects.filter(stopped_at=None, failures__gte=3)
    ending = ChannelAccount.objects.filter(
        authorized_until__lt=timezone.now() + AUTHORIZE_BEFORE, connected_at__isnull=False
    )
    noted = ChannelAccount.objects.filter(stopped_at=None, failures=0).exclude(trouble="")
    return [
        *(
            _("%(channel)s is stopped: %(trouble)s Connect it again.")
            % {"channel": account, "trouble": account.trouble}
            for account in stopped.select_related("channel")
        ),
        *(
            _("%(channel)s has failed %(count)s times in a row: %(trouble)s")
            % {"channel": account, "count": account.failures, "trouble": account.trouble}
            for account in failing.select_related("channel")
        ),
        *(
            _("The authorization of %(channel)s ends on %(date)s. Authorize it again.")
            % {"channel": account, "date": account.authorized_until.date().isoformat()}
            for account in ending.select_related("channel")
            if account.authorized_until
        ),
        *(
            _("%(channel)s: %(trouble)s") % {"channel": account, "trouble": account.trouble}
            for account in noted.select_related("channel")
        ),
    ]


attention.also(_alarms)


def switch_orders(account: ChannelAccount) -> bool:
    """Pause or resume taking orders in; whether they are taken in now."""
    account.pulls_orders = not account.pulls_orders
    account.save(update_fields=["pulls_orders"])
    return account.pulls_orders


def switch_stock(account: ChannelAccount) -> bool:
    """Pause or resume showing stock; whether it is shown now."""
    account.pushes_stock = not account.pushes_stock
    account.save(update_fields=["pushes_stock"])
    return account.pushes_stock


def switch_telling(account: ChannelAccount) -> bool:
    """Pause or resume telling what was shipped, canceled and refunded; whether it is told now."""
    account.tells_back = not account.tells_back
    account.save(update_fields=["tells_back"])
    return account.tells_back
