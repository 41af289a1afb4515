"""From an order as a channel knows it to one of ours: which SKUs, customer and charges, and what is to be held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from inventory.models import SKU, Barcode
from oms.core import codes, money, money_text
from oms.core.errors import Refused
from orders import as_sold
from orders.as_sold import SoldExtra, SoldItem, SoldOrder
from orders.channels import accounts
from orders.channels.connectors import ChargeKind, Sold, SoldCharge, SoldLine, Stage
from orders.channels.models import ChannelAccount, ChannelOrder, Listing
from orders.models import Customer, Order, OrderCharge, OrderHold

NOTHING = Decimal(0)
UNKNOWN_ITEM = "UNKNOWN-ITEM"  # the SKU of lines that nobody has matched yet
CENT_A_LINE = 1  # minor units by which a line may differ from the total before a person looks
STAGES = {each.value for each in Stage}
ADDRESS = ("name", "company", "street", "postal_code", "city", "region", "country", "phone")
KINDS = {
    ChargeKind.SHIPPING: OrderCharge.Kind.FREIGHT,
    ChargeKind.DISCOUNT: OrderCharge.Kind.ALLOWANCE,
}


@dataclass
class Entry:
    """An order to be entered, what it is held for, and where each line of the channel went."""

    order: SoldOrder
    holds: list[tuple[OrderHold.Kind, str]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)  # by the line's id there
    factors: dict[str, int] = field(default_factory=dict)


def stage(account: ChannelAccount, sold: Sold) -> Stage:
    """What an order's state means here: as the company maps it, else as the connector read it."""
    mapped = account.stages.get(sold.state)
    return Stage(mapped) if mapped in STAGES else sold.stage


def entry(account: ChannelAccount, sold: Sold) -> Entry:
    """An order of a channel as one that can be entered. Nothing is dropped: what isn't known puts it on hold."""
    found = Entry(
        SoldOrder(
            channel=account.channel,
            customer=customer(account, sold.currency),
            currency=sold.currency,
            prices_include_tax=sold.prices_include_tax,
            external_id=sold.id,
            items=(),
            ship_to=address(sold.ship_to),
            bill_to=address(sold.bill_to or sold.ship_to),
            reference=sold.number,
            note="\n".join(text for text in (sold.note, sold.gift_message) if text),
            requested_on=None,
        )
    )
    listings = listings_of(account, sold.lines)
    items = [_item(found, line, listings) for line in sold.lines if line.quantity > 0]
    extras = [_extra(charge) for charge in sold.charges if charge.net or charge.tax]
    extras += _rounding(found, sold, account)
    found.order = SoldOrder(
        **{**vars(found.order), "items": [each for each in items if each], "extras": extras}
    )
    found.holds += _doubts(account, sold)
    return found


def _item(found: Entry, line: SoldLine, listings: dict[str, Listing]) -> SoldItem:
    found.positions[line.id] = len(found.positions) + 1
    listing = listings.get(line.variant)
    sku = listing.sku if listing else None
    factor = listing.factor if listing and sku else 1
    found.factors[line.id] = factor
    if sku is None:
        sku = _unknown()
        name = " ".join(text for text in (line.sku, line.name) if text) or line.variant
        found.holds.append((OrderHold.Kind.ITEM, _("Unknown item: %(item)s") % {"item": name}))
    return item(line, sku, factor)


def _unknown() -> SKU:
    """The SKU that stands in for items that nobody has matched yet."""
    found, _made = SKU.objects.get_or_create(
        code=UNKNOWN_ITEM, defaults={"name": _("Unknown item of a channel"), "is_sellable": False}
    )
    return found


def item(line: SoldLine, sku: SKU, factor: int) -> SoldItem:
    """A line in base units of a SKU."""
    return SoldItem(
        sku,
        line.quantity * factor,
        line.net,
        line.tax,
        line.tax_percent,
        is_remitted=line.is_remitted or bool(line.tax_remitted),
        description=line.name,
        is_tax_unknown=line.is_tax_unknown,
    )


def _extra(charge: SoldCharge) -> SoldExtra:
    return SoldExtra(
        KINDS.get(charge.kind, OrderCharge.Kind.FEE),
        charge.description or charge.kind.value,
        charge.net,
        charge.tax,
        charge.tax_percent,
        is_remitted=charge.is_remitted or bool(charge.tax_remitted),
        is_tax_unknown=charge.is_tax_unknown,
    )


def _rounding(found: Entry, sold: Sold, account: ChannelAccount) -> list[SoldExtra]:
    """The rest between the channel's total and the sum of its rows, on a row of its own; a large one is a hold."""
    rows: list[SoldLine | SoldCharge] = [*sold.lines, *sold.charges]
    total = sum((row.gross + row.tax_remitted for row in rows), start=NOTHING)
    rest = money.round_amount(sold.gross, sold.currency) - total
    if not rest:
        return []
    most = money.quantum(sold.currency) * CENT_A_LINE * max(1, len(rows))
    if abs(rest) > most:
        found.holds.append(
            (
                OrderHold.Kind.AMOUNTS,
                _("The channel's total is %(total)s, its lines come to %(sum)s.")
                % {
                    "total": money_text.display(sold.gross, sold.currency),
                    "sum": money_text.display(total, sold.currency),
                },
            )
        )
    kind = OrderCharge.Kind.FEE if rest > 0 else OrderCharge.Kind.ALLOWANCE
    return [SoldExtra(kind, _("Rounding"), rest, tax_percent=NOTHING)]


