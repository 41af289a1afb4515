"""Serial numbers: one piece each, in one place. And lists of them as people write, paste and scan them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import IntegrityError
from django.utils.translation import gettext as _

from inventory.models import SKU, Bin, Lot, Move
from inventory.transport import Transport
from oms.core.errors import Conflict, Refused

Kind = Bin.Kind
NOWHERE = (Kind.SUPPLIER, Kind.ADJUSTMENT, Kind.SCRAP)  # From here a serial may come in.


def require_identity(transport: Transport) -> None:
    """Raise Refused where a tracked SKU comes without its own lot, an untracked one with one, or a serial twice."""
    sku, lot = transport.sku, transport.lot
    if sku.tracking == SKU.Tracking.NONE:
        if lot is not None and transport.source.is_outside:
            raise Refused(
                _("%(sku)s isn't tracked, so it has no lot %(lot)s. Leave the lot empty.")
                % {"sku": sku, "lot": lot},
                code="not_tracked",
            )
        return
    if lot is None:
        raise Refused(
            _("%(sku)s is tracked %(tracking)s. Enter the lot or serial number.")
            % {"sku": sku, "tracking": sku.get_tracking_display()},
            code="lot_missing",
        )
    if lot.sku_id != sku.pk:
        raise Refused(
            _("%(lot)s isn't a lot of %(sku)s.") % {"lot": lot, "sku": sku}, code="wrong_lot"
        )
    if transport.is_serial and transport.quantity != 1:
        raise Refused(
            _(
                "Serial number %(lot)s of %(sku)s is one piece, not %(quantity)s. Enter one serial number "
                "per piece."
            )
            % {"lot": lot, "sku": sku, "quantity": transport.quantity},
            code="one_piece_per_serial",
        )


def require_one_place(transports: Sequence[Transport]) -> None:
    """Raise Refused for a serial that is named twice, or that the ledger has elsewhere than where it comes from."""
    pieces = [transport for transport in transports if transport.is_serial]
    if not pieces:
        return
    for lot, times in Counter(transport.lot for transport in pieces).items():
        if times > 1:
            raise Refused(
                _("Serial number %(lot)s is named %(times)s times. Enter each once.")
                % {"lot": lot, "times": times},
                code="serial_twice",
            )
    there = whereabouts([transport.lot for transport in pieces if transport.lot])
    for transport in pieces:
        assert transport.lot is not None
        known = there.get(transport.lot.pk)
        if (
            transport.source.is_outside
            and known is not None
            and not _comes_from(transport.source, known.target)
        ):
            raise Refused(
                _("Serial number %(lot)s of %(sku)s is already %(where)s.")
                % {"lot": transport.lot, "sku": transport.sku, "where": _told(known)},
                code="serial_elsewhere",
                lot=transport.lot.code,
            )


def tracked_among(skus: Iterable[int]) -> set[int]:
    """The keys of those SKUs that are tracked by serial number."""
    keys = set(skus)
    if not keys:
        return set()
    return set(
        SKU.objects.filter(pk__in=keys, tracking=SKU.Tracking.SERIAL).values_list("pk", flat=True)
    )


def _comes_from(source: Bin, known: Bin) -> bool:
    return known.kind in NOWHERE if source.kind in NOWHERE else known.pk == source.pk


def whereabouts(lots: Sequence[Lot]) -> dict[int, Move]:
    """The last move of each lot, by its key: where a serial is now."""
    moves = Move.objects.filter(lot__in=lots).order_by("lot_id", "-pk").distinct("lot_id")
    return {move.lot_id: move for move in moves.select_related("target__warehouse") if move.lot_id}


def _told(known: Move) -> str:
    place = known.target
    if place.kind == Kind.TRANSIT:
        return _("on its way with transfer %(transfer)s") % {"transfer": known.reference}
    if place.kind == Kind.CUSTOMER:
        return _("with a customer, shipped with %(shipment)s") % {"shipment": known.reference}
    return _("in bin %(bin)s of %(warehouse)s") % {"bin": place, "warehouse": place.warehouse}


@contextmanager
def one_place_kept() -> Iterator[None]:
    """Raise Conflict where somebody else took the same serial in at the same moment."""
    try:
        yield
    except IntegrityError as error:
        if "serial_in_one_place" not in str(error):
            raise
        raise Conflict(
            _("Someone else just received the same serial number. Check it and try again.")
        ) from error
