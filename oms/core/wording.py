"""What people read: texts in their language, and the names that the code gives things in words."""

import re
from typing import Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

OURS = {"oms", "inventory", "orders", "fulfillment", "returns"}
Words = str | Promise  # a lazy one is translated when it is shown
ABBREVIATIONS = r"\b(api|bic|gs1|hs|iban|id|pdf|sku|sscc|url|vat)(s?)\b"
LABELS = {  # what names are called wherever they are shown, if their own words say too little
    "applied": "amount applied",
    "at": "time",
    "auto_approve": "approve automatically",
    "bill_to": "billing address",
    "booked": "book quantity",
    "booked_on": "posting date",
    "by": "user",
    "calls_per_minute": "requests per minute",
    "can_backorder": "can be backordered",
    "credit_damaged": "credit damaged items",
    "cutoff": "cutoff time",
    "difference_due": "difference to pay",
    "due_on": "due date",
    "exemption_note": "exemption reason",
    "expected_on": "expected delivery date",
    "expires_on": "expiry date",
    "found": "counted",
    "given": "last number",
    "good": "received, good",
    "has_expiry": "has an expiry date",
    "has_manual_price": "manual price",
    "includes_tax": "prices include tax",
    "is_billing": "billing address",
    "is_built_in": "built-in",
    "is_drained": "dispatched",
    "is_shipping": "shipping address",
    "issued_on": "issue date",
    "keyed_at": "counted at",
    "min_life_days": "minimum remaining life (days)",
    "on_time_share": "on-time rate",
    "parked_at": "failed at",
    "on account": "unapplied credit",
    "per_day": "units per day",
    "per_unit": "base units per kit",
    "pid": "process ID",
    "placed_on": "order date",
    "promised_on": "promised delivery date",
    "put_back_reason": "put-back reason",
    "refunded_unlinked": "refunded without credit note",
    "rep": "sales rep",
    "requested_on": "requested delivery date",
    "sha256": "SHA-256",
    "ship_country": "destination country",
    "ship_postal_code": "destination postal code",
    "ship_to": "shipping address",
    "status_at": "status changed at",
    "tax_note": "tax text on the invoice",
    "told": "notified level",
    "unreserved": "not reserved",
}


def spoken(name: Words) -> str:
    """A name of the code in words, translated: `requested_on` is "Requested delivery date"."""
    return gettext(sentence(str(name)))


def translate_derived_names() -> None:
    """Make the names that Django derives from those of models and fields translatable, like those that are written."""
    for model in filter(is_ours, apps.get_models()):
        meta: Any = model._meta
        if "verbose_name_plural" not in meta.original_attrs:
            meta.verbose_name_plural = gettext_lazy(in_capitals(f"{meta.verbose_name_raw}s"))
        meta.verbose_name = gettext_lazy(in_capitals(meta.verbose_name_raw))
        for field in model._meta.get_fields():
            if isinstance(field, Field) and isinstance(field.verbose_name, str):
                field.verbose_name = gettext_lazy(_label(field.name, field.verbose_name))


def _label(name: str, own: str) -> str:
    """What a field is called: as its model says, unless Django derived that from the field's name."""
    return label(name) if own == name.replace("_", " ") else in_capitals(own)


def is_ours(model: type[Model]) -> bool:
    """Whether a model is this project's own."""
    return model.__module__.split(".")[0] in OURS


def sentence(name: str) -> str:
    """A name of the code in words, untranslated: `weight_g` is "Weight (g)"."""
    text = label(name)
    return text[:1].upper() + text[1:]


def label(name: str) -> str:
    """What a field is called by its name, untranslated: `is_active` is "active", `max_days` is "max (days)"."""
    if name in LABELS:
        return LABELS[name]
    text = name.replace("_", " ").removeprefix("is ")
    text = re.sub(r"(?<!\d)(?<!per) (g|kg|cm|km|ms|days)$", r" (\1)", text)
    return in_capitals(re.sub(r" percent$", " (%)", text))


def in_capitals(text: str) -> str:
    """A text with its abbreviations in capitals: "external id" is "external ID"."""
    return re.sub(ABBREVIATIONS, lambda found: found[1].upper() + found[2], text)
