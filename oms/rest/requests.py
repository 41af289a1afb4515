"""What became of a request whose answer never arrived."""

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.idempotency import answer_to
from oms.rest.authentication import client_of
from oms.rest.documents import replay


class RequestViewSet(viewsets.ViewSet):
    """Look up requests by Idempotency-Key."""

    permission_classes = (IsAuthenticated,)
    lookup_value_regex = "[^/]+"

    @extend_schema(responses={201: OpenApiTypes.OBJECT})
    def retrieve(self, request: Request, pk: str) -> Response:
        """Returns the response of a completed request.

        404: the request had no effect, so you can resend it. 409: it's still in progress.
        """
        if "\x00" in pk:
            raise Http404
        answer = answer_to(client_of(request), pk)
        if answer is None:
            raise Http404
        return replay(answer)
