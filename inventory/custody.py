"""Places whose goods belong to a process: which moves may touch them, and where a transfer's goods arrive."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Bin, Move
from oms.core.errors import Refused
from oms.core.wording import Words

Kind, Reason = Bin.Kind, Move.Reason


@dataclass(frozen=True)
class Custody:
    """The moves that may bring goods to a kind of place and take them away, and what to do instead of others."""

    into: frozenset[str]
    out_of: frozenset[str]
    way_on: Words


OF_A_RETURN = Custody(
    frozenset({Reason.RETURN}),
    frozenset({Reason.RETURN, Reason.SCRAP}),
    gettext_lazy("Returned goods belong to their return. Receive or inspect them there."),
)
CUSTODY: dict[str, Custody] = {
    Kind.STAGING: Custody(
        frozenset({Reason.PICK}),
        frozenset({Reason.PUT_BACK, Reason.SHIP}),
        gettext_lazy("Picked goods belong to their shipment. Pick, put back or ship them there."),
    ),
    Kind.RETURNS: OF_A_RETURN,
    Kind.DAMAGED_RETURNS: OF_A_RETURN,
    Kind.TRANSIT: Custody(
        frozenset({Reason.TRANSFER}),
        frozenset({Reason.TRANSFER}),
        gettext_lazy("Goods in transit belong to their transfer. Send or receive them there."),
    ),
}


def require_owner(reason: str, source: Bin, target: Bin) -> None:
    """Raise Refused where a move for this reason may not touch one of its places."""
    for place, side in ((source, "out_of"), (target, "into")):
        custody = CUSTODY.get(place.kind)
        if custody is not None and reason not in getattr(custody, side):
            raise _refusal(place, custody)


def require_free(*places: Bin) -> None:
    """Raise Refused unless people may change what is in these places."""
    for place in places:
        if place.kind in CUSTODY:
            raise _refusal(place, CUSTODY[place.kind])


def _refusal(place: Bin, custody: Custody) -> Refused:
    return Refused(
        _("You can't change what is in %(place)s directly. %(way_on)s")
        % {"place": place, "way_on": custody.way_on},
        code="in_custody",
        bin=place.code,
    )


def require_sendable(places: Iterable[Bin]) -> None:
    """Raise Refused for a place whose goods nobody can send: in custody, missing or outside."""
    for place in places:
        require_free(place)
        if place.kind == Kind.MISSING or place.is_outside:
            raise Refused(
                _("%(place)s is only a place in the books. Choose the bin where the goods are.")
                % {"place": place},
                code="not_a_bin",
                bin=place.code,
            )


def require_put_away(source: Bin, target: Bin) -> None:
    """Raise Refused unless goods go from where they come in to a storage bin."""
    require_free(source, target)
    if source.kind != Kind.RECEIVING or target.kind != Kind.STORAGE:
        raise Refused(
            _(
                "Received goods are put away from a receiving bin into a storage bin. To bring goods from "
                "%(source)s to %(target)s, move them."
            )
            % {"source": source, "target": target},
            code="not_put_away",
        )


def arrival_kind(source: Bin) -> "Bin.Kind":
    """Where goods arrive that a transfer took from this bin: what couldn't be sold there isn't sold here."""
    if source.kind in (Kind.DAMAGED, Kind.QUARANTINE):
        return Kind(source.kind)
    return Kind.RECEIVING if source.is_sellable else Kind.QUARANTINE
