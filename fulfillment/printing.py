"""Papers of the warehouse: pick lists, packing slips and labels. Redrawn whenever they are asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from barcode import Code128
from django.utils.translation import gettext as _

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


Page = dict[str, Any]


def _walk(wave: Wave) -> list[Page]:
    """The walk of a wave on paper."""
    tasks = list(PickTask.objects.filter(wave=wave).order_by("sequence").select_related(
        "bin", "line__reservation__sku", "line__reservation__lot", "line__shipment"))
    return [{"wave": wave, "tasks": tasks, "bars": bars(wave.number), "walk_m": round(wave.walk_cm / 100)}]


def _contents(shipment: Shipment) -> list[Page]:
    """What is in a shipment, for the customer; no prices."""
    lines = ShipmentLine.objects.filter(shipment=shipment).select_related("reservation__sku", "reservation__lot",
                                                                          "order_line", "package")
    return [{"shipment": shipment, "lines": list(lines), "bars": bars(shipment.number)}]


def _labels(shipment: Shipment) -> list[Page]:
    """The labels of a shipment's parcels, one 4 × 6 inch page each."""
    bought = shipment.labels.filter(status=Label.Status.BOUGHT).order_by("pk")
    rows = list(bought.select_related("service__account", "package", "shipment__order", "shipment__warehouse"))
    if not rows:
        raise Refused(_("%(shipment)s has no labels yet; buy them first.") % {"shipment": shipment}, code="no_labels")
    return [{"label": label, "shipment": label.shipment, "bars": bars(label.tracking_number)} for label in rows]


PAPERS: dict[str, tuple[type[Shipment] | type[Wave], Callable[[Any], list[Page]]]] = {
    "pick_list": (Wave, _walk), "packing_slip": (Shipment, _contents), "labels": (Shipment, _labels),
}


def paper(name: str, document: Shipment | Wave) -> bytes:
    """A paper of one document as a PDF. Raises Refused where it has none yet."""
    return documents.render(name, {"pages": PAPERS[name][1](document)})


@jobs.runs("print")
def print_many(job: Job) -> StoredDocument | None:
    """A paper of many documents as one PDF in their order, with a result for each; kept under the job."""
    name, keys = job.details["paper"], job.details["keys"]
    model, pages_of = PAPERS[name]
    rows = model._default_manager.in_bulk(keys)
    pages: list[Page] = []
    jobs.start_over(job)
    jobs.run(job, [rows[key] for key in keys if key in rows], lambda row: pages.extend(pages_of(row)))
    if not pages:
        return None
    content = documents.render(name, {"pages": pages})
    return documents.keep(name, subject_type="job", subject_number=str(job.pk), content=content)
