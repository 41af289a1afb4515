"""Papers of the warehouse: pick lists, packing slips and labels. Redrawn whenever they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from barcode import Code128

from fulfillment.models import Label, PickTask, Shipment, ShipmentLine, Wave
from oms.core import documents, jobs
from oms.core.errors import Refused
from oms.core.models import Job, StoredDocument

MODULE_MM = 0.5  # four dots at 203 dpi


@dataclass(frozen=True)
class Bars:
    """A Code 128 barcode as one vector path: its path data, and its width in modules."""

    path: str
    modules: int

    @property
    def width_mm(self) -> float:
        return self.modules * MODULE_MM


def bars(text: str) -> Bars:
    """Code 128 (ISO/IEC 15417) of a text; each run of dark modules is a rectangle of the path, one unit high."""
    pattern = Code128(text).build()[0]
    path, start = [], None
    for position, module in enumerate(f"{pattern}0"):
        if module == "1" and start is None:
            start = position
        elif module == "0" and start is not None:
            path.append(f"M{start} 0h{position - start}v1h{start - position}z")
            start = None
    return Bars("".join(path), len(pattern))


def pick_list(wave: Wave) -> bytes:
    """The walk of a wave on paper."""
    tasks = list(PickTask.objects.filter(wave=wave).order_by("sequence").select_related(
        "bin", "line__reservation__sku", "line__reservation__lot", "line__shipment"))
    return documents.render("pick_list", {"wave": wave, "tasks": tasks, "bars": bars(wave.number),
                                          "walk_m": round(wave.walk_cm / 100)})


def packing_slip(shipment: Shipment) -> bytes:
    """What is in a shipment, for the customer; no prices."""
    lines = ShipmentLine.objects.filter(shipment=shipment).select_related("reservation__sku", "reservation__lot",
                                                                          "order_line", "package")
    return documents.render("packing_slip", {"shipment": shipment, "lines": list(lines), "bars": bars(shipment.number)})


def labels(shipment: Shipment) -> bytes:
    """The labels of a shipment's parcels, one 4 × 6 inch page each."""
    return documents.render("label", {"pages": _pages(shipment)})


def _pages(shipment: Shipment) -> list[dict[str, object]]:
    bought = shipment.labels.filter(status=Label.Status.BOUGHT).order_by("pk")
    rows = list(bought.select_related("service__account", "package", "shipment__order", "shipment__warehouse"))
    if not rows:
        raise Refused(f"{shipment} has no labels yet; buy them first.", code="no_labels")
    return [{"label": label, "shipment": label.shipment, "bars": bars(label.tracking_number)} for label in rows]


def print_labels(job: Job, shipments: Sequence[Shipment]) -> StoredDocument | None:
    """The labels of many shipments as one PDF in their order, with a result for each; kept under the job."""
    pages: list[dict[str, object]] = []
    jobs.run(job, shipments, lambda shipment: pages.extend(_pages(shipment)))
    if not pages:
        return None
    content = documents.render("label", {"pages": pages})
    return documents.keep("labels", subject_type="job", subject_number=str(job.pk), content=content)
