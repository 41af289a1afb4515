"""What channels tell by themselves: stored and answered at once, acted on by a worker."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from oms.core import attention, bells
from oms.core.errors import DomainError
from orders.channels import accounts, forgetting, intake
from orders.channels.connectors import Queued, Signal
from orders.channels.connectors.errors import Invalid, SchemaChanged, Throttled
from orders.channels.models import ChannelAccount, ChannelSignal

BATCH = 100
QUEUE = "queue"  # the setting that names an account's queue
MOST_READ = 50  # batches of a queue that one look reads
LATE = timedelta(minutes=15)
PAUSES = (5, 60, 300, 1800, 7200, 21_600)  # seconds after each attempt that failed


def receive(account: ChannelAccount, headers: Mapping[str, str], body: bytes) -> int:
    """Store what a signed message tells; how many signals are new. Nothing in it is acted on or believed.

    Raises BadSignature. A delivery that came before is stored once.
    """
    told = accounts.provider_of(account).open(account.plain()).received(headers, body)
    return _store(account, told)


def collect(account: ChannelAccount) -> int:
    """Store what waits in an account's queue, and take it off; how many signals are new. What fails is only noted:
    the channel is asked for changes all the same."""
    if not account.settings.get(QUEUE):
        return 0
    found = 0
    try:
        queue = cast("Queued", accounts.open_connector(account))
        for _time in range(MOST_READ):
            waiting = queue.waiting()
            if not waiting:
                break
            found += _store(account, [each for message in waiting for each in message.signals])
            queue.remove([message.receipt for message in waiting])
    except accounts.FAILURES as error:
        ChannelAccount.objects.filter(pk=account.pk).update(
            trouble=error.message[:300], troubled_at=timezone.now()
        )
    return found


def _store(account: ChannelAccount, told: Sequence[Signal]) -> int:
    rows = [
        ChannelSignal(
            account=account,
            kind=signal.kind,
            external_id=signal.id[:120],
            key=signal.key[:120] or None,
        )
        for signal in told
        if signal.kind != "ping"
    ]
    known = ChannelSignal.objects.filter(
        account=account, key__in=[row.key for row in rows if row.key]
    ).values_list("key", flat=True)
    new = [row for row in rows if row.key not in set(known)]
    ChannelSignal.objects.bulk_create(new, ignore_conflicts=True)
    if new:
        transaction.on_commit(lambda: bells.ring("orders.channels.tasks.work"))
    return len(new)


def act(account: ChannelAccount) -> int:
    """Take over the orders that signals named, the oldest first, each once however often it was named."""
    done = 0
    due = ChannelSignal.objects.filter(account=account, next_at__lte=timezone.now())
    for kind, external_id in dict.fromkeys(
        due.order_by("pk").values_list("kind", "external_id")[:BATCH]
    ):
        rows = ChannelSignal.objects.filter(
            account=account, kind=kind, external_id=external_id, next_at__isnull=False
        )
        last = rows.order_by("-pk").values_list("pk", flat=True).first()
        if last is None:
            continue  # another worker has acted on it meanwhile
        rows = rows.filter(pk__lte=last)  # what comes meanwhile asks for another look
        try:
            if kind == ChannelSignal.Kind.ORDER:
                intake.take_now(account, external_id)
            elif kind == ChannelSignal.Kind.ERASURE:
                forgetting.forget_buyer(account, external_id)
            rows.update(next_at=None, error="")
            done += 1
        except Throttled as error:
            if error.is_narrow:  # all signals are of orders
                due.update(next_at=timezone.now() + timedelta(seconds=error.after))
            else:
                accounts.record_failure(account, error)
            return done
        except DomainError as error:
            _postpone(rows, error)
            if not is_of_one_order(error):
                accounts.record_failure(account, error)
                return done  # the others would fail like it
    return done


def is_of_one_order(error: DomainError) -> bool:
    """Whether an order can't be taken over for a reason of its own, while others can."""
    return isinstance(error, SchemaChanged | Invalid) or not isinstance(error, accounts.FAILURES)


def note_failed(account: ChannelAccount, external_id: str, error: DomainError) -> None:
    """Have an order that couldn't be taken over tried again, as if a signal had named it."""
    known = ChannelSignal.objects.filter(
        account=account, external_id=external_id, next_at__isnull=False
    )
    if known.exists():
        return
    made = ChannelSignal.objects.create(
        account=account, kind=ChannelSignal.Kind.ORDER, external_id=external_id[:120]
    )
    _postpone(ChannelSignal.objects.filter(pk=made.pk), error)


def _postpone(rows: QuerySet[ChannelSignal], error: DomainError) -> None:
    attempts = max(rows.values_list("attempts", flat=True), default=0)
    pause = PAUSES[min(attempts, len(PAUSES) - 1)]
    rows.update(
        attempts=F("attempts") + 1,
        next_at=timezone.now() + timedelta(seconds=pause),
        error=error.message[:300],
    )


def replay(signal: ChannelSignal) -> None:
    """Act on a signal again."""
    ChannelSignal.objects.filter(pk=signal.pk).update(next_at=timezone.now(), attempts=0, error="")


def late() -> QuerySet[ChannelSignal]:
    """Signals that wait for longer than they may, of channels that run."""
    return ChannelSignal.objects.filter(
        next_at__isnull=False,
        received_at__lt=timezone.now() - LATE,
        account__stopped_at=None,
        account__pulls_orders=True,
    )


attention.watch(
    late,
    lambda count: (
        ngettext(
            "%(count)s message of a channel has waited too long to be acted on.",
            "%(count)s messages of channels have waited too long to be acted on.",
            count,
        )
        % {"count": count}
    ),
)
