"""Records in and out as spreadsheets: mapped, checked, taken in, mended, and exported to be imported unchanged."""

import csv
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils.http import urlencode

from inventory.models import SKU, Barcode, BinStock
from inventory.purchasing.models import SupplierItem
from oms.core.models import Job, SavedView, StoredDocument, User
from oms.files import reading
from orders.accounting.models import Payment
from orders.channels.models import Listing
from orders.models import Address, Customer, Order, Price
from tests import builders as make
from tests.benchmarks import imports
from tests.web.sheets import PAGES, faults, table

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(worked):
    """exported(client, slug) is the bytes of a sheet, or of Current list."""

    def export(client, page, slug="", kind="csv", **query):
        with worked():
            client.post(
                reverse(f"admin:{page}_export"),
                {"sheet": slug, "format": kind, "query": urlencode(query)},
            )
        job = Job.objects.latest("pk")
        assert job.finished_at and not job.error, job.error
        return client.get(reverse("admin:core_job_file", args=[job.pk])).getvalue()

    return export


def test_records_are_added_and_changed_and_unchanged_ones_are_left_alone(log_in, take):
    make.sku("TEE-M", weight_g=200)
    make.sku("MUG")

    job = take(
        log_in("buyer"),
        "skus",
        table(
            ["Code", "Name", "Weight"],
            ["TEE-M", "Shirt", 210],
            ["MUG", "Mug", 200],
            ["HAT", "Hat", 50],
        ),
        weight_g="Weight",
    )

    assert job.details["counts"] == {"new": 1, "changed": 1, "unchanged": 1}
    assert (job.done, job.failed, job.total) == (3, 0, 3)
    assert list(SKU.objects.values_list("code", "name", "weight_g")) == [
        ("HAT", "Hat", 50),
        ("MUG", "Mug", 200),
        ("TEE-M", "Shirt", 210),
    ]


def test_a_check_says_what_would_change_and_changes_nothing(log_in, take, worked):
    make.sku("TEE-M")
    client = log_in("buyer")

    job = take(
        client, "skus", table(["code", "name"], ["TEE-M", "Shirt"], ["HAT", "Hat"]), press="check"
    )
    text = client.get(reverse("admin:core_job_change", args=[job.pk])).content.decode()

    assert (
        "name: Tee-M → Shirt" in text
        and "1 new, 1 changed, 0 unchanged" in text
        and "no changes were made" in text
    )
    assert list(SKU.objects.values_list("name", flat=True)) == ["Tee-M"]
    with worked():
        client.post(reverse("admin:core_job_apply", args=[job.pk]))
    assert SKU.objects.filter(name__in=["Shirt", "Hat"]).count() == 2


def test_each_fault_names_its_row_and_column_and_the_rest_is_taken_in(log_in, take):
    client = log_in("buyer")
    rows = [
        ["A", "first", 1, "none", "no"],
        ["", "no code", 1, "none", "no"],
        ["B", "x" * 201, 1, "none", "no"],
        ["C", "not a number", "heavy", "none", "no"],
        ["D", "half a gram", "1.5", "none", "no"],
        ["E", "tracked kit", 1, "lot", "yes"],
        ["F", "odd", 1, "sometimes", "perhaps"],
        ["A", "again", 1, "none", "no"],
        ["Z", "last", 1, "none", "no"],
    ]

    job = take(client, "skus", table(["code", "name", "weight_g", "tracking", "is_kit"], *rows))

    assert [fault[:2] for fault in faults(job)] == [
        ("3", "code"),
        ("4", "name"),
        ("5", "weight_g"),
        ("6", "weight_g"),
        ("7", ""),
        ("8", "tracking"),
        ("8", "is_kit"),
        ("9", "code"),
    ]
    assert "Not saved. The rule is: kit is not tracked." in faults(job)[4][2]
    assert "Duplicate of row 2." in faults(job)[-1][2]
    assert (job.done, job.failed) == (2, 7)
    assert list(SKU.objects.values_list("code", flat=True)) == ["A", "Z"]


def test_the_rows_that_failed_come_as_a_file_and_import_once_they_are_mended(log_in, take):
    client = log_in("buyer")
    job = take(
        client, "skus", table(["code", "name", "weight_g"], ["A", "good", 1], ["B", "bad", "much"])
    )

    answer = client.get(reverse("admin:core_job_faults", args=[job.pk]))
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert lines == [
        ["row", "wrong column", "error", "code", "name", "weight_g"],
        [
            "3",
            "weight_g",
            "weight_g: “much” isn't a number. Use the format 1234.56.",
            "B",
            "bad",
            "much",
        ],
    ]

    lines[1][-1] = "12"
    again = take(client, "skus", table(lines[0], [cell.replace(",", " ") for cell in lines[1]]))
    assert (again.done, again.failed, SKU.objects.get(code="B").weight_g) == (1, 0, 12)


