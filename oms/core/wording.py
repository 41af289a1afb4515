"""What people read: texts in their language, and the names that the code gives things in words."""

import re
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

OURS = {"oms", "inventory", "orders", "fulfillment", "returns"}
Words = str | Promise  # a lazy one is translated when it is shown


def spoken(name: Words) -> str:
    """A name of the code in words, translated: `requested_on` is "Wanted on"."""
    return gettext(sentence(str(name)))


def translate_derived_names() -> None:
    """Make the names that Django derives from those of models and fields translatable, like those that are written."""
    for model in filter(is_ours, apps.get_models()):
        meta: Any = model._meta
        if "verbose_name_plural" not in meta.original_attrs:
            meta.verbose_name_plural = gettext_lazy(in_capitals(f"{meta.verbose_name_raw}s"))
        meta.verbose_name = gettext_lazy(in_capitals(meta.verbose_name_raw))
        for field in model._meta.get_fields():
            if hasattr(field, "verbose_name"):
                label = field.verbose_name
                field.verbose_name = (
                    gettext_lazy(in_capitals(label)) if isinstance(label, str) else label
                )


def is_ours(model: type[Model]) -> bool:
    """Whether a model is this project's own."""
    return model.__module__.split(".")[0] in OURS


def sentence(name: str) -> str:
    """A name of the code in words, untranslated: `weight_g` is "Weight (g)"."""
    text = in_capitals(re.sub(r" (g|kg|cm|km)$", r" (\1)", name.replace("_", " ")))
    return text[:1].upper() + text[1:]


def in_capitals(text: str) -> str:
    """A text with its abbreviations in capitals: "external id" is "external ID"."""
    return re.sub(
        r"\b(sku|id|sscc|vat|iban)(s?)\b", lambda found: found[1].upper() + found[2], text
    )
