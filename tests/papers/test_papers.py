"""Papers as a scanner and a person see them."""

import io
import shutil
from decimal import Decimal as D
from xml.etree import ElementTree

import pytest
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from PIL import Image
from pypdf import PdfReader

from fulfillment import labels, packing, picking, shipping, waves
from fulfillment.models import Shipment, ShippingLabel, Wave
from fulfillment.stations import worklists
from inventory.models import SKU, Bin, Warehouse
from oms.background import jobs
from oms.core import outbox, stored_files
from oms.core.errors import Refused
from oms.core.models import Company, StoredDocument
from oms.printing import barcodes, letterheads, printout_revisions, printouts, rendering
from orders.accounting.models import Invoice
from orders.accounting.printing import invoice_pdf
from orders.models import Customer, Order
from orders.order_entry import Charge
from tests import builders as make
from tests.papers.pictures import codes, pictures

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.papers,
    pytest.mark.skipif(not rendering.can_render(), reason="PDFs need Pango"),
    pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pictures need poppler-utils"),
]
NASTY = (
    '<img src="file:///etc/passwd"><link rel=stylesheet href="http://127.0.0.1:9/x.css"><style>@import url('
    'file:///etc/passwd)</style><svg><image href="file:///etc/passwd"/></svg> url(file:///etc/passwd)'
)
WAVE_OF = 50


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def draw(name, record):
    return printouts.print_one(printouts.get(type(record), name), record)


def wave_of(count):
    """A wave of so many shipments, picked, packed and labeled."""
    make.sku("TEE-M", stock={"LON": 10 * count})
    make.service()
    for number in range(count):
        make.order(lines=[("TEE-M", 1 + number % 3)], customer_code=f"C-{number}", confirmed=True)
    outbox.drain()
    wave = waves.release(waves.plan(make.warehouse(), list(Shipment.objects.filter(status="open"))))
    for shipment in wave.shipments.all():
        packing.pack(picking.pick_all(shipment))
        labels.buy(make.fresh(shipment))
    outbox.drain()
    return wave


def test_every_label_slip_and_invoice_of_a_wave_reads_as_its_record():
    wave = wave_of(WAVE_OF)

    stickers = pictures(draw("labels", wave))
    slips = pictures(draw("packing_slips", wave))
    walk = pictures(draw("pick_list", wave))

    bought = list(ShippingLabel.objects.order_by("shipment_id", "package__position"))
    assert len(bought) >= WAVE_OF
    assert [codes(page) for page in stickers] == [
        [row.tracking_number, f"(00){row.sscc}"] for row in bought
    ]
    assert [codes(page) for page in slips] == [
        [printout_revisions.code(row)] for row in wave.shipments.order_by("pk")
    ]
    assert codes(walk[0]) == [printout_revisions.code(wave, *wave.shipments.all())]
    for shipment in wave.shipments.all():
        shipping.ship(shipment)
    outbox.drain()
    for document in Invoice.objects.all():
        pdf = printouts.print_one(printouts.get(Invoice, "invoice"), document)
        assert [codes(page) for page in pictures(pdf)] == [[document.number]]
        assert f"{document.gross:.2f} GBP" in text_of(pdf)


def test_labels_of_many_shipments_are_each_there_once_in_their_order(worked_job):
    wave = wave_of(3)
    keys = list(wave.shipments.order_by("-pk").values_list("pk", flat=True))

    job = worked_job(printouts.get(Shipment, "labels"), keys)

    stored = StoredDocument.objects.get(subject_type="job", subject_number=str(job.pk))
    shown = [codes(page)[0] for page in pictures(stored_files.read(stored))]
    assert shown == [ShippingLabel.objects.get(shipment=key).tracking_number for key in keys]
    assert (job.done, job.failed) == (3, 0)


def test_a_shipment_without_labels_is_a_result_and_does_not_stop_the_others(worked_job):
    wave_of(1)
    bare = make.shipment_of(make.confirmed(("TEE-M", 1)))

    job = worked_job(printouts.get(Shipment, "labels"), [bare.pk, Shipment.objects.first().pk])

    assert (job.done, job.failed) == (1, 1)
    assert "no labels yet" in job.results.get(succeeded=False).message


def test_labels_are_xml_which_is_read_the_quickest():
    wave = wave_of(1)
    Company.objects.get().logo.save("logo.png", logo())

    html = render_to_string(
        "documents/labels.html", {"pages": printouts.get(Wave, "labels").pages(make.fresh(wave))}
    )

    assert {"address", "svg", "img"} <= {
        node.tag.rpartition("}")[2] for node in ElementTree.fromstring(html).iter()
    }


@pytest.mark.parametrize("name", ["Bits & <Bobs>", "a form\x0cfeed, which XML does not know"])
def test_a_label_is_drawn_whatever_is_in_a_name(name):
    wave = wave_of(1)
    Shipment.objects.update(
        ship_to={"name": name, "street": "1 Quay", "city": "Hull", "country": "GB"}
    )

    pages = pictures(draw("labels", wave))

    assert [codes(page)[0] for page in pages] == [ShippingLabel.objects.get().tracking_number]