def test_all_rows_come_as_a_file_with_what_became_of_each(log_in, take, worked):
    client = log_in("buyer")
    make.sku("A", weight_g=1)
    make.sku("B", weight_g=1)
    content = table(
        ["code", "name", "weight_g", "origin"],
        ["A", "A", 1, ""],
        ["B", "B", 2, ""],
        ["C", "C", 3, "UK"],
        ["D", "D", "heavy", ""],
    )

    for press in ("check", "import"):
        job = take(client, "skus", content, press=press)
        answer = client.get(reverse("admin:core_job_rows", args=[job.pk]))
        told = answer.getvalue()
        heading, *lines = csv.reader(io.StringIO(told.decode("utf-8-sig")))

        assert heading == ["row", "outcome", "details", "code", "name", "weight_g", "origin"]
        assert [line[:4] for line in lines] == [
            ["2", "unchanged", "", "A"],
            ["3", "changed", "weight_g: 1 → 2", "B"],
            ["4", "new", "origin: UK corrected to GB", "C"],
            ["5", "failed", "weight_g: “heavy” isn't a number. Use the format 1234.56.", "D"],
        ]
    assert (
        b"All rows with their outcome"
        in client.get(reverse("admin:core_job_change", args=[job.pk])).content
    )
    assert take(client, "skus", told).details["counts"] == {"new": 0, "changed": 0, "unchanged": 3}


def test_failed_rows_are_tried_again_once_what_they_lacked_is_there(log_in, take, worked):
    client = log_in("buyer")
    make.sku("A")
    job = take(client, "barcodes", table(["code", "sku"], ["111", "A"], ["222", "B"]))
    assert faults(job) == [("3", "sku", "SKU “B” not found.")]

    make.sku("B")
    with worked():
        client.post(reverse("admin:core_job_again", args=[job.pk]))

    job.refresh_from_db()
    assert (job.done, job.failed, Barcode.objects.get(code="222").sku.code) == (2, 0, "B")


@pytest.fixture
def everything():
    """A record of each kind, with what is easily lost on the way."""
    item = make.sku("=TEE", name="+1 'quoted', ä", hs_code="0042", weight_g=5)
    Barcode.objects.create(sku=item, code="0500", pack_name="box", pack_quantity=6)
    SupplierItem.objects.create(supplier=make.supplier(), sku=item, cost=Decimal("1.2345"))
    make.put(item, "LON", 7, cost="3.3333")
    customer = make.customer("-C", name="@Shop")
    Price.objects.create(sku=item, price_list=make.price_list(), unit_price=Decimal("9.9"))
    Price.objects.create(sku=item, customer=customer, unit_price=Decimal("8.7654"), minimum=10)
    make.order(lines=[("=TEE", 2), ("=TEE", 1, "5.5")], customer_code="-C", external_id="WEB-1")
    make.transfer("7.50", "0042", "-C")
    Listing.objects.create(channel=make.channel(), external_id="V-1", sku=item, factor=6)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("slug", PAGES)
def test_what_is_exported_imports_again_unchanged(log_in, take, exported, everything, slug, kind):
    client = log_in("root")
    content = exported(client, PAGES[slug], slug, kind)
    rows = list(reading.read(io.BytesIO(content), f"x.{kind}"))
    assert len(rows) > 1

    job = take(client, slug, content, f"x.{kind}")

    assert faults(job) == []
    assert job.details["counts"] == {"new": 0, "changed": 0, "unchanged": len(rows) - 1}


@pytest.mark.parametrize("slug", PAGES)
def test_what_is_exported_imports_into_an_empty_house(log_in, take, exported, everything, slug):
    client = log_in("root")
    content = exported(client, PAGES[slug], slug)
    for model in {
        "orders": [Order],
        "prices": [Price],
        "opening-stock": [],
        "addresses": [Address],
        "customers": [],
        "skus": [],
        "barcodes": [Barcode],
        "suppliers": [],
        "supplier-items": [SupplierItem],
        "payments": [Payment],
        "listings": [Listing],
    }[slug]:
        model.objects.all().delete()

    job = take(client, slug, content)

    assert faults(job) == []
    if slug != "orders":
        assert sorted(exported(client, PAGES[slug], slug).splitlines()) == sorted(
            content.splitlines()
        )
    if slug == "orders":
        order = Order.objects.get()
        assert (order.external_id, order.status, order.units, str(order.net)) == (
            "WEB-1",
            "placed",
            3,
            "25.300",
        )


