"""Returning one component of a kit: how many can come back, and what share of the kit's price they are worth."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import SKU
from oms.core.errors import Refused
from orders.models import Order, OrderLine
from returns.identity import made_of
from returns.models import ReturnLine, ReturnRequest

HUNDRED = Decimal(100)


def live_lines(order: Order) -> Iterable[ReturnLine]:
    """The component lines of an order's returns that are not rejected or canceled."""
    return (
        ReturnLine.objects.filter(request__order=order, component__isnull=False)
        .exclude(request__status__in=ReturnRequest.DEAD)
        .select_related("order_line__sku", "component")
    )


def touched(order: Order, more: Iterable[ReturnLine] = ()) -> dict[int, int]:
    """Kits of each order line of which a component is or comes back, so that they can't come back whole."""
    pieces: dict[tuple[int, int], int] = defaultdict(int)
    lines: dict[int, OrderLine] = {}
    for line in [*live_lines(order), *more]:
        assert line.component_id is not None
        pieces[line.order_line_id, line.component_id] += line.quantity - line.missing
        lines[line.order_line_id] = line.order_line
    kits: dict[int, int] = defaultdict(int)
    for (key, component), count in pieces.items():
        per_unit = {sku.pk: each for sku, each in made_of(lines[key])}.get(component, 1)
        kits[key] = max(kits[key], -(-count // per_unit))
    return kits


def require_returnable(order: Order, asked: list[ReturnLine], whole: dict[int, int]) -> None:
    """Raise Refused unless these pieces can come back beside the kits that do, at shares that make at most a kit.

    `whole` is how many kits of each order line are still out and whole.
    """
    before, after = touched(order), touched(order, asked)
    for line in asked:
        _require_part(line)
        key = line.order_line_id
        if line.quantity <= 0 or after[key] - before.get(key, 0) > whole.get(key, 0):
            left = whole.get(key, 0)
            raise Refused(
                ngettext(
                    "%(quantity)s × %(component)s can't come back: at most %(kits)s more kit is still out.",
                    "%(quantity)s × %(component)s can't come back: at most %(kits)s more kits are still out.",
                    left,
                )
                % {"quantity": line.quantity, "component": line.component, "kits": left},
                code="not_returnable",
                line=key,
            )
    _require_worth([*live_lines(order), *asked], after)


def _require_part(line: ReturnLine) -> None:
    """Raise Refused unless a line is for a component of its kit, at a share of the kit's price."""
    parts = {sku.pk: per_unit for sku, per_unit in made_of(line.order_line)}
    if not line.order_line.sku.is_kit or line.component_id not in parts:
        raise Refused(
            _("%(component)s is no component of %(kit)s.")
            % {"component": line.component, "kit": line.order_line.sku},
            field="component",
        )
    if line.share_percent is None or not 0 <= line.share_percent <= HUNDRED:
        raise Refused(
            _("Say what share of the kit's price a piece of %(component)s is worth, in percent.")
            % {"component": line.component},
            field="share_percent",
        )


def _require_worth(lines: list[ReturnLine], kits_of: dict[int, int]) -> None:
    """Raise Refused where the shares of the components of an order line come to more than its kits."""
    for key, kits in kits_of.items():
        worth = sum(
            (
                (line.quantity - line.missing) * (line.share_percent or 0)
                for line in lines
                if line.order_line_id == key
            ),
            Decimal(0),
        )
        if worth > kits * HUNDRED:
            raise Refused(
                ngettext(
                    "The shares come to %(worth)s%% of the price of %(kits)s kit. Lower them to 100%% a kit.",
                    "The shares come to %(worth)s%% of the price of %(kits)s kits. Lower them to 100%% a kit.",
                    kits,
                )
                % {"worth": worth, "kits": kits},
                code="more_than_the_kit",
                line=key,
            )


def worth(lines: Iterable[ReturnLine], *, credit_damaged: bool) -> dict[int, Decimal]:
    """What the components that came are worth, in kits, by order line."""
    kits: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.component_id is not None and line.share_percent is not None:
            pieces = line.good + (line.damaged if credit_damaged else 0)
            kits[line.order_line_id] += line.share_percent * pieces / HUNDRED
    return {key: share for key, share in kits.items() if share}


def new_line(
    order_line: OrderLine, component: SKU, quantity: int, share: Decimal | None, reason: str
) -> ReturnLine:
    """A return line for pieces of a component, not yet of a return."""
    return ReturnLine(
        order_line=order_line,
        component=component,
        quantity=quantity,
        share_percent=share,
        reason=reason,
    )
