"""Papers of the warehouse: pick lists, packing slips and labels. Redrawn whenever they are asked for."""

from typing import Any

from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fulfillment import labels
from fulfillment.models import PackageContent, PickTask, Shipment, ShipmentLine, ShippingLabel, Wave
from oms.core.errors import Refused
from oms.core.models import Company
from oms.printing import barcodes, letterheads, printout_revisions, printouts
from oms.printing.printouts import Page

LABEL_MM = 89  # across a label between its margins, within which bars have their quiet zone
LABEL_SIZES = ("full", "smaller", "small", "smallest")
SHEET_MM = 80  # beside the head of a sheet


def walk(wave: Wave) -> list[Page]:
    """The walk of a wave on paper."""
    tasks = list(
        PickTask.objects.filter(wave=wave)
        .order_by("sequence")
        .select_related("bin", "line__reservation__sku", "line__reservation__lot", "line__shipment")
    )
    return [
        {
            "wave": wave,
            "tasks": tasks,
            "walk_m": round(wave.walking_distance_cm / 100),
            "bars": barcodes.symbol(printout_revisions.code(wave, *wave.shipments.all()), SHEET_MM),
            **_of(wave.warehouse.company),
        }
    ]


def contents(shipment: Shipment) -> list[Page]:
    """What is in a shipment, for the customer; no prices."""
    return [
        {
            "shipment": shipment,
            "lines": _slip_lines(shipment),
            "bars": barcodes.symbol(printout_revisions.code(shipment), SHEET_MM),
            **_of(shipment.order.company, shipment.order.customer.language),
        }
    ]


def _slip_lines(shipment: Shipment) -> list[dict[str, Any]]:
    """What is in which parcel; before it is packed, what there is."""
    goods = ("reservation__sku", "reservation__lot")
    contents = PackageContent.objects.filter(package__shipment=shipment).order_by(
        "package__position", "line"
    )
    if packed := list(contents.select_related("package", *(f"line__{name}" for name in goods))):
        return [_slip_line(each.line, each.quantity, each.package.position) for each in packed]
    return [
        _slip_line(line, line.reservation.quantity, None)
        for line in shipment.lines.order_by("pk").select_related(*goods)
    ]


def _slip_line(line: ShipmentLine, quantity: int, parcel: int | None) -> dict[str, Any]:
    return {
        "sku": line.reservation.sku,
        "lot": line.reservation.lot,
        "quantity": quantity,
        "parcel": parcel,
    }


def _of(company: Company, own: str = "") -> Page:
    """Whose paper it is, and in which language: nobody's amounts, so it needs no more."""
    language = letterheads.language(company, own)
    with translation.override(language):
        return {"letterhead": letterheads.letterhead(company), "language": language}


def stickers(shipment: Shipment) -> list[Page]:
    """The labels of a shipment's parcels, one 4 × 6 inch page each, in the order of the parcels."""
    bought = shipment.labels.filter(status=ShippingLabel.Status.BOUGHT).order_by(
        "package__position", "pk"
    )
    rows = list(
        bought.select_related(
            "service__account", "package", "shipment__order__company", "shipment__warehouse"
        )
    )
    if not rows:
        raise Refused(
            gettext("%(shipment)s has no labels yet. Buy labels first.") % {"shipment": shipment},
            code="no_labels",
        )
    return [sticker(label) for label in rows]


def sticker(label: ShippingLabel) -> Page:
    """A shipping label: the facts that its digest is bound to, the SSCC and the tracking number as barcodes."""
    facts, company = labels.facts(label), label.shipment.order.company
    codes = barcodes.bars(label.tracking_number, LABEL_MM), barcodes.sscc_bars(label.sscc or "")
    widest = max(codes, key=lambda code: code.dots)
    first, second = [
        {
            "start": str((widest.dots - code.dots) // 2),
            "dashes": code.dashes,
            "end": str((widest.dots - code.dots) // 2 + code.dots),
        }
        for code in codes
    ]
    with translation.override(letterheads.language(company)):
        about = "\n".join(
            [
                f"{gettext('From')}: {', '.join(line for line in facts['from'] if line)}",
                f"{facts['service']} · {facts['weight_g']} g · {facts['shipment']} · "
                + gettext("package %(number)s") % {"number": facts["parcel"]}
                + " · "
                + gettext("order %(number)s") % {"number": facts["order"]},
                f"{codes[0].text} · SSCC {codes[1].text}",
            ]
        )
    return {
        "to": _address(facts["to"]),
        "about": about,
        "dots": str(widest.dots),
        "letterhead": letterheads.letterhead(company),
        "width": f"{widest.width_px:.2f}",
        "first": first,
        "second": second,
    }


def _address(address: dict[str, str]) -> str:
    """An address as a carrier reads it: name, street (which may have lines), place and country."""
    place = " ".join(
        address[name] for name in ("postal_code", "city", "region") if address.get(name)
    )
    lines = [
        address.get("name", ""),
        *address.get("street", "").splitlines(),
        place,
        address.get("country", ""),
    ]
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def stickers_of_wave(wave: Wave) -> list[Page]:
    """The labels of all parcels of a wave, in the order in which its shipments were put into it."""
    pages = [
        page
        for shipment in wave.shipments.filter(labels__status=ShippingLabel.Status.BOUGHT)
        .distinct()
        .order_by("pk")
        for page in stickers(shipment)
    ]
    if not pages:
        raise Refused(
            gettext("No package in %(wave)s has a label yet.") % {"wave": wave}, code="no_labels"
        )
    return pages


def slips_of_wave(wave: Wave) -> list[Page]:
    """The packing slips of all shipments of a wave."""
    return [page for shipment in wave.shipments.order_by("pk") for page in contents(shipment)]


printouts.register(
    "packing_slip", Shipment, _("Packing slip"), template="packing_slip", pages=contents
)
printouts.register(
    "labels",
    Shipment,
    _("Labels"),
    template="labels",
    pages=stickers,
    is_plain=True,
    sizes=LABEL_SIZES,
)
printouts.register("pick_list", Wave, _("Pick list"), template="pick_list", pages=walk)
printouts.register(
    "packing_slips", Wave, _("Packing slips"), template="packing_slip", pages=slips_of_wave
)
printouts.register(
    "labels",
    Wave,
    _("Labels"),
    template="labels",
    pages=stickers_of_wave,
    is_plain=True,
    sizes=LABEL_SIZES,
)