def _doubts(account: ChannelAccount, sold: Sold) -> list[tuple[OrderHold.Kind, str]]:
    now, found = stage(account, sold), []
    if now == Stage.HOLD:
        found.append(
            (OrderHold.Kind.STATE, _("The channel says “%(state)s”.") % {"state": sold.state})
        )
    if now == Stage.DONE:
        found.append((OrderHold.Kind.STATE, _("Complete in the channel before it came here.")))
    if sold.is_test:
        found.append((OrderHold.Kind.STATE, _("This is a test order. It isn't shipped.")))
    if sold.cancel_requested:
        found.append((OrderHold.Kind.CHANGED, _("The buyer asks to cancel.")))
    if now != Stage.RESERVE:
        found += [(OrderHold.Kind.STATE, doubt) for doubt in sold.doubts]
    return found


def listings_of(account: ChannelAccount, lines: Sequence[SoldLine]) -> dict[str, Listing]:
    """The listings of lines by their id there; those that aren't known are noted, matched where that is certain."""
    known = {
        row.external_id: row
        for row in Listing.objects.filter(
            channel=account.channel, external_id__in={line.variant for line in lines}
        ).select_related("sku")
    }
    for line in lines:
        if line.variant not in known:
            known[line.variant] = Listing.objects.create(
                channel=account.channel,
                external_id=line.variant,
                external_sku=line.sku[:80],
                barcode=line.barcode[:48],
                title=line.name[:200],
                sku=match(line.sku, line.barcode),
            )
    return known


def match(code: str, barcode: str) -> SKU | None:
    """The SKU that has this code, else this barcode; None where there is none."""
    found = SKU.objects.filter(code=code).first() if code else None
    if found is None and barcode:
        row = Barcode.objects.filter(code=barcode, pack_quantity=1).select_related("sku").first()
        found = row.sku if row else None
    return found


def match_lines(row: ChannelOrder, order: Order) -> bool:
    """Give a placed order's lines of unknown items their SKUs; whether all items are known now."""
    unknown = order.lines.filter(sku__code=UNKNOWN_ITEM)
    links = {link.line_id: link for link in row.lines.filter(line__in=unknown)}
    listings = (
        {
            listing.external_id: listing
            for listing in Listing.objects.filter(
                channel=row.channel, sku__isnull=False
            ).select_related("sku")
        }
        if links
        else {}
    )
    variants = variants_of(row)
    for line in unknown:
        link = links.get(line.pk)
        listing = listings.get(variants.get(link.external_id, "")) if link else None
        if link is None or listing is None or listing.sku is None:
            continue
        line.quantity, link.factor = link.quantity * listing.factor, listing.factor
        line.sku = listing.sku
        amount = line.gross if order.prices_include_tax else line.net
        line.unit_price = round(amount / line.quantity, as_sold.PRICE_PLACES)
        line.save(update_fields=["sku", "quantity", "unit_price"])
        link.save(update_fields=["factor"])
    Order.objects.filter(pk=order.pk).update(units=sum(line.quantity for line in order.lines.all()))
    return not order.lines.filter(sku__code=UNKNOWN_ITEM).exists()


def variants_of(row: ChannelOrder) -> dict[str, str]:
    """The listing's id of each line of a channel's order, by the line's id."""
    return {link.external_id: link.variant for link in row.lines.all()}


def address(there: Mapping[str, str]) -> dict[str, str]:
    """An address with the keys of ours; a country in a spelling that we know."""
    known = {name: str(there[name]).strip() for name in ADDRESS if there.get(name)}
    if not known.get("name") and known.get("company"):
        known["name"] = known["company"]
    if known.get("country"):
        try:
            known["country"] = codes.country(known["country"])
        except (ValueError, Refused):
            known.pop("country")
    return known


def customer(account: ChannelAccount, currency: str) -> Customer:
    """Under whom orders of a channel are entered: its customer for guests, one for each currency."""
    guest = account.guest
    if guest is not None and guest.currency == currency:
        return guest
    code = f"{account.channel.code}-{currency}"[:20]
    found, _made = Customer.objects.get_or_create(
        code=code,
        defaults={
            "name": _("Buyers of %(channel)s (%(currency)s)")
            % {"channel": account.channel.name, "currency": currency},
            "currency": currency,
            "company": account.channel.company,
        },
    )
    return found


def mapping_of(account: ChannelAccount) -> dict[str, Stage]:
    """What each state of a channel means: as its provider says, and as the company maps it."""
    known = dict(accounts.provider_of(account).stages())
    return known | {name: Stage(value) for name, value in account.stages.items() if value in STAGES}
