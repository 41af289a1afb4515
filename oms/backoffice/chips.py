"""How statuses, shares and addresses look in lists and on pages."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

COLORS = {
    "canceled": "red",
    "rejected": "red",
    "failed": "red",
    "draft": "gray",
    "completed": "green",
    "delivered": "green",
    "settled": "green",
    "closed": "green",
    "captured": "green",
    "issued": "green",
}


def address_text(address: dict[str, str]) -> str:
    """An address on one line."""
    parts = ("name", "street", "postal_code", "city", "region", "country")
    return ", ".join(address[part] for part in parts if address.get(part))


def bar(done: int, of: int) -> SafeString:
    """How much of something is done, as a small bar with its numbers; a dash where there is nothing to do."""
    if not of:
        return SafeString("–")
    share = min(100, 100 * done // of)
    return format_html(
        '<span class="oms-bar" title="{} of {}"><span style="width: {}%"></span></span> {}/{}',
        done,
        of,
        share,
        done,
        of,
    )


def chips(document: Any, is_held: bool) -> SafeString:
    """The status as a colored chip, and beside it whether the document is on hold."""
    held = format_html(' <span class="oms-chip oms-red">{}</span>', _("on hold")) if is_held else ""
    return format_html("{}{}", chip(document), held)


def chip(document: Any) -> SafeString:
    """The status as a colored chip."""
    color = COLORS.get(document.status, "blue")
    return format_html(
        '<span class="oms-chip oms-{}">{}</span>', color, document.get_status_display()
    )
