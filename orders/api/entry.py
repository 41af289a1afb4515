"""From a program's request to an order's entry: codes become records, a bad one is named with its line."""

from typing import Any

from django.utils.translation import gettext as _

from oms.core import policy
from oms.core.models import User
from oms.rest.problems import Unknown
from orders.models import Address, Channel, Customer, Order
from orders.order_entry import Charge, Entry, Line
from orders.part_numbers import skus_of


def entry_of(data: dict[str, Any], user: User) -> Entry:
    """The entry that a valid request means. Raises Unknown for what does not exist or is not the caller's."""
    customer, channel = parties(data["customer"], data["channel"], user, "add")
    optional = {
        name: data[name]
        for name in (
            "customer_reference",
            "note",
            "requested_on",
            "discount_percent",
            "ship_to",
            "bill_to",
            "external_id",
            "ship_complete",
        )
        if name in data
    }
    if "ship_to_address" in data:
        optional["ship_to"] = _address(data, customer)
    charges = [Charge(**charge) for charge in data.get("charges", [])]
    return Entry(channel, customer, _lines(data["lines"], customer), charges, **optional)


def _address(data: dict[str, Any], customer: Customer) -> dict[str, str]:
    """The snapshot of a customer's address. Raises Unknown for one that is not theirs, or beside another address."""
    if "ship_to" in data:
        raise Unknown({"ship_to_address": [_("Give either ship_to or ship_to_address.")]})
    found = Address.objects.filter(
        customer=customer, pk=data["ship_to_address"], is_shipping=True
    ).first()
    if found is None:
        raise Unknown(
            {
                "ship_to_address": [
                    _(
                        "Customer %(customer)s has no delivery address %(id)s; read them in customers/%(customer)s/."
                    )
                    % {"customer": customer.code, "id": data["ship_to_address"]}
                ]
            }
        )
    return found.snapshot()


def customer_of(code: str, user: User) -> Customer:
    """An active customer of the caller by their code. Raises Unknown for one that is not there."""
    found = policy.scope(Customer, user).filter(code=code, is_active=True).first()
    if found is None:
        raise Unknown(
            {
                "customer": [
                    _("Customer %(code)r not found, or you don't have access.") % {"code": code}
                ]
            }
        )
    return found


def parties(
    customer_code: str, channel_code: str, user: User, right: str = "view"
) -> tuple[Customer, Channel]:
    """An active customer and a channel by their codes, of those that the caller may use for orders.

    Raises Unknown for each that is not there.
    """
    customer = (
        policy.choosable(Customer, user, right, Order)
        .select_related("price_list")
        .filter(code=customer_code, is_active=True)
        .first()
    )
    channel = (
        policy.choosable(Channel, user, right, Order)
        .select_related("company", "price_list")
        .filter(code=channel_code)
        .first()
    )
    if customer is None or channel is None:
        asked = (("customer", customer_code, customer), ("channel", channel_code, channel))
        raise Unknown(
            {
                name: [
                    _("%(name)s %(code)r not found, or you don't have access.")
                    % {"name": name, "code": code}
                ]
                for name, code, found in asked
                if found is None
            }
        )
    return customer, channel


def _lines(rows: list[dict[str, Any]], customer: Customer) -> list[Line]:
    skus = skus_of([row["sku"] for row in rows], customer)
    missing = {
        index: {"sku": [_("SKU %(sku)r not found.") % {"sku": row["sku"]}]}
        for index, row in enumerate(rows)
        if row["sku"] not in skus
    }
    if missing:
        raise Unknown({"lines": [missing.get(index, {}) for index in range(len(rows))]})
    return [Line(**{**row, "sku": skus[row["sku"]]}) for row in rows]
