"""Companies, and warehouses with stock in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db.models import Sum

from inventory import catalog, receiving, transfers
from inventory.models import SKU, Bin, BinStock, KitComponent, Move, Stock, Warehouse
from inventory.purchasing import purchase_orders as purchasing
from inventory.purchasing.models import Supplier
from inventory.purchasing.purchase_orders import Purchase
from inventory.purchasing.receiving import Received, receive
from inventory.receiving import Opening
from inventory.transfers import Arrived
from oms.core import policy, roles
from oms.core.models import Company, Role, User


def role(name, reach, rights=None, without=()):
    """A role of a company's own with all offered rights, or those of the named kinds, less some."""
    made, _ = Role.objects.get_or_create(name=name, defaults={"reach": reach})
    codes = {
        policy.code(right, model)
        for model, each in policy.offered().items()
        for right in each
        if (rights is None or right in rights) and right not in without
    }
    known = roles.permissions()
    made.permissions.set(known[code] for code in codes)
    return made


_here: ContextVar[str] = ContextVar("company", default="")


@contextmanager
def at_company(code: str) -> Iterator[Company]:
    """Within, whatever is made is a company's own: its warehouses, customers, channels, prices and carriers."""
    token = _here.set(code)
    try:
        yield company(name=f"{code.title()} Ltd")
    finally:
        _here.reset(token)


def own(name: str) -> str:
    """A code of the company at which things are made, that no other company has."""
    return f"{_here.get()}-{name}" if _here.get() else name


def owner() -> Company | None:
    """The company at which things are made; None where nobody said so: what may be shared is."""
    return company() if _here.get() else None


def company(code: str = "", **fields) -> Company:
    code = code or _here.get() or "acme"
    defaults = {
        "name": "Acme Ltd",
        "country": "GB",
        "currency": "GBP",
        "time_zone": "Europe/London",
    }
    return Company.objects.get_or_create(code=code, defaults={**defaults, **fields})[0]


def user(name: str = "mary", *roles: str) -> User:
    person, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})
    for role in roles:
        person.groups.add(Group.objects.get_or_create(name=role)[0])
    return person


def warehouse(code: str = "LON", **fields) -> Warehouse:
    defaults = {
        "name": code,
        "company": company(),
        "country": "GB",
        "latitude": 51.5,
        "longitude": -0.1,
    }
    place, made = Warehouse.objects.get_or_create(code=code, defaults={**defaults, **fields})
    if made:
        for kind in (
            Bin.Kind.RECEIVING,
            Bin.Kind.STAGING,
            Bin.Kind.RETURNS,
            Bin.Kind.DAMAGED,
            Bin.Kind.MISSING,
        ):
            catalog.place(place, kind)
    return place


def storage(place: Warehouse, code: str = "A-01", **fields) -> Bin:
    return Bin.objects.get_or_create(warehouse=place, code=code, defaults=fields)[0]


def sku(
    code: str = "TEE-M",
    *,
    stock: dict[str, int] | None = None,
    kit: dict[str, int] | None = None,
    cost: str = "4",
    **fields,
) -> SKU:
    """A SKU; `stock` puts base units into bin A-01 of warehouses by their codes, `kit` names components."""
    item, _ = SKU.objects.get_or_create(
        code=code, defaults={"name": code.title(), "weight_g": 200, **fields}
    )
    for component, quantity in (kit or {}).items():
        SKU.objects.filter(pk=item.pk).update(is_kit=True)
        item.is_kit = True
        KitComponent.objects.create(kit=item, component=sku(component), quantity=quantity)
    for place, quantity in (stock or {}).items():
        put(item, place, quantity, cost=cost)
    return item


def put(
    item: SKU, place: str, quantity: int, *, code: str = "A-01", lot=None, cost: str = "4"
) -> None:
    target = storage(warehouse(place), code)
    receiving.open_stock(target.warehouse, [Opening(item, target, quantity, Decimal(cost), lot)])


def bin_stock(item: SKU, place: str, code: str = "A-01") -> int:
    rows = BinStock.objects.filter(sku=item, bin__warehouse__code=place, bin__code=code)
    return rows.aggregate(total=Sum("on_hand"))["total"] or 0


def stock_of(item: SKU, place: str = "LON") -> tuple[int, int, int]:
    """On hand, sellable, held."""
    row = Stock.objects.get(sku=item, warehouse__code=place)
    return row.on_hand, row.sellable, row.reserved


def ledger_sum(item: SKU, place: str) -> int:
    moves = Move.objects.filter(sku=item)
    came = moves.filter(target__warehouse__code=place).aggregate(n=Sum("quantity"))["n"] or 0
    went = moves.filter(source__warehouse__code=place).aggregate(n=Sum("quantity"))["n"] or 0
    return came - went


def supplier(code: str = "mill") -> Supplier:
    return Supplier.objects.get_or_create(
        code=code, defaults={"name": "The Mill", "currency": "GBP"}
    )[0]


def sent_purchase(item: SKU, quantity: int, place: str = "LON"):
    order = purchasing.propose(
        supplier(), warehouse(place), [Purchase(item, quantity, Decimal("5"))]
    )
    purchasing.approve(order)
    return purchasing.send(order)


def receive_purchase(item: SKU, quantity: int, place: str = "LON"):
    order = sent_purchase(item, quantity, place)
    return receive(order, [Received(order.lines.get(), quantity)])


def arrived(transfer):
    """A transfer of which everything has arrived."""
    return transfers.receive(
        transfer, [Arrived(line, line.in_transit) for line in transfer.lines.all()]
    )
