"""What people and programs can ask of accounting exports."""

from django.utils.translation import gettext_lazy as _

from oms.core.operations import declare, in_status
from orders.accounting import export_runs
from orders.accounting.models import ExportRun

declare(
    "send",
    ExportRun,
    export_runs.send,
    label=_("Mark as sent"),
    inverse="undo",
    available=lambda run: run.status == ExportRun.Status.PREPARED and bool(run.totals),
)
declare(
    "undo",
    ExportRun,
    export_runs.undo,
    label=_("Undo export"),
    danger=True,
    available=in_status(ExportRun.Status.PREPARED, ExportRun.Status.SENT),
)
