"""The demo's company: people, warehouses with bins, catalog, prices, taxes, carriers."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import Group

from fulfillment.carriers.models import CarrierAccount, CarrierService, Rate
from fulfillment.models import Carton
from inventory import catalog
from inventory.models import SKU, Barcode, Bin, Category, Warehouse
from inventory.purchasing.models import ReorderRule, Supplier, SupplierItem
from oms.core.models import Company, User
from orders.channels.online_retail.mapping import COUNTRIES, Kind, Row
from orders.models import Address, Channel, Customer, Price, PriceList, TaxRate
from returns.models import ReturnPolicy

COMPANY = "demo"
ROLES = ("rep", "picker", "packer", "buyer", "accountant", "manager")
LOG_INS = {role: f"{role}-demo" for role in (*ROLES, "admin")}
WAREHOUSES = (
    ("LON", "London", "N1 9GU", "GB", 51.53, -0.11, 10),
    ("LEE", "Leeds", "LS1 4AP", "GB", 53.80, -1.55, 20),
    ("RTM", "Rotterdam", "3011", "NL", 51.92, 4.48, 30),
)
# Standard rates. What Rotterdam sends to consumers in the EU is taxed where it goes (one-stop shop).
TAXES = {
    "GB": "20",
    "AT": "20",
    "BE": "21",
    "CY": "19",
    "DE": "19",
    "DK": "25",
    "ES": "21",
    "FI": "25.5",
    "FR": "20",
    "GR": "24",
    "IE": "23",
    "IT": "22",
    "LT": "21",
    "MT": "18",
    "NL": "21",
    "PL": "23",
    "PT": "23",
    "SE": "25",
}
AISLES, BAYS, LEVELS = 10, 15, 2
TOWNS = {
    "GB": (
        ("AB10 1AB", "Aberdeen"),
        ("B1 1BB", "Birmingham"),
        ("BA1 1LZ", "Bath"),
        ("BN1 1JE", "Brighton"),
        ("BS1 4ST", "Bristol"),
        ("CA3 8JH", "Carlisle"),
        ("CB2 1TN", "Cambridge"),
        ("CF10 1EP", "Cardiff"),
        ("CT1 2HG", "Canterbury"),
        ("EH1 1YZ", "Edinburgh"),
        ("EX1 1GE", "Exeter"),
        ("G1 1XQ", "Glasgow"),
        ("HU1 2AA", "Hull"),
        ("L1 8JQ", "Liverpool"),
        ("LS1 5AB", "Leeds"),
        ("M1 1AE", "Manchester"),
        ("N1 9GU", "London"),
        ("NE1 7RU", "Newcastle upon Tyne"),
        ("NR2 1RL", "Norwich"),
        ("OX1 1BX", "Oxford"),
        ("PL1 1EA", "Plymouth"),
        ("S1 2HE", "Sheffield"),
        ("SO14 7DU", "Southampton"),
        ("YO1 7HH", "York"),
    ),
    "AT": (("1010", "Wien"),),
    "AU": (("3000", "Melbourne"),),
    "BE": (("2000", "Antwerpen"),),
    "BH": (("", "Manama"),),
    "CH": (("8001", "Zürich"),),
    "CY": (("1010", "Nicosia"),),
    "DE": (("20095", "Hamburg"), ("80331", "München")),
    "DK": (("1050", "København"),),
    "ES": (("28001", "Madrid"),),
    "FI": (("00100", "Helsinki"),),
    "FR": (("69001", "Lyon"), ("75001", "Paris")),
    "GR": (("105 57", "Athens"),),
    "HK": (("", "Hong Kong"),),
    "IE": (("D02 X285", "Dublin"),),
    "IL": (("61000", "Tel Aviv"),),
    "IS": (("101", "Reykjavík"),),
    "IT": (("20121", "Milano"),),
    "JE": (("JE2 3NQ", "St Helier"),),
    "JP": (("100-0001", "Tokyo"),),
    "LT": (("01103", "Vilnius"),),
    "MT": (("VLT 1117", "Valletta"),),
    "NL": (("1012 AB", "Amsterdam"),),
    "NO": (("0150", "Oslo"),),
    "PL": (("00-001", "Warszawa"),),
    "PT": (("1100-148", "Lisboa"),),
    "SE": (("111 20", "Stockholm"),),
    "SG": (("018956", "Singapore"),),
    "US": (("10001", "New York"),),
}


def number_from(text: str, low: int, high: int) -> int:
    """A number between low and high that is always the same for a text: sizes and weights that the data lacks."""
    return low + int(hashlib.sha256(text.encode()).hexdigest(), 16) % (high - low + 1)


def build(rows: Iterable[Row]) -> Company:
    """Everything that stands before the first order."""
    company = Company.objects.create(
        code=COMPANY,
        name="Regency Gifts Ltd",
        street="4 Canal Walk",
        postal_code="N1 9GU",
        city="London",
        country="GB",
        vat_number="GB123456782",
        other_vat_numbers="NL004495445B01",
        email="office@example.com",
        currency="GBP",
        time_zone="Europe/London",
        registration="01234567",
        phone="+44 20 7946 0000",
        iban="GB33BUKB20201555555555",
        bic="BUKBGB22XXX",
        endpoint="GB123456782",
        endpoint_scheme="9932",
        gs1_prefix="5012345",
        color="#14597f",
        terms_and_conditions="Goods remain our property until they are paid in full.",
    )
    people = _people()
    for facts in WAREHOUSES:
        _warehouse(company, people, *facts)
    _rates(company)
    _catalog([row for row in rows if row.kind == Kind.GOODS])
    return company


def _people() -> dict[str, User]:
    people = {}
    for name, password in LOG_INS.items():
        person = User(
            username=name, email=f"{name}@example.com", is_staff=True, is_superuser=name == "admin"
        )
        person.set_password(password)
        person.save()
        person.groups.set(Group.objects.filter(name=name))
        people[name] = person
    return people


def _warehouse(
    company: Company,
    people: dict[str, User],
    code: str,
    city: str,
    postal_code: str,
    country: str,
    latitude: float,
    longitude: float,
    priority: int,
) -> None:
    place = Warehouse.objects.create(
        code=code,
        name=f"{city} warehouse",
        company=company,
        city=city,
        postal_code=postal_code,
        country=country,
        latitude=latitude,
        longitude=longitude,
        priority=priority,
        time_zone="Europe/London",
    )
    place.staff.set([people["picker"], people["packer"]])
    for kind in (Bin.Kind.RECEIVING, *Bin.CUSTODY, Bin.Kind.DAMAGED, Bin.Kind.MISSING):
        catalog.place(place, kind)
    Bin.objects.bulk_create(
        Bin(
            warehouse=place,
            code=f"{chr(65 + aisle)}-{bay:02d}-{level}",
            aisle=chr(65 + aisle),
            bay=bay,
            level=level,
            x_cm=aisle * 300,
            y_cm=bay * 110,
        )
        for aisle in range(AISLES)
        for bay in range(1, BAYS + 1)
        for level in range(1, LEVELS + 1)
    )


def _rates(company: Company) -> None:
    """Taxes, carriers and cartons."""
    TaxRate.objects.bulk_create(
        TaxRate(country=code, percent=Decimal(percent)) for code, percent in TAXES.items()
    )
    account = CarrierAccount.objects.create(code="post", name="Royal Parcel", company=company)
    for code, days, factor in (("standard", 3, 1), ("express", 1, 3)):
        service = CarrierService.objects.create(
            account=account, code=code, name=code.capitalize(), days=days
        )
        Rate.objects.bulk_create(
            Rate(
                service=service,
                origin_country=origin,
                country=country,
                up_to_g=up_to,
                price=Decimal(price * factor * _zone(origin, country)),
            )
            for origin in ("GB", "NL")
            for country in sorted(set(COUNTRIES.values()))
            for up_to, price in ((2_000, 4), (10_000, 7), (30_000, 12))
        )
    _cartons()
    ReturnPolicy.objects.create(window_days=30)


def _cartons() -> None:
    Carton.objects.bulk_create(
        [
            Carton(
                code="S",
                length_mm=300,
                width_mm=200,
                height_mm=150,
                weight_g=150,
                max_weight_g=10_000,
            ),
            Carton(
                code="M",
                length_mm=450,
                width_mm=350,
                height_mm=250,
                weight_g=350,
                max_weight_g=20_000,
            ),
            Carton(
                code="L",
                length_mm=600,
                width_mm=450,
                height_mm=400,
                weight_g=700,
                max_weight_g=29_000,
            ),
        ]
    )


def _zone(origin: str, country: str) -> int:
    """How many times the price at home a parcel costs."""
    if origin == country:
        return 1
    return 2 if origin == "NL" and country in {"BE", "DE", "FR", "DK", "AT"} else 3


def _catalog(goods: list[Row]) -> None:
    """SKUs with barcodes, prices, a supplier and reorder rules, from what the orders name."""
    latest = {row.code: row for row in goods if row.unit_price > 0}
    category = Category.objects.create(name="Gifts")
    SKU.objects.bulk_create(
        SKU(
            code=code,
            name=row.text or code,
            category=category,
            weight_g=number_from(code, 20, 120),
            length_mm=number_from(code + "l", 60, 240),
            width_mm=number_from(code + "w", 40, 160),
            height_mm=number_from(code + "h", 20, 90),
            origin="GB",
        )
        for code, row in latest.items()
    )
    skus = {sku.code: sku for sku in SKU.objects.all()}
    prices = PriceList.objects.create(name="Trade", currency="GBP")
    Price.objects.bulk_create(
        Price(price_list=prices, sku=skus[code], unit_price=row.unit_price)
        for code, row in latest.items()
    )
    Barcode.objects.bulk_create(
        Barcode(sku=sku, code=f"50{number_from(code, 10**10, 10**11 - 1)}")
        for code, sku in skus.items()
    )
    supplier = Supplier.objects.create(code="mill-lane", name="Mill Lane Ceramics", currency="GBP")
    SupplierItem.objects.bulk_create(
        SupplierItem(
            supplier=supplier, sku=skus[code], cost=round(row.unit_price / 2, 4), pack=6, minimum=12
        )
        for code, row in latest.items()
    )
    london = Warehouse.objects.get(code="LON")
    ReorderRule.objects.bulk_create(
        ReorderRule(sku=sku, warehouse=london, point=8, target=48) for sku in skus.values()
    )


def channels(company: Company) -> tuple[Channel, Channel]:
    """Our own site, where the past comes from, and the reps' channel, which may backorder."""
    prices = PriceList.objects.get(name="Trade")
    site = Channel.objects.create(
        code="online-retail",
        name="Own site",
        kind=Channel.Kind.OWN_SITE,
        company=company,
        price_list=prices,
    )
    reps = Channel.objects.create(
        code="reps", name="Sales reps", company=company, price_list=prices, allow_backorders=True
    )
    return site, reps


def customer(row: Row) -> Customer:
    """The customer of a row, with an address; every other one belongs to the rep."""
    known, made = Customer.objects.get_or_create(
        code=row.customer,
        defaults={
            "name": f"Shop {row.customer}",
            "currency": "GBP",
            "email": f"shop{row.customer}@example.com",
        },
    )
    if made or not known.addresses.exists():
        Customer.objects.filter(pk=known.pk).update(
            name=f"Shop {row.customer}",
            email=f"shop{row.customer}@example.com",
            rep=User.objects.get(username="rep") if int(row.customer) % 2 else None,
        )
        towns = TOWNS.get(row.country, (("", "Market Town"),))
        postal_code, city = towns[number_from(row.customer, 0, len(towns) - 1)]
        Address.objects.create(
            customer=known,
            name=f"Shop {row.customer}",
            country=row.country,
            city=city,
            street=f"{number_from(row.customer, 1, 99)} High Street",
            postal_code=postal_code,
        )
        known.refresh_from_db()
    return known
