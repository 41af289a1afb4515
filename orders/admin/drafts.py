"""The form of a draft order."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oms.backoffice.documents import VersionedForm
from orders.models import Address


class DraftForm(VersionedForm):
    """A draft, whose delivery address is one of the customer's; without a choice, their first."""

    ship_to = forms.ModelChoiceField(
        Address.objects.none(),
        label=_("delivery address"),
        required=False,
        empty_label=_("the customer's delivery address"),
        help_text=_("Another address of the customer can be chosen once the draft is saved."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        customers = {self.instance.customer_id, self._posted_customer()} - {None}
        choice: Any = self.fields.get("ship_to")
        if choice is None:
            return
        choice.queryset = Address.objects.filter(customer__in=customers, is_shipping=True).order_by(
            "pk"
        )
        if self.instance.customer_id:
            choice.help_text = ""
        kept = self.instance.ship_to
        self.initial["ship_to"] = next(
            (row.pk for row in choice.queryset if row.snapshot() == kept), None
        )
        if kept and self.initial["ship_to"] is None:
            choice.empty_label = _("the address as entered")

    def _posted_customer(self) -> int | None:
        text = str(self.data.get(self.add_prefix("customer"), "")) if self.is_bound else ""
        return int(text) if text.isdecimal() and len(text) < 19 else None

    def clean_ship_to(self) -> dict[str, str]:
        """The address's snapshot; none of another customer's."""
        chosen, customer = self.cleaned_data.get("ship_to"), self.cleaned_data.get("customer")
        if chosen is not None and chosen.customer_id == getattr(customer, "pk", None):
            return dict(chosen.snapshot())
        is_same = (
            self.instance.customer_id == getattr(customer, "pk", None)
            and self.initial["ship_to"] is None
        )
        return dict(self.instance.ship_to) if is_same else {}

    @property
    def changed_data(self) -> list[str]:
        """With the address where the customer is another."""
        names = list(super().changed_data)
        return [*names, "ship_to"] if "customer" in names and "ship_to" not in names else names