def test_orders_come_in_through_intake_each_whole_or_not_at_all(log_in, take, verified):
    make.taxes()
    make.channel()
    make.customer()
    make.priced("TEE")
    heading = ["order", "channel", "customer", "sku", "quantity", "unit_price"]

    job = take(
        log_in("manager"),
        "orders",
        table(
            heading,
            ["W-1", "reps", "C-1", "TEE", 2, ""],
            ["W-1", "reps", "C-1", "TEE", 1, "7.50"],
            ["W-2", "reps", "C-1", "TEE", 1, ""],
            ["W-2", "reps", "C-1", "NONE", 1, ""],
            ["W-3", "reps", "C-1", "TEE", 0, ""],
            ["W-1", "reps", "C-1", "TEE", 9, ""],
        ),
    )

    assert list(Order.objects.values_list("external_id", "status", "net")) == [
        ("W-1", "placed", Decimal("117.5"))
    ]
    assert [fault[:2] for fault in faults(job)] == [("5", "sku"), ("4", ""), ("6", "quantity")]
    assert faults(job)[2][2] == "0 is less than 1."


def test_an_order_sheet_says_what_ships_complete(log_in, take, exported, verified):
    make.taxes()
    make.channel()
    make.customer(ship_complete=True)
    make.priced("TEE")
    heading = ["order", "channel", "customer", "sku", "quantity", "ship_complete"]

    client = log_in("manager")
    job = take(
        client,
        "orders",
        table(
            heading,
            ["W-1", "reps", "C-1", "TEE", 2, "yes"],
            ["W-2", "reps", "C-1", "TEE", 1, "no"],
            ["W-3", "reps", "C-1", "TEE", 1, ""],
            ["W-4", "reps", "C-1", "TEE", 1, "maybe"],
        ),
    )

    assert list(Order.objects.order_by("external_id").values_list("ship_complete", flat=True)) == [
        True,
        False,
        None,
    ]
    assert faults(job) == [("5", "ship_complete", "Enter yes or no, not “maybe”.")]
    rows = csv.DictReader(
        io.StringIO(exported(client, PAGES["orders"], "orders").decode("utf-8-sig"))
    )
    assert {row["order"]: row["ship_complete"] for row in rows} == {
        "W-1": "yes",
        "W-2": "no",
        "W-3": "",
    }


def test_opening_stock_is_booked_in_the_ledger_and_never_over_what_lies_there(
    log_in, take, verified
):
    place = make.warehouse()
    make.storage(place, "A-01")
    make.sku("TEE")
    make.sku("LOTS", tracking="lot")
    make.put(make.sku("MUG"), "LON", 4, code="B-01")
    heading = ["warehouse", "bin", "sku", "lot", "quantity", "unit_cost"]

    job = take(
        log_in("manager"),
        "opening-stock",
        table(
            heading,
            ["LON", "A-01", "TEE", "", 5, "2.5"],
            ["LON", "A-01", "LOTS", "L1", 3, 1],
            ["LON", "B-01", "MUG", "", 4, 1],
            ["LON", "B-01", "TEE", "", -1, 1],
            ["LON", "C-01", "TEE", "", 1, 1],
            ["LON", "B-01", "MUG", "X", 9, 1],
            ["LON", "A-01", "MUG", "", 1, 1],
        ),
    )

    assert job.details["counts"] == {"new": 3, "changed": 0, "unchanged": 1}
    assert [message for _, _, message in faults(job)] == [
        "-1 is less than 1.",
        "Bin “C-01” doesn't exist in LON. Create it first.",
        "MUG isn't lot-tracked. Remove lot X.",
    ]
    assert sorted(
        BinStock.objects.filter(on_hand__gt=0).values_list("sku__code", "bin__code", "on_hand")
    ) == [("LOTS", "A-01", 3), ("MUG", "A-01", 1), ("MUG", "B-01", 4), ("TEE", "A-01", 5)]