@pytest.fixture
def worked_job(db):
    def run(paper, keys):
        job = printouts.submit(paper, keys, title="print", by=make.user("root", "manager"))
        jobs.work(job.pk)
        return make.fresh(job)

    return run


def test_bin_item_purchase_and_return_papers_read_as_their_records():
    make.sku("TEE-M", stock={"LON": 9})
    item, place = SKU.objects.get(), Bin.objects.get(code="A-01")
    item.barcodes.create(code="4012345000009")
    purchase = make.sent_purchase(item, 7)
    request = make.asked_back(make.shipped(("TEE-M", 2)))

    found = {
        name: codes(pictures(draw(name, record))[0])
        for name, record in (
            ("bin_label", place),
            ("item_label", item),
            ("purchase_order", purchase),
            ("return_label", request),
        )
    }

    assert found == {
        "bin_label": ["A-01"],
        "item_label": ["4012345000009"],
        "purchase_order": [printout_revisions.code(purchase)],
        "return_label": [printout_revisions.code(request)],
    }


def test_a_return_that_is_not_approved_has_no_label():
    make.sku("TEE-M", stock={"LON": 9})
    request = make.came_back(make.shipped(("TEE-M", 2)))

    with pytest.raises(Refused, match="Only approved returns"):
        draw("return_label", make.fresh(request))


def test_sscc_has_its_check_digit_and_the_company_s_prefix():
    """The example of GS1's check digit calculator: 37610425002123456 gives 9."""
    assert barcodes.check_digit("37610425002123456") == "9"
    assert barcodes.sscc("4012345", 7) == "040123450000000079"[:17] + barcodes.check_digit(
        "04012345000000007"
    )
    assert barcodes.sscc("4012345", 10**9 + 7).startswith("14012345")


@pytest.mark.parametrize(
    "scanned",
    [
        "00340123450000000017",
        "]C100340123450000000017",
        "(00)340123450000000017",
        "340123450000000017",
    ],
)
def test_sscc_is_read_with_and_without_its_identifier(scanned):
    good = "34012345000000001" + barcodes.check_digit("34012345000000001")

    assert barcodes.read_sscc(scanned.replace("340123450000000017", good)) == good
    assert barcodes.read_sscc("123456789012345678") is None


def test_a_paper_that_is_out_of_date_says_what_changed_since():
    make.sku("TEE-M", stock={"LON": 9})
    shipment = make.picked(make.confirmed(("TEE-M", 2)))
    number, printed = printout_revisions.parse(printout_revisions.code(shipment))
    person = make.user("root", "manager")
    assert (number, worklists.changed_since(number, printed, person)) == (shipment.number, [])

    packing.pack(shipment)

    assert [line.split(": ")[1] for line in worklists.changed_since(number, printed, person)] == [
        "packed"
    ]


def test_an_old_label_says_what_became_of_it_and_does_not_leave():
    wave_of(1)
    old, shipment = ShippingLabel.objects.get(), Shipment.objects.get()
    labels.void(shipment)
    outbox.drain()
    labels.buy(make.fresh(shipment))
    outbox.drain()

    found = labels.scanned(f"00{old.sscc}", make.user("root", "manager"))

    new = ShippingLabel.objects.exclude(pk=old.pk).get()
    assert found == old and f"now has label {new.tracking_number}" in labels.outdated(found)
    with pytest.raises(Refused, match="voided"):
        worklists.pack(make.warehouse(), make.user("root", "manager"), old.tracking_number)
    assert new.sscc != old.sscc


def test_a_label_is_bound_to_its_parcel():
    wave_of(1)
    shipment = Shipment.objects.get()
    Shipment.objects.filter(pk=shipment.pk).update(
        ship_to={**shipment.ship_to, "street": "2 Other Street"}
    )

    with pytest.raises(Refused, match="changed after label"):
        shipping.ship(make.fresh(shipment))


def logo():
    file = io.BytesIO()
    Image.new("RGB", (240, 80), (200, 30, 30)).save(file, "PNG")
    return ContentFile(file.getvalue(), "logo.png")


def test_logo_color_terms_and_language_come_from_the_company():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.confirmed(("TEE-M", 2))
    company = order.company
    company.color, company.terms_and_conditions, company.language = (
        "#aa1122",
        "Goods remain ours until paid.",
        "de",
    )
    company.logo.save("logo.png", logo())
    company.save()
    order = make.fresh(order)

    pdf = draw("order", order)

    assert "Goods remain ours until paid." in text_of(pdf)
    assert "Auftragsbestätigung" in text_of(pdf) and "24,00 GBP" in text_of(pdf)
    assert any(page.images for page in PdfReader(io.BytesIO(pdf)).pages)
    assert letterheads.language(company, "fr") == "fr"


