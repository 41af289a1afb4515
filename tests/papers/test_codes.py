"""Codes of all kinds: accepted, printed so that a scanner gives back the same, or refused with a name."""

import shutil
import unicodedata
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from fulfillment import waves
from fulfillment.models import PickTask, Shipment, ShippingLabel
from fulfillment.stations import actions, looking_up, worklists
from inventory.models import SKU, Barcode, Bin
from oms.background import jobs
from oms.core import fonts, outbox, stored_files
from oms.core.errors import Refused
from oms.core.models import StoredDocument
from oms.printing import barcodes, printouts, rendering
from tests import builders as make
from tests.papers.boxes import faults
from tests.papers.pictures import codes, pictures

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.papers,
    pytest.mark.skipif(not rendering.can_render(), reason="PDFs need Pango"),
    pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pictures need poppler-utils"),
]
CARRIERS = {
    "UPS": "1Z999AA10123456784",
    "DPD": "%0D7123412345678901234276101",
    "letters and digits": "DE00DPD12AB34CD56EF78GH90IJ1",
    "USPS": "4201234567899205590123456789012345",
}
STRANGE = ["Süd-01", "Regal (2) / Fach 7", "棚-01", "رف-01", "A&B<C>", "100%", "ẞ" * 24, "📦-01"]


def draw(name, record):
    return printouts.print_one(printouts.get(type(record), name), record)


def printed(paper, rows):
    """A job that printed rows, and its PDF."""
    job = printouts.submit(
        paper, [row.pk for row in rows], title="print", by=make.user("root", "manager")
    )
    jobs.work(job.pk)
    stored = StoredDocument.objects.filter(subject_type="job", subject_number=str(job.pk)).first()
    return make.fresh(job), stored_files.read(stored) if stored else b""


def labeled(tracking_number):
    make.sku("TEE-M", stock={"LON": 9})
    label = make.labeled(make.confirmed(("TEE-M", 1))).labels.get()
    ShippingLabel.objects.update(tracking_number=tracking_number, digest="")
    return make.fresh(label)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_long_tracking_numbers_are_read_off_their_label(carrier):
    label = labeled(CARRIERS[carrier])

    pdf = draw("labels", label.shipment)

    (page,) = pictures(pdf)
    assert codes(page) == [label.tracking_number, f"(00){label.sscc}"]
    assert faults(pdf) == []


def test_digits_are_set_in_pairs_and_bars_get_narrower_before_they_are_refused():
    assert barcodes.bars("1234567890", 89).dots < barcodes.bars("ABCDEFGHIJ", 89).dots
    assert min(barcodes.bars("ABCDEFGHIJ", 89).widths) == 4
    assert min(barcodes.bars("ABCDEFGHIJKLMNOPQRST", 89).widths) == 2
    with pytest.raises(Refused, match=r"would be \d+ mm wide, and there is room for 89 mm"):
        barcodes.bars("A" * 40, 89)
    with pytest.raises(Refused, match="can't hold ü"):
        barcodes.bars("Süd", 89)


def test_a_label_that_cannot_be_printed_is_told_of_and_the_others_are_printed():
    make.sku("TEE-M", stock={"LON": 9})
    rows = [
        make.labeled(make.confirmed(("TEE-M", 1), customer_code=f"C-{each}")) for each in range(3)
    ]
    ShippingLabel.objects.filter(shipment=rows[1]).update(tracking_number="W" * 60)
    Shipment.objects.filter(pk=rows[2].pk).update(
        ship_to={"name": "\U00013000 & Sons", "country": "GB"}
    )

    job, pdf = printed(printouts.get(Shipment, "labels"), rows)

    told = {row.subject: row.message for row in job.results.filter(succeeded=False)}
    assert (job.done, job.failed) == (1, 2)
    assert (
        "“" + "W" * 60 in told[rows[1].number]
        and "No font on this machine has \U00013000" in told[rows[2].number]
    )
    assert [codes(page)[0] for page in pictures(pdf)] == [
        ShippingLabel.objects.get(shipment=rows[0]).tracking_number
    ]


