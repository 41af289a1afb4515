"""The events of returns."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from oms.core.event_catalog import Amount, Created, Name, NoData, Number, Text, event


@dataclass(frozen=True)
class ReturnRejected:
    reason: Text


@dataclass(frozen=True)
class ReturnReceived:
    """`unexpected` names goods that were not announced."""

    unexpected: list[Text] = field(default_factory=list)


@dataclass(frozen=True)
class UnexpectedDecided:
    """Decisions by the goods that were not announced."""

    decided: dict[str, Name]


@dataclass(frozen=True)
class ReturnSettled:
    credited: Amount
    to_refund: Amount


@dataclass(frozen=True)
class ExchangeCreated:
    exchange: Number
    difference_due: Amount


event("return.created", Created, _("A return was requested."), is_for_customer=True)
event("return.approved", NoData, _("A return was approved."), is_for_customer=True)
event("return.rejected", ReturnRejected, _("A return was rejected."), is_for_customer=True)
event("return.canceled", NoData, _("A return was canceled."), is_for_customer=True)
event("return.received", ReturnReceived, _("Returned goods were received."), is_for_customer=True)
event(
    "return.unexpected_decided",
    UnexpectedDecided,
    _("It was decided what becomes of unannounced goods."),
)
event("return.inspected", NoData, _("Returned goods were inspected."))
event("return.settled", ReturnSettled, _("A return was credited."), is_for_customer=True)
event("return.exchange_created", ExchangeCreated, _("The order of an exchange was created."))
