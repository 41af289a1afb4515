"""Endpoints that are told of events, and how the calls went."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import IntegerField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import DestroyModelMixin, UpdateModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from oms.core import policy, web_addresses
from oms.core.errors import Refused
from oms.core.models import Company, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from oms.core.models.checked import EVENT, require_offered
from oms.messaging import webhooks
from oms.rest.documents import IDEMPOTENCY_KEY, ScopedViewSet, create_once
from oms.rest.fields import FlagField
from oms.rest.records import RecordSerializer

ENDS = {
    "waiting": {"next_at__isnull": False},
    "delivered": {"delivered_at__isnull": False},
    "given_up": {"given_up_at__isnull": False},
}


@extend_schema_field({"type": "string", "pattern": "^[-a-zA-Z0-9_]{1,12}$"})
class CompanyField(serializers.SlugRelatedField[Company]):
    """A company by its code."""

    def to_internal_value(self, data: Any) -> Company:
        user = self.context["request"].user
        own = policy.scope(Company, user, "add", WebhookEndpoint)
        found = own.filter(code=str(data)).first()
        if found is None:
            raise Refused(
                gettext("Company %(data)r not found.") % {"data": str(data)},
                code="no_company",
                field="company",
            )
        return found


class EventNameField(serializers.RegexField):
    """The name of an event, or of all of a kind."""

    def __init__(self) -> None:
        super().__init__(EVENT, max_length=40)

    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        self.run_validators(name)
        try:
            require_offered(name)
        except ValidationError as error:
            raise Refused(error.messages[0], code="unknown_event", field="events") from None
        return name


class WebhookSerializer(RecordSerializer[WebhookEndpoint]):
    """A webhook endpoint. `events`: types such as `order.confirmed` or `order.*`; empty means all."""

    company = CompanyField(slug_field="code", queryset=Company.objects.all())
    url = serializers.RegexField(
        web_addresses.ADDRESS,
        max_length=500,
        validators=[web_addresses.require_callable],
        help_text=_("An HTTPS URL with a public address."),
    )
    is_active = FlagField(required=False)
    events = serializers.ListField(child=EventNameField(), required=False, max_length=100)

    class Meta:
        model = WebhookEndpoint
        fields = ("id", "company", "url", "events", "is_active", "disabled_reason", "created_at")
        read_only_fields = ("disabled_reason", "created_at")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "All order events and shipped shipments",
            {
                "company": "demo",
                "url": "https://example.com/oms",
                "events": ["order.*", "shipment.shipped"],
            },
            request_only=True,
        )
    ]
)
class WebhookRequestSerializer(WebhookSerializer):
    """An endpoint as it is asked for."""

    class Meta(WebhookSerializer.Meta):
        fields = ("company", "url", "events", "is_active")  # type: ignore[assignment]


class NewWebhookSerializer(WebhookSerializer):
    """A new endpoint with its signing secret. The secret is shown only once."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class SecretSerializer(serializers.Serializer[Any]):
    secret = serializers.CharField()


class WebhookViewSet(UpdateModelMixin, DestroyModelMixin, ScopedViewSet):
    """Manage webhook endpoints. Requests are signed (Standard Webhooks) and retried for three days."""

    area = "webhooks"
    queryset = WebhookEndpoint.objects.select_related("company")
    serializer_class = WebhookSerializer
    rights = {"rotate_secret": "change"}
    http_method_names = ("get", "post", "patch", "delete", "head", "options")

    @extend_schema(
        request=WebhookRequestSerializer,
        responses={201: NewWebhookSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def create(self, request: Request) -> Response:
        """Creates an endpoint. It receives events from now on."""
        form = self.get_serializer(data=request.data)
        form.is_valid(raise_exception=True)

        user: Any = request.user

        def perform() -> tuple[dict[str, Any], str]:
            made = webhooks.subscribe(WebhookEndpoint(user=user, **form.validated_data))
            made.refresh_from_db()
            shown = NewWebhookSerializer(made, context=self.get_serializer_context())
            return dict(shown.data), reverse("webhook-detail", args=[made.pk], request=request)

        return create_once(request, self, perform)

    def perform_update(self, serializer: Any) -> None:
        endpoint = serializer.save()
        if endpoint.is_active:
            webhooks.enable(endpoint)

    @extend_schema(request=None, responses=SecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """Rotates the signing secret. Both secrets are valid for 24 hours."""
        return Response({"secret": webhooks.rotate_secret(self.get_object())})


class AttemptSerializer(RecordSerializer[WebhookAttempt]):
    class Meta:
        model = WebhookAttempt
        fields = ("at", "status", "response", "took_ms")


class DeliverySerializer(RecordSerializer[WebhookDelivery]):
    """A webhook delivery with all attempts."""

    type = serializers.CharField(source="event.name")
    position = serializers.IntegerField(source="event.position")
    log = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "endpoint",
            "type",
            "position",
            "subject",
            "attempts",
            "next_at",
            "delivered_at",
            "given_up_at",
            "log",
        )


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": 2**31 - 1})
class Key(filters.NumberFilter):
    """A whole number that names a record."""

    field_class = IntegerField


class DeliveryFilter(filters.FilterSet):
    endpoint = Key(field_name="endpoint_id", min_value=0, max_value=2**31 - 1)
    state = filters.ChoiceFilter(choices=[(name, name) for name in ENDS], method="in_state")

    class Meta:
        model = WebhookDelivery
        fields = ("endpoint", "state")

    def in_state(self, rows: QuerySet[WebhookDelivery], name: str, value: str) -> Any:
        return rows.filter(**ENDS[value])


class WebhookDeliveryViewSet(ScopedViewSet):
    """List webhook deliveries."""

    area = "webhooks"
    queryset = WebhookDelivery.objects.select_related("event").prefetch_related("log")
    rights = {"replay": "send_again"}
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Resends the delivery."""
        webhooks.replay(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)