def test_an_import_goes_on_where_it_was_stopped(log_in, take, worked, monkeypatch):
    from oms.files import runs

    monkeypatch.setattr(runs, "BATCH", 2)
    noted, calls = runs._note, []

    def dies(job, batch, outcome):
        calls.append(len(batch))
        if len(calls) == 2:
            raise MemoryError("killed")
        noted(job, batch, outcome)

    monkeypatch.setattr(runs, "_note", dies)
    client = log_in("buyer")
    job = take(client, "skus", table(["code", "name"], *([f"S{n}", "x"] for n in range(5))))
    assert (job.done, SKU.objects.count(), job.error) == (2, 2, "MemoryError: killed")

    with worked():
        client.post(reverse("admin:core_job_again", args=[job.pk]))

    job.refresh_from_db()
    assert (job.done, SKU.objects.count(), job.error) == (5, 5, "")


def test_a_list_is_exported_as_it_is_shown_and_narrowed(log_in, exported):
    make.sku("TEE-M", tracking="lot")
    make.sku("MUG")

    heading, *rows = csv.reader(
        io.StringIO(exported(log_in("rep"), "inventory_sku", q="TEE").decode("utf-8-sig"))
    )

    assert heading == ["Code", "Name", "Category", "Base unit", "Tracking", "Kit", "Sellable"]
    assert rows == [["TEE-M", "Tee-M", "", "piece", "lot", "no", "yes"]]


def test_nobody_exports_or_imports_past_their_role(log_in, exported):
    make.sku("TEE-M", stock={"LON": 3}, cost="777.7777")
    make.warehouse().staff.add(make.user("picker", "picker"))
    picker = log_in("picker")

    assert b"777.7777" not in exported(picker, "inventory_stock")
    picker.post(
        reverse("admin:inventory_binstock_export"),
        {"sheet": "opening-stock", "format": "csv", "query": ""},
    )
    assert not Job.objects.filter(details__sheet="opening-stock").exists()
    assert picker.get(reverse("admin:inventory_sku_import", args=["skus"])).status_code == 302
    assert picker.post(reverse("admin:orders_order_export"), {"format": "csv"}).status_code == 302
    assert not Job.objects.filter(details__page="orders.Order").exists()


def test_a_rep_exports_and_imports_only_what_is_theirs(log_in, exported, take):
    mine, theirs = make.customer("MINE"), make.customer("THEIRS")
    mine.rep = make.user("rep", "rep")
    mine.save()
    rep = log_in("rep")

    assert b"THEIRS" not in exported(rep, "orders_customer", "addresses")
    job = take(
        rep,
        "addresses",
        table(
            ["customer", "name", "street", "postal_code", "country"],
            ["MINE", "New", "1 Lane", "N1", "GB"],
            ["THEIRS", "New", "1 Lane", "N1", "GB"],
        ),
    )

    assert faults(job) == [("3", "customer", "customer “THEIRS” not found.")]
    assert (mine.addresses.count(), theirs.addresses.count()) == (2, 1)
    assert Customer.objects.count() == 2


def test_a_file_that_is_no_table_is_refused_before_it_is_kept(log_in):
    client = log_in("buyer")

    for name, content, said in (
        ("x.pdf", b"%PDF", "isn&#x27;t a .csv or .xlsx file"),
        ("x.csv", b"", "no heading"),
    ):
        answer = client.post(
            reverse("admin:inventory_sku_import", args=["skus"]),
            {"file": SimpleUploadedFile(name, content)},
        )
        assert said in answer.content.decode() or "empty" in answer.content.decode()
    assert StoredDocument.objects.count() == 0


def test_views_are_saved_for_oneself_or_a_team(log_in):
    make.sku("TEE-M")
    client = log_in("buyer")
    listed = reverse("admin:inventory_sku_changelist")

    client.post(
        reverse("admin:keep_view"),
        {"page": "inventory_sku", "name": "Kits", "query": "is_kit__exact=1&p=abc"},
    )
    client.post(
        reverse("admin:keep_view"),
        {
            "page": "inventory_sku",
            "name": "By lot",
            "query": "tracking__exact=lot",
            "team": "buyer",
        },
    )
    client.post(
        reverse("admin:keep_view"), {"page": "inventory_sku", "name": "Not mine", "team": "manager"}
    )

    text = client.get(listed).content.decode()
    assert 'href="?is_kit__exact=1">Kits' in text and "By lot" in text and "Not mine" not in text
    other = make.user("other", "buyer")
    User.objects.filter(pk=other.pk).update(is_staff=True)
    client.force_login(other)
    text = client.get(listed).content.decode()
    assert "By lot" in text and ">Kits<" not in text
    client.post(reverse("admin:forget_view", args=[SavedView.objects.get(name="By lot").pk]))
    assert SavedView.objects.count() == 2


