"""What the grammar of the house consists of."""

from oms.core.models.client import ApiClient, ApiToken
from oms.core.models.company import Company, ExchangeRate
from oms.core.models.decision import Decision
from oms.core.models.document import Document, StoredDocument
from oms.core.models.email import Email
from oms.core.models.event import Delivery, Event, Stream
from oms.core.models.heartbeat import Heartbeat
from oms.core.models.idempotency import IdempotencyKey
from oms.core.models.job import Job, JobResult, JobRows
from oms.core.models.note import Note
from oms.core.models.notice import Mail, Notice, Subscription, Topic
from oms.core.models.role import Role
from oms.core.models.sequence import Sequence
from oms.core.models.user import User
from oms.core.models.view import SavedView
from oms.core.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiClient",
    "ApiToken",
    "Company",
    "Decision",
    "Delivery",
    "Document",
    "Email",
    "Event",
    "ExchangeRate",
    "Heartbeat",
    "IdempotencyKey",
    "Job",
    "JobResult",
    "JobRows",
    "Mail",
    "Note",
    "Notice",
    "Role",
    "SavedView",
    "Sequence",
    "StoredDocument",
    "Stream",
    "Subscription",
    "Topic",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
