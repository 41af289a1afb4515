"""Lots and serial numbers as people write, paste and scan them, and which ones are meant."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from inventory.models import SKU, Lot
from oms.core.errors import Refused

MOST_SERIALS = 1000
BETWEEN_LOTS, BETWEEN_SERIALS = re.compile(r"[\r\n\t,;]+"), re.compile(r"[\s,;]+")
COUNTED = re.compile(r"(?P<code>.+?)\s*(?:×\s*|\sx\s*)(?P<count>\d{1,9})")
RANGE = re.compile(r"(?P<first>\S+?)\.\.(?P<last>\S+)")
ASKED = {
    "most": 20_000,
    "help": gettext_lazy("Only if tracked: for example L1, or L1 x 60, L2 x 40, or S1 S2 S7..S9."),
}
NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")


@dataclass(frozen=True)
class Named:
    """A lot or serial number that somebody named, and how many base units of it, if they said so."""

    code: str
    quantity: int | None = None


@dataclass(frozen=True)
class Part:
    """Base units of a lot."""

    lot: Lot
    quantity: int


def parse(sku: SKU, text: str) -> list[Named]:
    """Read "L1 x 60, L2 x 40", or serial numbers between spaces, commas or lines, such as "A001..A010 B7"."""
    if sku.tracking == SKU.Tracking.SERIAL:
        codes = [
            code
            for token in BETWEEN_SERIALS.split(text.strip())
            if token
            for code in _expanded(token)
        ]
        _require_once(codes)
        return [Named(code, 1) for code in codes]
    found = []
    for token in filter(None, map(str.strip, BETWEEN_LOTS.split(text))):
        counted = COUNTED.fullmatch(token)
        found.append(
            Named(counted["code"].strip(), int(counted["count"])) if counted else Named(token)
        )
    _require_once([named.code for named in found])
    return found


def _expanded(token: str) -> list[str]:
    """The serial numbers of a range, or the one that is written."""
    span = RANGE.fullmatch(token)
    if span is None:
        return [token]
    first, last = NUMBERED.fullmatch(span["first"]), NUMBERED.fullmatch(span["last"])
    if first is None or last is None or first["stem"] != last["stem"]:
        raise Refused(
            _("“%(range)s” isn't a range of serial numbers. Write it like A001..A010.")
            % {"range": token},
            code="malformed",
        )
    start, end = int(first["number"]), int(last["number"])
    if not start <= end < start + MOST_SERIALS:
        raise Refused(
            _("“%(range)s” must go upward and name at most %(most)s serial numbers.")
            % {"range": token, "most": MOST_SERIALS},
            code="malformed",
        )
    return [f"{first['stem']}{number:0{len(first['number'])}}" for number in range(start, end + 1)]


def _require_once(codes: Sequence[str]) -> None:
    twice = (
        sorted({code for code in codes if codes.count(code) > 1})[:5]
        if len(set(codes)) < len(codes)
        else []
    )
    if twice:
        raise Refused(
            _("Named more than once: %(codes)s. Enter each once.") % {"codes": ", ".join(twice)},
            code="named_twice",
        )
    too_long = next((code for code in codes if len(code) > 40), None)
    if too_long:
        raise Refused(
            _("“%(code)s” is longer than 40 characters.") % {"code": too_long}, code="malformed"
        )


def incoming(
    sku: SKU, text: str, quantity: int, *, expires_on: date | None = None
) -> list[tuple[Lot | None, int]]:
    """Which lots come in with a quantity of a SKU, made when first seen. Raises Refused unless they make it up."""
    if not quantity:
        return []
    if sku.tracking == SKU.Tracking.NONE:
        if text.strip():
            raise Refused(
                _("%(sku)s isn't tracked, so it has no lot %(lot)s. Leave the lot empty.")
                % {"sku": sku, "lot": text.strip()},
                code="not_tracked",
            )
        return [(None, quantity)]
    counted = _counted(sku, parse(sku, text), quantity)
    return [(lot_of(sku, code, expires_on), count) for code, count in counted.items()]


def _counted(sku: SKU, named: Sequence[Named], quantity: int) -> dict[str, int]:
    """The quantity of each named lot; one that is named alone takes everything."""
    if not named:
        raise Refused(
            _("%(sku)s is tracked %(tracking)s. Enter the lot or serial number.")
            % {"sku": sku, "tracking": sku.get_tracking_display()},
            code="lot_missing",
            sku=sku.code,
        )
    if len(named) == 1 and named[0].quantity is None:
        return {named[0].code: quantity}
    bare = next((each.code for each in named if each.quantity is None), None)
    if bare is not None:
        raise Refused(
            _("Say how many of lot %(lot)s, for example “%(lot)s x 10”.") % {"lot": bare},
            code="malformed",
        )
    counts = {each.code: each.quantity or 0 for each in named if each.quantity}
    if sum(counts.values()) != quantity:
        text = (
            ngettext(
                "%(quantity)s piece of %(sku)s needs one serial number, not %(named)s.",
                "%(quantity)s pieces of %(sku)s need as many serial numbers, not %(named)s.",
                quantity,
            )
            if sku.tracking == SKU.Tracking.SERIAL
            else _("The lots named for %(sku)s add up to %(named)s, not %(quantity)s.")
        )
        raise Refused(
            text % {"quantity": quantity, "sku": sku, "named": sum(counts.values())},
            code="lots_do_not_add_up",
            sku=sku.code,
        )
    return counts


def lot_of(sku: SKU, code: str, expires_on: date | None = None) -> Lot | None:
    """The lot of a tracked SKU by its code, made when it is first seen. Raises Refused where a code is missing."""
    code = code.strip()
    if sku.tracking == SKU.Tracking.NONE:
        return None
    if not code:
        raise Refused(
            _("%(sku)s is tracked %(tracking)s. Enter the lot or serial number.")
            % {"sku": sku, "tracking": sku.get_tracking_display()},
            code="lot_missing",
            sku=sku.code,
        )
    known = Lot.objects.filter(sku=sku, code=code).first()
    if known is None:
        _require_expiry(sku, code, expires_on)
        return Lot.objects.get_or_create(sku=sku, code=code, defaults={"expires_on": expires_on})[0]
    if expires_on and known.expires_on and known.expires_on != expires_on:
        raise Refused(
            _(
                "Lot %(lot)s of %(sku)s expires on %(known)s, not on %(given)s. Check the label; a manager can "
                "correct the lot."
            )
            % {"lot": code, "sku": sku, "known": known.expires_on, "given": expires_on},
            code="expiry_differs",
            lot=code,
        )
    if expires_on and not known.expires_on:
        known.expires_on = expires_on
        known.save(update_fields=["expires_on"])
    return known


def _require_expiry(sku: SKU, code: str, expires_on: date | None) -> None:
    if sku.has_expiry and expires_on is None:
        raise Refused(
            _("%(sku)s expires. Enter the expiry date of %(lot)s.") % {"sku": sku, "lot": code},
            code="expiry_missing",
            sku=sku.code,
            lot=code,
        )


def choose(
    sku: SKU, text: str, quantity: int, among: Mapping[Lot, int], *, question: str
) -> list[Part]:
    """Which of the known lots are meant: those that are named, or the only ones possible. Raises Refused with the
    question where several are possible, and where a named one isn't among them.
    """
    if not quantity:
        return []
    known = {lot.code: (lot, left) for lot, left in among.items() if left > 0}
    named = [each for each in parse(sku, text) if each.code in known]
    if not named:
        if len(known) == 1 or sum(left for _lot, left in known.values()) == quantity:
            named = [
                Named(code, None if len(known) == 1 else left)
                for code, (_lot, left) in known.items()
            ]
        else:
            raise Refused(
                _("%(question)s Possible: %(lots)s.")
                % {"question": question, "lots": listed(known)},
                code="lot_missing",
                sku=sku.code,
            )
    counts = _counted(sku, named, quantity)
    for code, count in counts.items():
        if count > known[code][1]:
            raise Refused(
                _("Only %(left)s of lot %(lot)s are possible, not %(count)s.")
                % {"left": known[code][1], "lot": code, "count": count},
                code="lot_exceeded",
                lot=code,
            )
    return [Part(known[code][0], count) for code, count in counts.items()]


def listed(codes: Iterable[str]) -> str:
    """The first codes of several, in a sentence."""
    found = sorted(codes)
    return ", ".join(found[:10]) + (" …" if len(found) > 10 else "") or "–"
