"""The one writer of what partners were asked to cancel: each open question is of units that are marked as asked."""

from collections.abc import Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from fulfillment.models import Cancellation, CancellationLine, Shipment, ShipmentLine
from inventory import entrusting
from inventory.models import Reservation
from oms.core import events
from oms.core.errors import WrongState
from oms.core.locking import whole
from oms.core.models import Event, User
from orders import lifecycle
from orders.models import Order

Answer = Cancellation.State


@whole
def cancel_lost(order: Order, *, by: User | None = None) -> None:
    """Cancel what a partner was asked to cancel, and what was lost before they answered: nobody sends it."""
    if lost := entrusting.take_lost(order.number):
        asked = entrusting.asked(order.number)
        units = {
            line.pk: min(lost[line.pk], line.open_quantity - asked.get(line.pk, 0))
            for line in order.lines.filter(pk__in=lost)
        }
        lifecycle.cancel_lines(order, units, reason=_gone(), by=by)


def follow(shipments: Sequence[Shipment], *, by: User | None = None) -> None:
    """Bring the open questions of locked shipments in line with what is marked on them as asked. Safe to repeat."""
    for shipment in shipments:
        if shipment.external_id:
            _follow(shipment, by)


def _follow(shipment: Shipment, by: User | None) -> None:
    units, row = entrusting.units_of(asked_on(shipment)), asked_of(shipment)
    before = _units(row) if row else {}
    if units == before:
        return
    if row is None:
        row = _ask(shipment)
    if not units:
        answer(row, Answer.AGREED, _gone(), by)
        return
    _write(row, units)
    if any(count > before.get(key, 0) for key, count in units.items()):
        events.emit(
            "shipment.cancellation_asked",
            shipment,
            by=row.asked_by,
            reason=row.reason,
            units=row.units,
        )


def _gone() -> str:
    return _("The goods are not there any more.")


def _ask(shipment: Shipment) -> Cancellation:
    """A question, by whoever canceled last, with their reason."""
    event = (
        Event.objects.filter(
            subject_type="demand", subject_number=shipment.order_number, name="demand.cancel_asked"
        )
        .order_by("pk")
        .last()
    )
    if event is None:
        return Cancellation.objects.create(shipment=shipment)
    return Cancellation.objects.create(
        shipment=shipment,
        reason=str(event.data.get("reason", ""))[:200],
        asked_at=event.at,
        asked_by=event.by,
    )


def _units(row: Cancellation) -> dict[int, int]:
    return dict(row.lines.values_list("order_line", "quantity"))


def _write(row: Cancellation, units: Mapping[int, int]) -> None:
    row.lines.all().delete()
    CancellationLine.objects.bulk_create(
        CancellationLine(cancellation=row, order_line_id=key, quantity=count)
        for key, count in sorted(units.items())
    )


def asked_on(shipment: Shipment) -> list[Reservation]:
    """What of a shipment its partner was asked to cancel, and didn't answer yet."""
    rows = ShipmentLine.objects.filter(
        shipment=shipment,
        reservation__state=Reservation.State.RESERVED,
        reservation__put_back_reason=Reservation.PutBackReason.ASKED,
    )
    return [line.reservation for line in rows.select_related("reservation__demand").order_by("pk")]


def asked_of(shipment: Shipment) -> Cancellation | None:
    """The question about a shipment that waits for its answer."""
    return Cancellation.objects.filter(shipment=shipment, state=Answer.ASKED).first()


def require_asked(shipment: Shipment) -> Cancellation:
    """The open question of a shipment. Raises WrongState without one."""
    row = asked_of(shipment)
    if row is None:
        raise WrongState(
            _(
                "%(warehouse)s isn't asked to cancel anything of %(shipment)s. Reload to see what changed."
            )
            % {"warehouse": shipment.warehouse, "shipment": shipment},
            code="nothing_asked",
        )
    return row


def answer(row: Cancellation, state: Answer, text: str, by: User | None) -> None:
    """Note the partner's answer."""
    row.state, row.answer, row.answered_at, row.answered_by = (
        state,
        text.strip(),
        timezone.now(),
        by,
    )
    row.save(update_fields=["state", "answer", "answered_at", "answered_by"])


def decline_sent(shipment: Shipment, rest: Shipment | None, *, by: User | None = None) -> None:
    """What they send of what they were asked to cancel counts as declined; the others stay asked on the rest."""
    row = asked_of(shipment)
    if row is None:
        return
    sent = asked_on(shipment)
    if sent:
        _write(row, entrusting.units_of(sent))
        entrusting.keep_asked(sent)
        answer(row, Answer.DECLINED, _("They sent it."), by)
        events.emit(
            "shipment.cancellation_declined", shipment, by=by, units=row.units, answer=row.answer
        )
    elif rest is not None:
        row.shipment = rest
        row.save(update_fields=["shipment"])
    if rest is not None:
        follow([rest], by=by)
