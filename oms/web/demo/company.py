"""The demo's company: people, warehouses with bins, catalogue, prices, taxes, carriers."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import Group

from fulfillment.models import CarrierAccount, CarrierService, Carton, Rate
from inventory import catalog
from inventory.models import SKU, Barcode, Bin, Category, PostalCode, ReorderRule, Supplier, SupplierItem, Warehouse
from oms.core.models import Company, User
from orders.connectors.channels.online_retail.mapping import COUNTRIES, Kind, Row
from orders.models import Address, Channel, Customer, Price, PriceList, TaxRate
from returns.models import ReturnPolicy

COMPANY = "demo"
ROLES = ("rep", "picker", "packer", "buyer", "accountant", "manager")
LOG_INS = {role: f"{role}-demo" for role in (*ROLES, "admin")}
WAREHOUSES = (
    ("LON", "London", "N1 9GU", "GB", 51.53, -0.11, 10), ("LEE", "Leeds", "LS1 4AP", "GB", 53.80, -1.55, 20),
    ("RTM", "Rotterdam", "3011", "NL", 51.92, 4.48, 30),
)
AISLES, BAYS, LEVELS = 10, 15, 2
CENTRES = {"GB": (54.0, -2.5), "DE": (51.2, 10.4), "FR": (46.6, 2.4), "IE": (53.2, -8.1), "ES": (40.2, -3.6),
           "NL": (52.2, 5.3), "BE": (50.6, 4.6), "CH": (46.8, 8.2), "PT": (39.6, -8.0), "NO": (61.0, 9.0),
           "IT": (42.8, 12.5), "FI": (62.5, 26.0), "SE": (60.1, 15.0), "AT": (47.6, 14.1), "DK": (56.0, 10.0)}


def number_from(text: str, low: int, high: int) -> int:
    """A number between low and high that is always the same for a text: sizes and weights that the data lacks."""
    return low + int(hashlib.sha256(text.encode()).hexdigest(), 16) % (high - low + 1)


def build(rows: Iterable[Row]) -> Company:
    """Everything that stands before the first order."""
    company = Company.objects.create(
        code=COMPANY, name="Regency Gifts Ltd", street="4 Canal Walk", postal_code="N1 9GU",
        city="London", country="GB",
        vat_number="GB123456782", email="office@example.com", currency="GBP", time_zone="Europe/London",
        registration="01234567", phone="+44 20 7946 0000", iban="GB33BUKB20201555555555", bic="BUKBGB22XXX",
        endpoint="GB123456782", endpoint_scheme="9932", gs1_prefix="5012345", color="#14597f",
        terms_text="Goods remain our property until they are paid in full.")
    people = _people()
    for facts in WAREHOUSES:
        _warehouse(company, people, *facts)
    _rates(company)
    _catalogue([row for row in rows if row.kind == Kind.GOODS])
    return company


def _people() -> dict[str, User]:
    people = {}
    for name, password in LOG_INS.items():
        person = User(username=name, email=f"{name}@example.com", is_staff=True, is_superuser=name == "admin")
        person.set_password(password)
        person.save()
        person.groups.set(Group.objects.filter(name=name))
        people[name] = person
    return people


def _warehouse(
    company: Company, people: dict[str, User], code: str, city: str, postal_code: str, country: str, latitude: float,
    longitude: float, priority: int,
) -> None:
    place = Warehouse.objects.create(
        code=code, name=f"{city} warehouse", company=company, city=city, postal_code=postal_code, country=country,
        latitude=latitude, longitude=longitude, priority=priority, time_zone="Europe/London")
    place.staff.set([people["picker"], people["packer"]])
    for kind in (Bin.Kind.RECEIVING, Bin.Kind.STAGING, Bin.Kind.RETURNS, Bin.Kind.DAMAGED, Bin.Kind.MISSING):
        catalog.place(place, kind)
    Bin.objects.bulk_create(
        Bin(warehouse=place, code=f"{chr(65 + aisle)}-{bay:02d}-{level}", aisle=chr(65 + aisle), bay=bay, level=level,
            x_cm=aisle * 300, y_cm=bay * 110)
        for aisle in range(AISLES) for bay in range(1, BAYS + 1) for level in range(1, LEVELS + 1))


def _rates(company: Company) -> None:
    """Taxes, carriers and cartons."""
    TaxRate.objects.create(country="GB", percent=20)
    PostalCode.objects.bulk_create(PostalCode(country=code, latitude=lat, longitude=lon)
                                   for code, (lat, lon) in CENTRES.items())
    account = CarrierAccount.objects.create(code="post", name="Royal Parcel", company=company)
    for code, days, factor in (("standard", 3, 1), ("express", 1, 3)):
        service = CarrierService.objects.create(account=account, code=code, name=code.capitalize(), days=days)
        Rate.objects.bulk_create(
            Rate(service=service, country=country, up_to_g=up_to,
                 price=Decimal(price * factor * (1 if country == "GB" else 3)))
            for country in sorted(set(COUNTRIES.values())) for up_to, price in ((2_000, 4), (10_000, 7), (30_000, 12)))
    Carton.objects.bulk_create([
        Carton(code="S", length_mm=300, width_mm=200, height_mm=150, weight_g=150, max_weight_g=10_000),
        Carton(code="M", length_mm=450, width_mm=350, height_mm=250, weight_g=350, max_weight_g=20_000),
        Carton(code="L", length_mm=600, width_mm=450, height_mm=400, weight_g=700, max_weight_g=29_000)])
    ReturnPolicy.objects.create(window_days=30)


def _catalogue(goods: list[Row]) -> None:
    """SKUs with barcodes, prices, a supplier and reorder rules, from what the orders name."""
    latest = {row.code: row for row in goods if row.unit_price > 0}
    category = Category.objects.create(name="Gifts")
    SKU.objects.bulk_create(
        SKU(code=code, name=row.text or code, category=category, weight_g=number_from(code, 20, 120),
            length_mm=number_from(code + "l", 60, 240), width_mm=number_from(code + "w", 40, 160),
            height_mm=number_from(code + "h", 20, 90), origin="GB")
        for code, row in latest.items())
    skus = {sku.code: sku for sku in SKU.objects.all()}
    prices = PriceList.objects.create(name="Trade", currency="GBP")
    Price.objects.bulk_create(Price(price_list=prices, sku=skus[code], unit_price=row.unit_price)
                              for code, row in latest.items())
    Barcode.objects.bulk_create(Barcode(sku=sku, code=f"50{number_from(code, 10**10, 10**11 - 1)}")
                                for code, sku in skus.items())
    supplier = Supplier.objects.create(code="mill-lane", name="Mill Lane Ceramics", currency="GBP")
    SupplierItem.objects.bulk_create(
        SupplierItem(supplier=supplier, sku=skus[code], cost=round(row.unit_price / 2, 4), pack=6, minimum=12)
        for code, row in latest.items())
    london = Warehouse.objects.get(code="LON")
    ReorderRule.objects.bulk_create(ReorderRule(sku=sku, warehouse=london, point=8, target=48) for sku in skus.values())


def channels(company: Company) -> tuple[Channel, Channel]:
    """Our own site, where the past comes from, and the reps' channel, which may backorder."""
    prices = PriceList.objects.get(name="Trade")
    site = Channel.objects.create(code="online-retail", name="Own site", kind=Channel.Kind.OWN_SITE, company=company,
                                  price_list=prices)
    reps = Channel.objects.create(code="reps", name="Sales reps", company=company, price_list=prices,
                                  may_backorder=True)
    return site, reps


def customer(row: Row) -> Customer:
    """The customer of a row, with an address; every other one belongs to the rep."""
    known, made = Customer.objects.get_or_create(
        code=row.customer, defaults={"name": f"Shop {row.customer}", "currency": "GBP",
                                     "email": f"shop{row.customer}@example.com"})
    if made or not known.addresses.exists():
        Customer.objects.filter(pk=known.pk).update(
            name=f"Shop {row.customer}", email=f"shop{row.customer}@example.com",
            rep=User.objects.get(username="rep") if int(row.customer) % 2 else None)
        Address.objects.create(customer=known, name=f"Shop {row.customer}", country=row.country, city="Market Town",
                               street=f"{number_from(row.customer, 1, 99)} High Street",
                               postal_code=f"M{number_from(row.customer, 1, 9)} {number_from(row.customer, 1, 9)}AB")
        known.refresh_from_db()
    return known
