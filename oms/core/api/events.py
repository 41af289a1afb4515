"""The stream of events, for those who would rather pull than be called."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import outbox
from oms.core.api.authentication import HasScope
from oms.core.models import Document, Event, User

MOST = 500


class EventSerializer(serializers.ModelSerializer[Event]):
    """Something that happened to a document. Positions grow, and none is ever given out later than a higher one."""

    type = serializers.CharField(source="name")
    subject = serializers.SerializerMethodField()
    order = serializers.CharField(source="order_number", allow_null=True)
    data = serializers.SerializerMethodField(  # type: ignore[assignment]
        help_text="Empty for people who see no money.")

    class Meta:
        model = Event
        fields = ("position", "type", "subject", "order", "at", "data")

    def get_subject(self, event: Event) -> dict[str, str]:
        return {"type": event.subject_type, "number": event.subject_number}

    def get_data(self, event: Event) -> dict[str, Any]:
        return event.data if self.context["user"].sees_money else {}


class EventsResponse(serializers.Serializer[Any]):
    """`next` is what to ask for after these; `end` is the newest position there is."""

    events = EventSerializer(many=True)
    next = serializers.IntegerField()
    end = serializers.IntegerField()


class AfterRequest(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=100)


def document_models() -> list[type[Document]]:
    """Every kind of document, in a fixed order."""
    return sorted((model for model in Document.__subclasses__() if not model._meta.abstract),
                  key=lambda model: model.subject_type)


def visible_events(user: User, events: "QuerySet[Event]") -> "QuerySet[Event]":
    """Those about documents that a person may see."""
    if user.sees_everything:
        return events.filter(subject_type__in=[model.subject_type for model in document_models()])
    scope = Q(pk__in=[])
    for model in document_models():
        page = admin.site._registry.get(model)
        if page is not None and page.has_view_permission(_As(user)):  # type: ignore[arg-type]
            rows: Any = model._default_manager.get_queryset()
            rows = rows.visible_to(user) if hasattr(rows, "visible_to") else rows
            scope |= Q(subject_type=model.subject_type, subject_number__in=rows.values("number"))
    return events.filter(scope)


class _As:
    """What the admin's rule of who may look asks of a request."""

    def __init__(self, user: User) -> None:
        self.user = user


class EventViewSet(viewsets.ViewSet):
    """What happened, in the order of the stream."""

    area = "events"
    reading_actions: tuple[str, ...] = ()
    permission_classes = (HasScope,)

    @extend_schema(parameters=[OpenApiParameter("after", int, description="The last position that was read."),
                               OpenApiParameter("limit", int)], responses=EventsResponse)
    def list(self, request: Request) -> Response:
        """Events after a position, oldest first. Ask again with `next`; an empty answer means: nothing new yet."""
        user: Any = request.user
        form = AfterRequest(data=request.query_params)
        form.is_valid(raise_exception=True)
        after, limit = form.validated_data["after"], form.validated_data["limit"]
        return Response(read_stream(user, after, limit))


def read_stream(user: User, after: int, limit: int) -> dict[str, Any]:
    """A part of the stream. The end is read first: what is numbered meanwhile belongs to the next part."""
    end = outbox.stream_end()
    rows = Event.objects.filter(position__gt=after, position__lte=end).order_by("position")
    events = list(visible_events(user, rows)[:limit])
    following = events[-1].position if len(events) == limit else max(end, after)
    return {"events": EventSerializer(events, many=True, context={"user": user}).data, "next": following, "end": end}