@pytest.mark.skipif(bool(fonts.missing("棚رف📦")), reason="needs fonts-noto-cjk and fonts-symbola")
def test_strange_bins_and_articles_are_printed_in_bulk_and_read_as_they_are():
    place = make.warehouse()
    bins = [make.storage(place, code) for code in ["A-99", *STRANGE]]
    skus = [SKU.objects.create(code=f"{code} groß", name=code) for code in STRANGE]

    (first, labels), (second, articles) = (
        printed(printouts.get(Bin, "bin_label"), bins),
        printed(printouts.get(SKU, "item_label"), skus),
    )

    assert (first.done, first.failed, second.done, second.failed) == (len(bins), 0, len(skus), 0)
    assert [codes(page) for page in pictures(labels)] == [[row.code] for row in bins]
    assert [codes(page) for page in pictures(articles)] == [[row.code] for row in skus]
    assert faults(labels) == faults(articles) == []


def test_whatever_goes_wrong_in_a_job_is_the_result_of_its_row():
    job = jobs.start("print", "sums", 3)

    jobs.run(job, [1, 0, 2], lambda number: 1 / number)

    assert [(row.subject, row.succeeded) for row in job.results.all()] == [
        ("1", True),
        ("0", False),
        ("2", True),
    ]
    assert "ZeroDivisionError" in job.results.get(succeeded=False).message


def test_a_template_that_fails_on_one_record_spoils_no_other(settings, tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "stickers.html").write_text(
        "{% for page in pages %}{% if page.title == 'B-02' %}{% include 'none' %}{% endif %}<p>x</p>{% endfor %}"
    )
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]
    bins = [make.storage(make.warehouse(), code) for code in ("B-01", "B-02", "B-03")]

    job, pdf = printed(printouts.get(Bin, "bin_label"), bins)

    assert (job.done, job.failed, job.results.get(succeeded=False).subject) == (2, 1, "B-02")
    assert pdf.startswith(b"%PDF")


@pytest.mark.parametrize("code", ["A\u200b1", "A\u00a01", " A", "A\u202e1"])
def test_a_code_that_a_scanner_cannot_give_back_is_refused_at_entry(code):
    for row in (
        Bin(warehouse=make.warehouse(), code=code),
        SKU(code=code, name="x"),
        Barcode(sku=make.sku("TEE-M"), code=code),
    ):
        with pytest.raises(ValidationError, match="a scanner couldn't read it"):
            row.clean_fields()


def test_a_code_is_found_however_its_accents_are_typed():
    apart = unicodedata.normalize("NFD", "Süd-01")
    place = make.storage(make.warehouse(), apart)

    assert make.fresh(place).code == "Süd-01" != apart
    assert Bin.objects.get(code=apart) == place


@pytest.mark.usefixtures("verified")
def test_a_picker_scans_what_was_printed_of_a_bin_and_a_sku_with_umlauts():
    house, picker = make.warehouse(), make.user("pia", "picker")
    house.staff.add(picker)
    make.storage(house, "Süd-01")
    make.sku("Tasse-blau-groß")
    make.put(SKU.objects.get(), "LON", 5, code="Süd-01")
    make.confirmed(("Tasse-blau-groß", 2))
    outbox.drain()
    wave = waves.release(waves.plan(house, list(Shipment.objects.all())), by=picker)
    (place,), (article,) = (
        codes(pictures(draw(name, record))[0])
        for name, record in (
            ("bin_label", Bin.objects.get(code="Süd-01")),
            ("item_label", SKU.objects.get()),
        )
    )

    (stop,) = worklists.pick(house, picker, wave.number)["stops"]

    assert (stop["bin"], stop["barcodes"]) == (place, {article: 1})
    assert (
        looking_up.look_up(house, picker, place)["bin"] == place
        and looking_up.look_up(house, picker, article)["product"]
    )
    actions.perform(uuid4(), "pick", house, {"line": stop["line"], "quantity": 2}, by=picker)
    assert PickTask.objects.get().done_at
