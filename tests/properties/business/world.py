"""The little world in which sequences run: two companies, warehouses, a third party, parts, kits, lots and serials."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal as D

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition

from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from inventory import receiving
from inventory.models import SKU, Lot, Reservation, Stock, Warehouse
from inventory.receiving import Opening
from oms.core import outbox
from oms.core.errors import DomainError
from orders import lifecycle, order_entry
from orders.accounting import payments
from orders.accounting.models import Invoice
from orders.models import TaxRate
from tests import builders as make
from tests.builders.orders import line
from tests.builders.stock import storage

PLACES = ("LON", "MAN", "GLA")  # our own
PARTNER = "TPL"
ANYWHERE = (*PLACES, PARTNER)
SIMPLE = ("A", "B")
PARTS = {
    "A": {"A": 1},
    "B": {"B": 1},
    "L": {"L": 1},
    "S": {"S": 1},
    "KIT": {"A": 2, "B": 1},
    "MIX": {"B": 1, "L": 2},
}
ORDERED = tuple(PARTS)
STOCKED = ("A", "B", "L", "S")
few, which = st.integers(1, 4), st.integers(0, 99)

COUNTS = " UNION ALL ".join(
    f"SELECT '{name}' || '.' || status, count(*) FROM {table} GROUP BY 1"
    for name, table in (
        ("order", "orders_order"),
        ("shipment", "fulfillment_shipment"),
        ("wave", "fulfillment_wave"),
        ("transfer", "inventory_transfer"),
        ("count", "inventory_count"),
        ("return", "returns_returnrequest"),
        ("purchase", "inventory_purchaseorder"),
        ("invoice", "orders_invoice"),
        ("payment", "orders_payment"),
        ("reservation", "(SELECT state AS status FROM inventory_reservation) r"),
    )
)


def there_is(*kinds):
    """The rule makes sense while there is a document in one of these states ("shipment.open")."""
    return precondition(lambda self: any(self.facts[kind] for kind in kinds))


class World(RuleBasedStateMachine):
    """What is there before the first step, and what steps have in common."""

    def __init__(self):
        super().__init__()
        self.sequence = transaction.atomic()
        self.sequence.__enter__()
        self._facts = None
        self.in_house = Counter()
        for row in Stock.objects.select_related("sku"):
            self.in_house[row.sku.code] += row.on_hand

    @property
    def facts(self):
        """How many documents there are in each state, read once a step."""
        if self._facts is None:
            with connection.cursor() as cursor:
                cursor.execute(COUNTS)
                self._facts = Counter(dict(cursor.fetchall()))
        return self._facts

    def check_invariants(self, *arguments):
        self._facts = None
        super().check_invariants(*arguments)

    def pick_from(self, rows, index):
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return rows.model._base_manager.get(pk=keys[index % len(keys)]) if keys else None

    def attempt(self, operation, *arguments, **options):
        """Do it; a refusal is an answer like any other, and must leave nothing half done by itself."""
        try:
            return operation(*arguments, **options)
        except DomainError:
            return None

    def come(self, code, place, quantity, *, life=None):
        """Goods come in as opening stock: lots by their number, serials one by one."""
        bring(code, place, quantity, life=life)
        self.in_house[code] += quantity

    def send(self, operation, *arguments, **options):
        """Do what sends goods to customers; what left is in the house no more."""
        before = shipped_goods()
        done = self.attempt(operation, *arguments, **options)
        self.in_house -= shipped_goods() - before
        return done

    def close(self):
        transaction.set_rollback(True)
        self.sequence.__exit__(None, None, None)


def bring(code, place, quantity, *, life=None):
    """Opening stock in a storage bin; lots are known by how long they live, serials by their number."""
    item, target = make.sku(code), storage(make.warehouse(place))
    if item.tracking == SKU.Tracking.SERIAL:
        known = Lot.objects.filter(sku=item).count()
        lots = Lot.objects.bulk_create(
            Lot(sku=item, code=f"S-{known + number}") for number in range(1, quantity + 1)
        )
        receiving.open_stock(
            target.warehouse, [Opening(item, target, 1, D(4), lot) for lot in lots]
        )
        return
    lot = None
    if item.tracking == SKU.Tracking.LOT:
        expires = timezone.now().date() + timedelta(days=life or 200)
        lot = Lot.objects.filter(sku=item, expires_on=expires).first() or Lot.objects.create(
            sku=item, code=f"L-{Lot.objects.count()}", expires_on=expires
        )
    receiving.open_stock(target.warehouse, [Opening(item, target, quantity, D(4), lot)])


def found():
    """Set the world up, once; every sequence begins in it and is rolled back to it."""
    make.taxes()
    for tax_class, percent in (("standard", 19), ("reduced", 7)):
        TaxRate.objects.create(country="DE", tax_class=tax_class, percent=percent)
    make.company(vat_number="GB980780684", other_vat_numbers="NL004495445B01")
    make.company("nord", name="Nord Ltd")
    for place in PLACES:
        make.warehouse(
            place,
            company=make.company("nord" if place == "GLA" else "acme"),
            country="NL" if place == "MAN" else "GB",
        )
        storage(make.warehouse(place), "B-02")
    make.warehouse(PARTNER, kind=Warehouse.Kind.THIRD_PARTY)
    make.sku("L", tracking="lot")
    make.sku("S", tracking="serial")
    for code in SIMPLE:
        for place in ANYWHERE:
            bring(code, place, 4)
    for place in ("LON", "GLA"):
        bring("L", place, 3, life=30)
        bring("L", place, 3)
        bring("S", place, 2)
    for kit in ("KIT", "MIX"):
        make.sku(kit, kit=PARTS[kit])
    for code in ORDERED:
        make.priced(code, "3.33")
    _carriers()
    make.supplier()
    make.channel("waits", allow_backorders=True, reserve_days_ahead=7)
    make.channel("strict", allow_backorders=True, min_life_days=90)
    make.channel("nord", company=make.company("nord"), allow_backorders=True)
    make.customer(vat_number="DE136695976").addresses.update(country="DE", postal_code="10115")
    _first_orders()


def _carriers():
    Rate.objects.create(service=make.service(), country="DE", up_to_g=30_000, price=D("6.50"))
    account = CarrierAccount.objects.create(
        code="north", name="North", company=make.company("nord")
    )
    service = CarrierService.objects.create(account=account, code="std", name="std", days=2)
    for country in ("GB", "DE"):
        Rate.objects.create(service=service, country=country, up_to_g=30_000, price=D("4.50"))


def _first_orders():
    """One order is shipped, one is picked and one waits to be, so that each sequence can go anywhere."""
    made = [
        lifecycle.confirm(
            order_entry.enter(order_entry.Entry(make.channel(), make.customer(), [line(code, 2)]))
        )
        for code in ("A", "KIT", "B", "S", "MIX")
    ]
    outbox.drain()
    make.ship_rest(make.fresh(made[0]))
    make.ship_rest(make.fresh(made[3]))
    make.picked(made[1])
    outbox.drain()
    payments.apply(
        make.transfer("8.00", reference="bank"), Invoice.objects.filter(order=made[0]).get()
    )
    outbox.drain()


def shipped_goods():
    """Base units by SKU code that ever left for customers."""
    goods = Counter()
    for row in Reservation.objects.filter(state="shipped").select_related("sku"):
        goods[row.sku.code] += row.quantity
    return goods