def test_a_large_file_names_its_bad_rows_and_takes_them_once_mended(db):
    """37 bad rows of 4,000 here; `python -m tests.benchmarks.imports` does it with 100,000."""
    imports.prove(4000, make.user("buyer", "buyer"), say=lambda text: None)


def test_a_sheet_does_not_change_what_booked_stock_means(take, log_in):
    make.sku("TEE-M", stock={"LON": 3})
    Barcode.objects.create(sku=make.sku("MUG"), code="501")

    job = take(
        log_in("manager"),
        "skus",
        table(
            ["code", "name", "tracking"],
            ["TEE-M", "Tee", "serial"],
            ["501", "new", "none"],
            ["MUG", "Mug", "lot"],
        ),
    )

    assert faults(job) == [
        ("2", "tracking", "You can't change “tracking” of TEE-M: 3 in stock (LON A-01)."),
        ("3", "code", "This is the barcode of another SKU; a scanner couldn't tell them apart."),
    ]
    assert dict(SKU.objects.values_list("code", "tracking")) == {"TEE-M": "none", "MUG": "lot"}
    job = take(log_in("manager"), "barcodes", table(["code", "sku"], ["TEE-M", "MUG"]))
    assert [column for _, column, _ in faults(job)] == ["code"]


@pytest.fixture
def strict_database():
    """Rules that only the database knows: a check, a number that grows too large, a record that isn't there."""
    with connection.cursor() as cursor:
        cursor.execute("""
            ALTER TABLE inventory_sku ADD CONSTRAINT name_is_lucky CHECK (name <> 'thirteen');
            ALTER TABLE inventory_sku ADD CONSTRAINT box_is_light CHECK (weight_g * 1000000 >= 0);
            ALTER TABLE orders_order ADD CONSTRAINT note_is_lucky CHECK (note <> 'thirteen');
            CREATE FUNCTION lose_category() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN NEW.category_id = 987654; RETURN NEW; END $$;
            CREATE TRIGGER lose_category BEFORE INSERT OR UPDATE ON inventory_sku FOR EACH ROW
                WHEN (NEW.name = 'lost') EXECUTE FUNCTION lose_category()""")


@pytest.mark.parametrize("press", ["check", "import"])
def test_what_only_the_database_refuses_is_that_rows_error(strict_database, log_in, take, press):
    make.sku("B")
    rows = [["A", "a", 1], ["B", "thirteen", 1], ["C", "c", 9999], ["D", "lost", 1], ["E", "e", 1]]

    job = take(log_in("buyer"), "skus", table(["code", "name", "weight_g"], *rows), press=press)

    assert [fault[0] for fault in faults(job)] == ["3", "4", "5"] and job.error == ""
    told = [message for _row, _column, message in faults(job)]
    assert (
        told[0] == "Not saved. The rule is: name is lucky."
        and "larger than can be stored" in told[1]
    )
    assert "the database doesn't accept these values" in told[2]
    assert (job.details["counts"]["new"], job.done, job.failed) == (2, 2, 3)
    names = ["b"] if press == "check" else ["a", "b", "e"]
    assert sorted(SKU.objects.values_list("name", flat=True), key=str.lower) == [
        "B" if name == "b" else name for name in names
    ]


def test_an_order_that_only_the_database_refuses_leaves_the_others(
    strict_database, log_in, take, verified
):
    make.taxes()
    make.channel()
    make.customer()
    make.priced("TEE")

    job = take(
        log_in("manager"),
        "orders",
        table(
            ["order", "channel", "customer", "sku", "quantity", "note"],
            ["W-1", "reps", "C-1", "TEE", 1, "one"],
            ["W-2", "reps", "C-1", "TEE", 1, "thirteen"],
            ["W-3", "reps", "C-1", "TEE", 1, "three"],
        ),
    )

    assert faults(job) == [("3", "", "Not saved. The rule is: note is lucky.")]
    assert sorted(Order.objects.values_list("external_id", flat=True)) == ["W-1", "W-3"]


def test_a_rule_over_several_records_is_told_in_words(log_in, take):
    SupplierItem.objects.create(
        supplier=make.supplier(), sku=make.sku("A"), cost=1, is_preferred=True
    )
    make.supplier("loom")

    job = take(
        log_in("buyer"),
        "supplier-items",
        table(["supplier", "sku", "cost", "is_preferred"], ["loom", "A", 1, "yes"]),
    )

    assert [message for _row, _column, message in faults(job)] == [
        "Not saved. The rule is: one preferred supplier."
    ]
