"""The stream of events, for those who would rather pull than be called."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import outbox
from oms.core.event_access import event_body, visible_events
from oms.core.models import Event, User
from oms.rest.authentication import HasScope

MOST = 500


class SubjectSerializer(serializers.Serializer[Any]):
    type = serializers.CharField()
    number = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """An event on a document. Positions only increase and are published in order."""

    position = serializers.IntegerField()
    type = serializers.CharField()
    timestamp = serializers.DateTimeField()
    subject = SubjectSerializer()
    order = serializers.CharField(allow_null=True)
    data = serializers.DictField(help_text=_("Empty for users who can't view prices."))  # type: ignore[assignment]


class EventsResponse(serializers.Serializer[Any]):
    """Pass `next` as `after` to get the next page. `end` is the latest position."""

    events = EventSerializer(many=True)
    next = serializers.IntegerField()
    end = serializers.IntegerField()


class AfterRequest(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=100)


class EventViewSet(viewsets.ViewSet):
    """What happened, in the order of the stream."""

    area = "events"
    reading_actions: tuple[str, ...] = ()
    permission_classes = (HasScope,)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
                description="The last position you've read.",
            ),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST}),
        ],
        responses=forced_singular_serializer(EventsResponse),
    )
    def list(self, request: Request) -> Response:
        """Lists events after a position, oldest first. Poll again with `next`; an empty list means no new events."""
        user: Any = request.user
        form = AfterRequest(data=request.query_params.dict())
        form.is_valid(raise_exception=True)
        after, limit = form.validated_data["after"], form.validated_data["limit"]
        return Response(read_stream(user, after, limit))


def read_stream(user: User, after: int, limit: int) -> dict[str, Any]:
    """A part of the stream. The end is read first: what is numbered meanwhile belongs to the next part."""
    end = outbox.stream_end()
    rows = Event.objects.filter(position__gt=after, position__lte=end).order_by("position")
    events = list(visible_events(user, rows)[:limit])
    following = events[-1].position if len(events) == limit else max(end, after)
    return {"events": [event_body(event, user) for event in events], "next": following, "end": end}