def test_an_invoice_is_an_archive_file_with_its_data_inside_where_that_is_wanted():
    make.sku("TEE-M", stock={"LON": 9})
    Company.objects.filter(pk=make.company().pk).update(
        street="1 Mill", city="London", vat_number="GB123456782"
    )
    make.customer(einvoice="facturx")
    order = make.shipped(("TEE-M", 2))

    pdf = PdfReader(io.BytesIO(stored_files.read(StoredDocument.objects.get(kind="invoice"))))

    assert "factur-x.xml" in pdf.attachments
    assert order.invoices.get().number.encode() in pdf.attachments["factur-x.xml"][0]
    metadata = pdf.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "pdfaid:part" in metadata and ">3<" in metadata and "EN 16931" in metadata


def test_peppol_data_is_frozen_beside_the_pdf():
    make.sku("TEE-M", stock={"LON": 9})
    Company.objects.filter(pk=make.company().pk).update(
        street="1 Mill",
        city="London",
        vat_number="GB123456782",
        endpoint="GB123456782",
        endpoint_scheme="9932",
    )
    make.customer(
        einvoice="ubl", endpoint="4012345000009", endpoint_scheme="0088", buyer_reference="B1"
    )
    make.shipped(("TEE-M", 2))

    stored = StoredDocument.objects.get(kind="ubl")

    assert stored.file.name.endswith(".xml") and b"peppol" in stored_files.read(stored)


def test_a_frozen_invoice_prints_the_same_bytes():
    make.sku("TEE-M", stock={"LON": 9})
    document = make.shipped(("TEE-M", 2)).invoices.get()
    Customer.objects.update(name="Somebody else")

    assert draw("invoice", document) == stored_files.read(
        StoredDocument.objects.get(kind="invoice")
    )


def test_nothing_in_the_data_makes_the_engine_read_or_fetch(monkeypatch):
    asked = []
    fetcher = rendering._fetcher

    def watched(assets):
        engine = fetcher(assets)
        fetch = engine.fetch
        engine.fetch = lambda url, headers=None: asked.append(url) or fetch(url, headers)
        return engine

    monkeypatch.setattr(rendering, "_fetcher", watched)
    make.sku("TEE-M", stock={"LON": 99})
    make.service()
    make.customer()
    Customer.objects.update(name=NASTY[:120])
    order = make.confirmed(("TEE-M", 2))
    Order.objects.update(
        customer_reference=NASTY[:80],
        bill_to={"name": NASTY, "street": NASTY, "country": "GB"},
        ship_to={"name": NASTY, "street": NASTY, "country": "GB"},
    )
    Shipment.objects.update(ship_to={"name": NASTY, "street": NASTY, "country": "GB"})
    SKU.objects.update(name=NASTY[:120])
    Company.objects.update(name=NASTY[:120], street=NASTY, terms_and_conditions=NASTY)
    Warehouse.objects.update(name=NASTY[:80])
    order.lines.update(description=NASTY[:200])
    labels.buy(make.packed(order))
    outbox.drain()
    shipment = make.shipment_of(order)
    pdfs = [draw(name, shipment) for name in ("packing_slip", "labels")] + [
        draw("order", make.fresh(order))
    ]
    shipping.ship(shipment)
    outbox.drain()
    pdfs += [
        invoice_pdf(Invoice.objects.get()),
        draw("purchase_order", make.sent_purchase(SKU.objects.get(), 2)),
        draw("item_label", SKU.objects.get()),
        draw("return_label", make.asked_back(make.fresh(order))),
    ]

    assert asked == []
    assert all("root:" not in text_of(pdf) and "passwd" in text_of(pdf) for pdf in pdfs)


def test_what_is_given_to_the_engine_is_all_that_it_can_read():
    engine = rendering._fetcher({"oms:logo": b"x"})

    assert engine.fetch("oms:logo").read() == b"x"
    for url in ("file:///etc/passwd", "http://127.0.0.1/", "data:text/plain,x", "oms:other"):
        with pytest.raises(ValueError, match="may not fetch"):
            engine.fetch(url)


def test_charges_and_discounts_stand_on_the_invoice():
    make.sku("TEE-M", stock={"LON": 9})
    order = make.shipped(
        ("TEE-M", 2, "10.00"), discount="10", charges=[Charge("freight", "Carriage", D("4.00"))]
    )

    text = text_of(draw("invoice", order.invoices.get()))

    assert "Carriage" in text and "26.40 GBP" in text


def test_a_template_of_the_company_is_taken_instead(settings, tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "stickers.html").write_text("<p>Ours: {{ pages.0.title }}</p>")
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]
    make.sku("TEE-M", stock={"LON": 1})

    assert "Ours: A-01" in text_of(draw("bin_label", Bin.objects.get(code="A-01")))


def test_an_invoice_is_mailed_with_its_frozen_pdf(mailoutbox):
    make.sku("TEE-M", stock={"LON": 9})
    document = make.shipped(("TEE-M", 2)).invoices.get()

    (mail,) = [mail for mail in mailoutbox if document.number in mail.subject]
    ((name, content, kind),) = mail.attachments
    assert (name, kind) == (f"{document.number}.pdf", "application/pdf")
    assert content == stored_files.read(StoredDocument.objects.get(kind="invoice"))
