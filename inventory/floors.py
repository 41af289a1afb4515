"""Where bins are on the floor, as far as a slip of the finger can be told."""

from django.utils.translation import gettext as _

from inventory.models import Bin
from oms.core import confirming

FEWEST, TIMES = 3, 10  # so many neighbors tell what is usual; so many times as far is questioned


def ask_if_far_off(place: Bin) -> None:
    """Raise NeedsConfirmation where a bin would be ten times as far as the farthest of its neighbors, unless agreed."""
    for name in ("x_cm", "y_cm"):
        farthest, here = _farthest(place, name), abs(getattr(place, name) or 0)
        if farthest and here >= TIMES * farthest:
            confirming.ask(
                _(
                    "%(axis)s = %(here)s cm is ten times as far as any neighbor of %(bin)s: the farthest is "
                    "at %(farthest)s cm. Correct it, or confirm that it is right."
                )
                % {"axis": name[0], "bin": place.code, "here": here, "farthest": farthest},
                field=name,
            )


def _farthest(place: Bin, name: str) -> int:
    """How far the farthest bin of its aisle is, or of its warehouse where the aisle has too few; 0 where both have."""
    others = Bin.objects.filter(warehouse=place.warehouse_id, **{f"{name}__isnull": False}).exclude(
        pk=place.pk
    )
    for rows in (
        others.filter(zone=place.zone_id, aisle=place.aisle) if place.aisle else others.none(),
        others,
    ):
        values: list[int] = [abs(value) for value in rows.values_list(name, flat=True)]
        if len(values) >= FEWEST:
            return max(values)
    return 0
