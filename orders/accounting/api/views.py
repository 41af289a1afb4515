"""Invoices and credit notes, for programs."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from oms.core import stored_files
from oms.core.errors import Refused
from oms.rest.documents import DocumentViewSet, with_operations
from orders.accounting.api.filters import InvoiceFilter
from orders.accounting.api.serializers import InvoiceSerializer, InvoiceSummarySerializer
from orders.accounting.models import Invoice, InvoiceLine


@with_operations
class InvoiceViewSet(DocumentViewSet):
    """List and retrieve invoices and credit notes."""

    area = "invoices"
    queryset = Invoice.objects.select_related("customer", "order", "corrects").filter(
        number__isnull=False
    )
    serializer_class = InvoiceSerializer
    filterset_class = InvoiceFilter

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return (
            rows
            if self.action == "list"
            else rows.prefetch_related(Prefetch("lines", InvoiceLine.objects.order_by("position")))
        )

    def get_serializer_class(self) -> Any:
        return InvoiceSummarySerializer if self.action == "list" else InvoiceSerializer

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def pdf(self, request: Request, number: str) -> FileResponse:
        """Returns the archived PDF. The file never changes."""
        document = self.get_object()
        stored = stored_files.legal(
            document.kind, subject_type=document.subject_type, subject_number=document.number
        )
        if stored is None:
            if document.is_imported:
                raise Http404
            raise _NotYet(
                (
                    _("The PDF for %(document)s isn't ready yet. Try again in a few seconds.")
                    % {"document": document}
                ),
                code="not_made_yet",
            )
        stored_files.read(stored)
        return FileResponse(
            stored.file.open("rb"),
            filename=f"{document.number}.pdf",
            content_type="application/pdf",
        )


class _NotYet(Refused):
    """Something that is made in the background is not there yet."""
